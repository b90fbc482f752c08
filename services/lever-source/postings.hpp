#pragma once
// hiring.postings: what Lever publishes, and what not any more. Lever has no webhook for postings, so they are
// listed: all of them every few hours, what was updated or deleted every few minutes. Confidential ones are never
// written, and buried at once when one becomes so.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "common/core/time.hpp"
#include "common/crypto/hash.hpp"
#include "common/kafka/producer.hpp"
#include "common/kafka/settings.hpp"
#include "common/lever/api.hpp"
#include "common/metrics/registry.hpp"
#include "services/lever-source/library.hpp"
#include "services/lever-source/listing.hpp"
#include "services/lever-source/runs.hpp"

namespace hirewire::source {

struct PostingsSettings {
    std::string account = "main";
    Milliseconds interval{std::chrono::minutes{5}};  // between looks for what was updated or deleted
    Milliseconds overlap{std::chrono::minutes{5}};
    Milliseconds complete_interval{std::chrono::hours{6}};
};

// What hiring.postings holds: the SHA-256 of each posting's record.
using KnownPostings = std::map<std::string, crypto::Digest>;
struct PostingsSoFar {
    RunsSoFar runs{};
    KnownPostings known{};
};
// From hiring.runs and hiring.postings. Blocks; throws std::runtime_error when Kafka does not answer.
PostingsSoFar read_postings(const kafka::Settings& settings);

class Postings {
public:
    Postings(
        const boost::asio::any_io_executor& executor,
        PostingsSettings settings,
        std::function<PostingsSoFar()> read_so_far,
        lever::Api& api,
        Library& library,
        RunBook& book,
        kafka::Producer& producer,
        const Clock& clock,
        metrics::Registry& metrics);
    ~Postings();
    // Round after round, until stop(). To be spawned once.
    boost::asio::awaitable<void> run();
    // A complete listing at once. An asked run with `force` set may bury more than half.
    void ask(v1::Run run) { rounds_.ask(std::move(run)); }
    void stop() { rounds_.stop(); }

private:
    boost::asio::awaitable<void> round();
    boost::asio::awaitable<void> list_all(v1::Run run, Guard guard);
    // Whether the listing is implausible; then nothing is buried.
    boost::asio::awaitable<bool> list_and_bury(v1::Run run, Guard guard);
    boost::asio::awaitable<void> follow();
    // Page after page, each posting written that is not known so. Throws what ends it early as std::runtime_error.
    boost::asio::awaitable<std::set<std::string>> list(
        lever::Window window, lever::Priority priority, Counts& counts);
    boost::asio::awaitable<std::set<std::string>> deleted_since(std::int64_t since_ms);
    boost::asio::awaitable<void> put(const lever::Advert& advert, Counts& counts);
    // Lever calls it confidential or deleted, or two listings lacked it; the tombstone's header `hirewire-gone` says
    // which of the first two.
    enum class Gone { confidential, deleted, missed };
    boost::asio::awaitable<void> bury(std::string id, Gone why, Counts& counts);
    boost::asio::awaitable<void> write(kafka::Message message);
    [[nodiscard]] std::set<std::string> known_ids() const;

    PostingsSettings settings_;
    std::function<PostingsSoFar()> read_so_far_;
    lever::Api& api_;
    Library& library_;
    RunBook& book_;
    kafka::Producer& producer_;
    const Clock& clock_;
    metrics::Gauge implausible_;
    Rounds rounds_;
    PostingsSoFar so_far_{};
    std::int64_t followed_until_ms_ = 0;
    std::int64_t next_listing_ms_ = 0;
    std::string failed_run_{};
    bool read_ = false;
    boost::asio::thread_pool reading_{1};  // reading Kafka whole blocks
};

}  // namespace hirewire::source
