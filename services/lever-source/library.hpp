#pragma once
// What lever-source has read of Lever a moment ago: the vocabulary, postings, people. Memory only, bounded, forgotten
// soon; people above all.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
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

class Library {
public:
    struct Lifetimes {
        Milliseconds posting{std::chrono::minutes{5}};
        Milliseconds person{std::chrono::minutes{1}};
        Milliseconds vocabulary{std::chrono::minutes{10}};  // stages are renamed
        Milliseconds unknown{5'000};                        // between two looks for an id that Lever does not list
    };
    Library(lever::Api& api, const Clock& clock, Lifetimes lifetimes, std::string start_date_field);

    // Fetched anew, within reason, when the opportunity has a stage or reason that is not in it.
    boost::asio::awaitable<Result<const lever::Vocabulary*>> vocabulary(
        const lever::Opportunity& opportunity, lever::Priority priority);
    boost::asio::awaitable<Result<const lever::Vocabulary*>> vocabulary(lever::Priority priority);
    // Nothing when Lever does not show the posting.
    boost::asio::awaitable<Result<std::optional<lever::Posting>>> posting(std::string id, lever::Priority priority);
    boost::asio::awaitable<Result<std::string>> start_date(std::string opportunity_id, lever::Priority priority);

    void remember(const std::string& opportunity_id, KnownPerson person);
    void forget(const std::string& opportunity_id);
    [[nodiscard]] std::optional<KnownPerson> person(const std::string& opportunity_id) const;

private:
    struct CachedPosting {
        std::optional<lever::Posting> posting{};
        Instant until{};
    };
    struct CachedPerson {
        KnownPerson person{};
        Instant until{};
    };
    // One call for all who want the same: true when it is ours to make, false after the end of somebody else's.
    boost::asio::awaitable<bool> begin_fetch(std::string what);
    boost::asio::awaitable<Result<const lever::Vocabulary*>> vocabulary_since(
        Instant since, lever::Priority priority);

    lever::Api& api_;
    const Clock& clock_;
    Lifetimes lifetimes_;
    std::string start_date_field_;
    std::optional<lever::Vocabulary> vocabulary_;
    Instant vocabulary_at_{};
    std::map<std::string, std::shared_ptr<boost::asio::steady_timer>> fetching_;  // cancelled at their ends
    std::map<std::string, CachedPosting> postings_;
    std::map<std::string, CachedPerson> people_;
};

}  // namespace hirewire::source
