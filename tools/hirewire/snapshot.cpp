#include "tools/hirewire/snapshot.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <stdexcept>

#include "common/core/time.hpp"
#include "common/core/uuid.hpp"
#include "common/json/writer.hpp"
#include "common/kafka/producer.hpp"
#include "common/kafka/reader.hpp"
#include "common/sync/beginning.hpp"
#include "common/sync/snapshot.hpp"
#include "hirewire/v1/run.pb.h"
#include "tools/hirewire/runs.hpp"

namespace hirewire::cli {
namespace {

namespace asio = boost::asio;

asio::awaitable<std::int64_t> take(const SnapshotCommand& command, kafka::Producer& producer) {
    const auto executor = co_await asio::this_coro::executor;
    sync::Snapshot snapshot{executor, command.kafka, producer, command.destination};
    co_return co_await snapshot.take();
}

}  // namespace

int take_snapshot(const SnapshotCommand& command) {
    const std::string topic = "sync." + command.destination + ".replay";
    kafka::ReadTerms nothing;
    nothing.last = 0;
    kafka::read_all(
        command.kafka, topic, [](const kafka::Record&) {}, nothing);  // a misspelt destination throws

    const SystemClock clock;
    const auto began = to_ms(clock.now());
    asio::io_context context;
    const auto producer = kafka::make_producer(context.get_executor(), command.kafka);
    std::exception_ptr failure;
    std::int64_t opportunities = 0;
    asio::co_spawn(context, take(command, *producer), [&](std::exception_ptr f, std::int64_t n) {
        failure = f;
        opportunities = n;
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
    (*run.mutable_counts())["opportunities"] = opportunities;
    write_run(command.kafka, run);

    if (command.as_json) {
        json::Writer writer;
        writer.begin_object().member("destination", command.destination).member("opportunities", opportunities);
        std::printf("%s\n", writer.end_object().text().c_str());
    } else {
        std::printf(
            "The state of %lld opportunities is in %s; sync-%s works it off after all that is live.\n",
            static_cast<long long>(opportunities),
            topic.c_str(),
            command.destination.c_str());
    }
    return 0;
}

}  // namespace hirewire::cli
