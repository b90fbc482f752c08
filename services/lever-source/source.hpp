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

class Source final : public pipeline::Handler {
public:
    Source(
        SourceSettings settings,
        std::function<Emitted()> read_emitted,
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
    boost::asio::awaitable<Verdict> not_there(std::string id, Error why, const v1::Change* last, Moment moment);
    // The last emitted change; nothing when there never was one.
    boost::asio::awaitable<Result<std::optional<v1::Change>>> recall(std::string id);
    // Fills the cache from hiring.opportunities when Redis has been emptied; one at a time, for all who wait.
    boost::asio::awaitable<void> restore_memory();
    boost::asio::awaitable<void> read_memory_back();
    void forget(const std::string& id);
    boost::asio::awaitable<Result<void>> emit(const std::vector<v1::Change>& changes, const Moment& moment);
    [[nodiscard]] Verdict verdict_on(const Error& error) const;
    void done(std::string_view what);

    SourceSettings settings_;
    std::function<Emitted()> read_emitted_;
    lever::Api& api_;
    Library& library_;
    Reader& reader_;
    redis::Store& store_;
    kafka::Producer& producer_;
    const Clock& clock_;
    metrics::Registry& metrics_;
    std::shared_ptr<boost::asio::steady_timer> restoring_{};  // cancelled at the end of it
    boost::asio::thread_pool reading_{1};                     // reading Kafka whole blocks
};

}  // namespace hirewire::source
