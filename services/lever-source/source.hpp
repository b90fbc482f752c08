#pragma once
// lever-source's work on one opportunity: read the hints, read Lever, ask diff(), emit. All that waits for one
// opportunity costs one read. Order of writing: hiring.changes acknowledged, hiring.opportunities acknowledged,
// Redis, commit; a crash in between repeats a record with the same id and version.
#include <boost/asio/awaitable.hpp>
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
    kafka::Settings kafka{};
};

class Source final : public pipeline::Handler {
public:
    Source(
        SourceSettings settings,
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

    // Fills the cache of last emitted changes from hiring.opportunities when Redis has been emptied. Blocks the loop
    // while it reads. False when Redis is away.
    boost::asio::awaitable<bool> restore_memory();

private:
    using Verdict = pipeline::Verdict;

    boost::asio::awaitable<Verdict> contact(const pipeline::Job& job);
    boost::asio::awaitable<Verdict> opportunity(std::string id, const pipeline::Job& job, Moment moment);
    boost::asio::awaitable<Verdict> not_there(std::string id, Error why, const v1::Change* last, Moment moment);
    // The last emitted change; nothing when there never was one.
    boost::asio::awaitable<Result<std::optional<v1::Change>>> recall(std::string id);
    boost::asio::awaitable<bool> read_memory_back();
    boost::asio::awaitable<Result<void>> emit(const std::vector<v1::Change>& changes, const Moment& moment);
    [[nodiscard]] Verdict verdict_on(const Error& error) const;
    void done(std::string_view what);

    SourceSettings settings_;
    lever::Api& api_;
    Library& library_;
    Reader& reader_;
    redis::Store& store_;
    kafka::Producer& producer_;
    const Clock& clock_;
    metrics::Registry& metrics_;
    bool restoring_ = false;
};

}  // namespace hirewire::source
