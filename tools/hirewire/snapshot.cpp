#include "tools/hirewire/snapshot.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <stdexcept>

#include "common/core/time.hpp"
#include "common/core/uuid.hpp"
#include "common/json/writer.hpp"
#include "common/kafka/probe.hpp"
#include "common/kafka/producer.hpp"
#include "common/kafka/topics.hpp"
#include "common/sync/beginning.hpp"
#include "common/sync/snapshot.hpp"
#include "hirewire/v1/run.pb.h"
#include "tools/hirewire/config_declared.hpp"
#include "tools/hirewire/place.hpp"
#include "tools/hirewire/runs.hpp"

namespace hirewire::cli {
namespace {

namespace asio = boost::asio;

struct Taken {
    std::int64_t opportunities = 0;
    std::int64_t postings = 0;
};

asio::awaitable<Taken> take(const SnapshotCommand& command, bool with_postings, kafka::Producer& producer) {
    const auto executor = co_await asio::this_coro::executor;
    sync::Snapshot snapshot{executor, command.kafka, producer, command.destination};
    Taken taken;
    taken.opportunities = co_await snapshot.take();
    if (with_postings) taken.postings = co_await snapshot.take_postings();
    co_return taken;
}

}  // namespace

int take_snapshot(const SnapshotCommand& command) {
    need_told_of_changes("--to", command.destination);
    const bool with_postings = wants_postings(command.destination, command.config_file);
    kafka::check_broker(command.kafka);
    need_destination(kafka::existing_topics(command.kafka), command.destination);
    if (!with_postings && command.config_file.empty()) {
        std::fprintf(
            stderr,
            "hirewire: without --config it is not known whether %s is told of postings: none are handed over\n",
            command.destination.c_str());
    }
    const std::string topic = "sync." + command.destination + ".replay";
    const SystemClock clock;
    const auto began = to_ms(clock.now());
    asio::io_context context;
    const auto producer = kafka::make_producer(context.get_executor(), command.kafka);
    std::exception_ptr failure;
    Taken taken;
    asio::co_spawn(context, take(command, with_postings, *producer), [&](std::exception_ptr f, Taken n) {
        failure = f;
        taken = n;
        context.stop();
    });
    context.run();
    if (failure) std::rethrow_exception(failure);

    // A daemon that waits for this snapshot goes on when it reads that it is finished.
    v1::Run run;
    run.set_run_id(random_uuid());
    run.set_kind(sync::snapshot_kind);
    run.set_state(v1::RUN_STATE_FINISHED);
    run.set_began_ms(began);
    run.set_at_ms(to_ms(clock.now()));
    run.set_destination(command.destination);
    (*run.mutable_counts())["opportunities"] = taken.opportunities;
    (*run.mutable_counts())["postings"] = taken.postings;
    write_run(command.kafka, run);

    if (command.as_json) {
        json::Writer writer;
        writer.begin_object().member("destination", command.destination);
        writer.member("opportunities", taken.opportunities).member("postings", taken.postings);
        std::printf("%s\n", writer.end_object().text().c_str());
    } else {
        const std::string postings = with_postings ? " and " + std::to_string(taken.postings) + " postings" : "";
        std::printf(
            "The state of %lld opportunities%s is in %s; sync-%s works it off after all that is live.\n",
            static_cast<long long>(taken.opportunities),
            postings.c_str(),
            topic.c_str(),
            command.destination.c_str());
    }
    return 0;
}

}  // namespace hirewire::cli
