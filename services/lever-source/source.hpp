#pragma once
// lever-source's work on one opportunity: read the hints, read Lever, ask diff(), emit. All that waits for one
// opportunity costs one read. Order of writing: hiring.changes acknowledged, hiring.opportunities acknowledged,
// Redis, commit; a crash in between repeats a record with the same id and version.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/kafka/producer.hpp"
#include "common/kafka/settings.hpp"
#include "common/metrics/registry.hpp"
#include "common/pipeline/engine.hpp"
#include "common/redis/store.hpp"
#include "services/lever-source/diff.hpp"
#include "services/lever-source/library.hpp"
#include "services/lever-source/reader.hpp"

namespace hirewire::source {

struct SourceSettings {
    std::string account = "main";
    std::string cluster_link_prefix{};
};

// The last emitted change of every opportunity, as bytes.
using Emitted = std::map<std::string, std::string>;
// From hiring.opportunities. Blocks; throws std::runtime_error when Kafka does not answer.
Emitted read_emitted(const kafka::Settings& settings);
// The newest change of each opportunity among the last ones of hiring.changes. Likewise.
Emitted read_tail(const kafka::Settings& settings);

struct Topics {
    std::function<Emitted()> emitted{};
    std::function<Emitted()> tail{};
};

class Source final : public pipeline::Handler {
public:
    Source(
        SourceSettings settings,
        Topics topics,
        lever::Api& api,
        Library& library,
        Reader& reader,
        redis::Store& store,
        kafka::Producer& producer,
        const Clock& clock,
        metrics::Registry& metrics);

    // The topics whose records are hints for us.
    static std::vector<std::string> topics();

    pipeline::Place place(const kafka::Record& record) override;
    boost::asio::awaitable<pipeline::Attempted> attempt(const pipeline::Job& job) override;
    boost::asio::awaitable<bool> give_up(const pipeline::Job& job, std::string reason) override;

    // Puts the job's hints aside in lever.sweeps, to be looked at again.
    boost::asio::awaitable<bool> park(const pipeline::Job& job, pipeline::Park park) override;
    // Takes over from who emitted before: what is in hiring.changes and not yet in hiring.opportunities is brought
    // there, so that the next look begins at what was really emitted last. To be called before any attempt; fails
    // when Redis or Kafka is away.
    boost::asio::awaitable<Result<void>> take_over();
    // How long a hint rests that Lever's API has not caught up with, one after the other; then it is left to the
    // sweep.
    static std::vector<pipeline::Tier> rests();

private:
    using Verdict = pipeline::Verdict;

    boost::asio::awaitable<Verdict> contact(const pipeline::Job& job);
    boost::asio::awaitable<Verdict> opportunity(std::string id, Moment moment, int parked);
    boost::asio::awaitable<Result<std::string>> start_date(
        std::string id,
        const lever::Opportunity& o,
        const v1::Change* last,
        const Moment& moment,
        lever::Priority priority);
    boost::asio::awaitable<Verdict> not_there(
        std::string id, Error why, const v1::Change* last, Moment moment, int parked);
    // The last emitted change; nothing when there never was one.
    boost::asio::awaitable<Result<std::optional<v1::Change>>> recall(std::string id);
    // Fills the cache from hiring.opportunities when Redis has been emptied; one at a time, for all who wait.
    boost::asio::awaitable<void> restore_memory();
    boost::asio::awaitable<void> read_memory_back();
    void forget(const std::string& id);
    boost::asio::awaitable<Result<void>> emit(const std::vector<v1::Change>& changes, const Moment& moment);
    // The rest of an emission: what is in hiring.changes becomes the last emitted change.
    boost::asio::awaitable<Result<void>> settle(v1::Change newest, std::string traceparent);
    // On what the opportunity's own reading failed with, and on what all readings need.
    [[nodiscard]] static Verdict verdict_on(const Error& error);
    [[nodiscard]] static Verdict verdict_on_shared(const Error& error);
    void done(std::string_view what);

    SourceSettings settings_;
    Topics topics_;
    lever::Api& api_;
    Library& library_;
    Reader& reader_;
    redis::Store& store_;
    kafka::Producer& producer_;
    const Clock& clock_;
    metrics::Registry& metrics_;
    std::map<std::string, v1::Change> ahead_;                 // in hiring.changes, and not settled
    std::shared_ptr<boost::asio::steady_timer> restoring_{};  // cancelled at the end of it
    Instant restore_again_{};                                 // after one that failed
    boost::asio::thread_pool reading_{1};                     // reading Kafka whole blocks
};

}  // namespace hirewire::source
