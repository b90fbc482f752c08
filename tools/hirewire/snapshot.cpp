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

namespace hirewire::cli {
namespace {

namespace asio = boost::asio;

// A daemon that waits for this snapshot goes on when it reads that it is finished.
asio::awaitable<void> record_run(
    kafka::Producer& producer, std::string id, std::string destination, std::int64_t opportunities) {
    const SystemClock clock;
    v1::Run run;
    run.set_run_id(id);
    run.set_kind(sync::snapshot_kind);
    run.set_state(v1::RUN_STATE_FINISHED);
    run.set_at_ms(to_ms(clock.now()));
    run.set_destination(std::move(destination));
    (*run.mutable_counts())["opportunities"] = opportunities;
    kafka::Message message;
    message.topic = "hiring.runs";
    message.key = id;
    message.value = run.SerializeAsString();
    message.headers = kafka::cloud_event(
        random_uuid(), "hirewire:cli", "hirewire.run.finished", iso_time(clock.now()), "application/protobuf");
    const auto written = co_await producer.write(std::move(message));
    if (!written) throw std::runtime_error{"hiring.runs cannot be written: " + written.error().message()};
}

asio::awaitable<std::int64_t> run(const SnapshotCommand& command, kafka::Producer& producer) {
    const auto executor = co_await asio::this_coro::executor;
    sync::Snapshot snapshot{executor, command.kafka, producer, command.destination};
    const auto taken = co_await snapshot.take();
    co_await record_run(producer, random_uuid(), command.destination, taken);
    co_return taken;
}

}  // namespace

int take_snapshot(const SnapshotCommand& command) {
    const std::string topic = "sync." + command.destination + ".replay";
    kafka::ReadTerms nothing;
    nothing.last = 0;
    kafka::read_all(
        command.kafka, topic, [](const kafka::Record&) {}, nothing);  // a misspelt destination throws

    asio::io_context context;
    const auto producer = kafka::make_producer(context.get_executor(), command.kafka);
    std::exception_ptr failure;
    std::int64_t opportunities = 0;
    asio::co_spawn(context, run(command, *producer), [&](std::exception_ptr f, std::int64_t n) {
        failure = f;
        opportunities = n;
        context.stop();
    });
    context.run();
    if (failure) std::rethrow_exception(failure);
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
