#pragma once
// What lever-source has read of Lever a moment ago: the vocabulary, postings, what was deleted, people. Memory only,
// bounded, forgotten soon; people above all. Who wants what somebody else is fetching waits for that.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/core/time.hpp"
#include "common/lever/api.hpp"

namespace hirewire::source {

// A person with what only an offer tells.
struct KnownPerson {
    lever::Person person{};
    std::string start_date{};
    std::int64_t hired_at_ms = 0;
    std::string contact_id{};
    Timestamp read_at{};
};

struct KnownPosting {
    std::optional<lever::Posting> posting{};  // nothing when Lever does not show it
    Timestamp read_at{};
};

class Library {
public:
    struct Lifetimes {
        Milliseconds posting{std::chrono::minutes{5}};
        Milliseconds listed_posting{
            std::chrono::hours{7}};  // what changes of it is told by keep() and forget_posting()
        Milliseconds person{std::chrono::minutes{1}};
        Milliseconds vocabulary{std::chrono::minutes{10}};  // stages are renamed
        Milliseconds unknown{5'000};                        // between two looks for an id that Lever does not list
    };
    Library(lever::Api& api, const Clock& clock, Lifetimes lifetimes, std::string start_date_field);

    using Words = std::shared_ptr<const lever::Vocabulary>;
    // Fetched anew, within reason, when the opportunity has a stage or reason that is not in it.
    boost::asio::awaitable<Result<Words>> vocabulary(const lever::Opportunity& opportunity, lever::Priority priority);
    boost::asio::awaitable<Result<Words>> vocabulary(lever::Priority priority);
    // Where the stages stand; empty where Lever does not tell.
    boost::asio::awaitable<Result<lever::StagePlaces>> stage_places(lever::Priority priority);

    boost::asio::awaitable<Result<KnownPosting>> posting(std::string id, lever::Priority priority);
    // What a listing has shown.
    void keep(const lever::Posting& posting);
    void forget_posting(const std::string& id) { postings_.erase(id); }

    // Nothing when Lever does not show the offers.
    boost::asio::awaitable<Result<std::optional<std::string>>> start_date(
        std::string opportunity_id, lever::Priority priority);

    // When Lever deleted the opportunity, as its list was at some time after `told_ms`; nothing when it is not in it,
    // or when this key may not see the list.
    boost::asio::awaitable<Result<std::optional<Timestamp>>> deleted_at(
        std::string opportunity_id, std::int64_t told_ms, lever::Priority priority);
    // What Lever has deleted since, and remembers it.
    boost::asio::awaitable<Result<std::map<std::string, Timestamp>>> deleted_since(
        Timestamp since, lever::Priority priority);
    // Without asking.
    [[nodiscard]] std::optional<Timestamp> known_as_deleted(const std::string& opportunity_id) const;

    // Unless it was read before forget().
    void remember(const std::string& opportunity_id, KnownPerson person);
    void forget(const std::string& opportunity_id);
    [[nodiscard]] std::optional<KnownPerson> person(const std::string& opportunity_id) const;

    // Drops what has run out. To be called every minute or so.
    void purge();

private:
    struct CachedPosting {
        KnownPosting known{};
        Instant until{};
    };
    struct CachedPerson {
        KnownPerson person{};
        Instant until{};
    };
    struct Fetching {
        explicit Fetching(const boost::asio::any_io_executor& executor, lever::Priority p)
            : over{executor, Instant::max()}, priority{p} {}
        boost::asio::steady_timer over;  // cancelled at the end
        lever::Priority priority;
        Error failure{};
    };
    // One fetch of a thing, over at the end of its scope.
    class Turn;
    using Fetches = std::map<std::string, std::shared_ptr<Fetching>>;
    // Nothing after the end of somebody else's fetch that is at least as urgent; its failure is ours.
    boost::asio::awaitable<Result<std::shared_ptr<Fetching>>> take_turn(std::string what, lever::Priority priority);
    boost::asio::awaitable<Result<Words>> vocabulary_since(Instant since, lever::Priority priority);

    lever::Api& api_;
    const Clock& clock_;
    Lifetimes lifetimes_;
    std::string start_date_field_;
    Words vocabulary_{};
    Instant vocabulary_at_{};
    lever::StagePlaces places_{};
    Instant places_until_{};
    std::map<std::string, CachedPosting> postings_;
    std::map<std::string, CachedPerson> people_;
    std::map<std::string, Timestamp> forgotten_;  // people, and when
    std::map<std::string, Timestamp> deleted_;    // of the last thirty days
    Timestamp deleted_until_{};                   // what was deleted before is in it
    bool deletions_hidden_ = false;               // this key may not see them
    Instant deletions_again_{};                   // when that is tried again
    Fetches fetches_;
};

}  // namespace hirewire::source
