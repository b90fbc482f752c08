#pragma once
// What the sandbox's Lever knows and how it moves: opportunities, people, postings and the vocabulary, as plain
// state. Knows neither HTTP nor a clock; each move is told the time and answers the events that Lever would announce.
#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tools/sandbox/moment.hpp"
#include "tools/sandbox/people.hpp"

namespace hirewire::sandbox {

// Where an opportunity may come from, in Lever's words and order.
inline constexpr std::array<std::string_view, 6> lever_origins{
    "applied", "sourced", "referred", "university", "internal", "agency"};
bool is_origin(std::string_view word);

struct Stage {
    std::string id{};
    std::string text{};
    std::string pipeline{};  // lead, applicant, screen, onsite, offer
    double rank = 0;
};

struct ArchiveReason {
    std::string id{};
    std::string text{};
    bool hired = false;
};

struct Posting {
    std::string id{};
    std::string text{};
    std::string state = "published";  // published, internal, closed, draft, pending, rejected
    std::string department{};
    std::string team{};
    std::string location{};
    std::string commitment{};
    std::string description = "What you will do.";
    bool external = true;
    bool confidential = false;
    Moment created_at = 0;
    Moment updated_at = 0;
    std::optional<Moment> deleted_at{};
};

// A person. Names, addresses and links belong to it and are shared by all its opportunities.
struct Contact {
    std::string id{};
    Person person{};
    std::vector<std::string> links{};
    bool anonymized = false;
    Moment last_move = 0;
};

struct Archived {
    std::string reason{};
    Moment at = 0;
};

struct StageChange {
    std::string stage{};
    Moment at = 0;
};

struct Application {
    std::string id{};
    std::string posting{};
    Moment created_at = 0;
    std::optional<Archived> archived{};  // keeps the first moment when archived again, as Lever's does
};

struct Offer {
    std::string id{};
    Moment created_at = 0;
    std::optional<Moment> start_date{};  // 00:00 UTC
};

struct Opportunity {
    std::string id{};
    std::string contact{};
    std::string stage{};
    std::string origin{};
    bool confidential = false;
    std::optional<Archived> archived{};
    std::vector<StageChange> stage_changes{};
    std::optional<Application> application{};
    std::optional<Offer> offer{};
    Moment created_at = 0;
    Moment updated_at = 0;
    Moment last_advanced_at = 0;
    std::optional<Moment> deleted_at{};
};

enum class EventKind { application_created, stage_change, archive_change, hired, deleted, contact_updated };

// One webhook's worth.
struct Event {
    EventKind kind = EventKind::stage_change;
    Moment at = 0;
    std::string opportunity{};
    std::string contact{};
    std::string origin{};  // of the opportunity; empty when the event is of none
    std::string application{};
    std::string from_stage{};
    std::string to_stage{};
    std::optional<Archived> from_archived{};
    std::optional<Archived> to_archived{};
};
using Events = std::vector<Event>;

struct ClusterLink {
    std::string job{};
    std::string candidate{};
};

struct NewOpportunity {
    std::string contact{};  // an existing one: a person's second opportunity; empty = a new person
    Person person{};        // of a new contact; what is empty is invented
    std::string stage{};
    std::string origin = "applied";
    std::optional<std::string> posting{};  // nothing = a lead without an application
    std::optional<ClusterLink> cluster{};
    bool confidential = false;
    Moment created_at = 0;
};

struct PersonChange {
    std::optional<std::string> name{};
    std::optional<std::string> email{};
    std::optional<std::string> phone{};
};

class LeverModel {
public:
    // With the stages, reasons and postings of a small company; their ids are the same in every sandbox.
    explicit LeverModel(Moment now);

    [[nodiscard]] const std::vector<Stage>& stages() const { return stages_; }
    [[nodiscard]] const std::vector<ArchiveReason>& reasons() const { return reasons_; }
    [[nodiscard]] const std::deque<Posting>& postings() const { return postings_; }
    [[nodiscard]] const std::deque<Opportunity>& opportunities() const { return opportunities_; }
    [[nodiscard]] const std::deque<Contact>& contacts() const { return contacts_; }
    // Everybody who ever was in here, under every name and address: what must not leak.
    [[nodiscard]] const std::vector<std::pair<std::string, Person>>& people() const { return people_; }

    // By id or by text. Null when unknown.
    [[nodiscard]] const Stage* stage(std::string_view id_or_text) const;
    [[nodiscard]] const ArchiveReason* reason(std::string_view id_or_text) const;
    [[nodiscard]] const ArchiveReason& hired_reason() const { return reasons_.front(); }
    // Null when unknown or deleted.
    [[nodiscard]] const Posting* posting(std::string_view id) const;
    [[nodiscard]] const Opportunity* opportunity(std::string_view id) const;
    // A deleted one, too.
    [[nodiscard]] const Opportunity* known_opportunity(std::string_view id) const;
    [[nodiscard]] const Contact* contact(std::string_view id) const;

    [[nodiscard]] bool is_hired(const Opportunity& opportunity) const;
    // The Cluster link on the person's record, as the URL that Cluster leaves there.
    static std::string cluster_url(const ClusterLink& link);

    // Moves. Every id has been looked up before. Two moves of one person never share a millisecond, so `now` is a
    // lower bound.
    const Opportunity& create(const NewOpportunity& what, Moment now, Events& events);
    Events enter_stage(const std::string& opportunity, const std::string& stage, Moment now);
    Events archive(const std::string& opportunity, const std::string& reason, Moment now);
    Events unarchive(const std::string& opportunity, Moment now);
    // A note or a tag: nothing moves, and Lever announces nothing.
    Moment touch(const std::string& opportunity, Moment now);
    // Makes or changes the signed offer. Lever announces nothing.
    void sign_offer(const std::string& opportunity, std::optional<Moment> start_date, Moment now);
    Events remove(const std::string& opportunity, Moment now);
    Events change_person(const std::string& contact, const PersonChange& change, Moment now);

    // Lever announces nothing of these.
    void anonymize(const std::string& contact, Moment now);
    const Posting& add_posting(Posting posting, Moment now);
    void change_posting(Posting changed, Moment now);
    void remove_posting(const std::string& id, Moment now);

private:
    Opportunity& at(const std::string& id) { return opportunities_[opportunity_index_.at(id)]; }
    Contact& contact_at(const std::string& id) { return contacts_[contact_index_.at(id)]; }
    Contact& add_contact(const Person& person);
    Moment next_move(const Opportunity& opportunity, Moment now);
    void touch_person(Contact& contact, Moment now);
    [[nodiscard]] static Event event_of(EventKind kind, const Opportunity& opportunity, Moment at);

    std::vector<Stage> stages_;
    std::vector<ArchiveReason> reasons_;
    std::deque<Posting> postings_;
    std::deque<Contact> contacts_;
    std::deque<Opportunity> opportunities_;
    std::unordered_map<std::string, std::size_t> posting_index_;
    std::unordered_map<std::string, std::size_t> contact_index_;
    std::unordered_map<std::string, std::size_t> opportunity_index_;
    std::vector<std::pair<std::string, Person>> people_;
};

}  // namespace hirewire::sandbox
