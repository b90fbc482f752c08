#pragma once
// What Hirewire reads of Lever's state, as values, and how it is read out of Lever's JSON. Fields that Lever may
// leave out or send as null have an empty default. Names, addresses and numbers are only in Person.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/core/time.hpp"
#include "common/json/value.hpp"

namespace hirewire::lever {

struct StageChange {
    std::string stage_id{};
    std::int64_t at_ms = 0;
    friend bool operator==(const StageChange&, const StageChange&) = default;
};

struct Archived {
    std::string reason_id{};
    std::int64_t at_ms = 0;
    friend bool operator==(const Archived&, const Archived&) = default;
};

struct Application {
    std::string id{};
    std::string posting_id{};
    std::int64_t created_at_ms = 0;
};

struct Opportunity {
    std::string id{};
    std::string contact_id{};
    std::string stage_id{};
    std::optional<Archived> archived{};
    std::vector<StageChange> stage_changes{};  // in order of time
    std::optional<Application> application{};
    std::string origin{};
    std::vector<std::string> links{};
    std::int64_t created_at_ms = 0;
    std::int64_t updated_at_ms = 0;  // 0 on old records
    bool confidential = false;
    bool anonymized = false;
};

// Asked for at the moment of an attempt; in no topic, no log, no lasting cache.
struct Person {
    std::string name{};
    std::vector<std::string> emails{};
    std::vector<std::string> phones{};
    std::string location{};
    std::string headline{};
};

struct Stage {
    std::string id{};
    std::string name{};
};

// Where a stage stands, of /disposition_stages.
struct StagePlace {
    std::string pipeline{};  // lead, applicant, screen, onsite, offer
    double rank = 0;         // orders the stages
};
using StagePlaces = std::map<std::string, StagePlace>;  // by the stage's id

struct ArchiveReason {
    std::string id{};
    std::string name{};
    bool hired = false;  // by Lever's `type`, never by the name
};

struct Vocabulary {
    Timestamp read_at{};
    std::map<std::string, Stage> stages{};
    std::map<std::string, ArchiveReason> archive_reasons{};
};

struct Posting {
    std::string id{};
    std::string title{};
    std::string department{};
    std::string location{};
    std::string state{};
    bool external = false;  // distributed to the public job site
    bool confidential = false;
};

// A posting with what is shown to the public.
struct Advert {
    Posting posting{};
    std::string description_html{};
    std::string url{};  // empty for a draft
    std::int64_t created_at_ms = 0;
    std::int64_t updated_at_ms = 0;
};

struct Offer {
    std::string id{};
    std::string status{};
    std::int64_t created_at_ms = 0;
    std::map<std::string, std::int64_t> dates{};  // field identifier -> epoch ms, of the fields that hold numbers
};

// Each answers nothing when what cannot be done without (an id, a whole mark of archiving) is not there.
std::optional<Opportunity> read_opportunity(const json::Value& data);
Person read_person(const json::Value& opportunity_data);
std::optional<Stage> read_stage(const json::Value& data);
StagePlaces read_stage_places(const json::Value& disposition);
std::optional<ArchiveReason> read_archive_reason(const json::Value& data);
std::optional<Posting> read_posting(const json::Value& data);
std::optional<Advert> read_advert(const json::Value& posting_data);
std::optional<Offer> read_offer(const json::Value& data);

// The hire's start date: the configured field of the newest signed offer, else of the newest sent one, else of the
// newest approved one. Epoch ms at 00:00 UTC read as a calendar date; "" when there is none.
std::string start_date(const std::vector<Offer>& offers, const std::string& field);

}  // namespace hirewire::lever
