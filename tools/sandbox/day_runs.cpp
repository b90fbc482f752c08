#include "tools/sandbox/day_runs.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <stdexcept>
#include <utility>

#include "common/core/uuid.hpp"
#include "common/kafka/producer.hpp"
#include "hirewire/v1/run.pb.h"
#include "tools/sandbox/moment.hpp"

namespace hirewire::sandbox {

std::string ask_for_run(const kafka::Settings& kafka, const std::string& kind) {
    const auto now = wall_clock();
    v1::Run run;
    run.set_run_id(random_uuid());
    run.set_kind(kind);
    run.set_state(v1::RUN_STATE_ASKED);
    run.set_at_ms(now);
    kafka::Message message;
    message.topic = "hiring.runs";
    message.key = run.run_id();
    message.value = run.SerializeAsString();
    message.headers = kafka::cloud_event(
        random_uuid(), "hirewire:sandbox", "hirewire.run." + kind, iso_time(from_ms(now)), "application/protobuf");

    boost::asio::io_context context{1};
    const auto producer = kafka::make_producer(context.get_executor(), kafka);
    auto written = boost::asio::co_spawn(context, producer->write(std::move(message)), boost::asio::use_future);
    // The producer listens to its broker for ever, so the loop is left as soon as the answer is there.
    while (written.wait_for(Milliseconds{0}) != std::future_status::ready) context.run_one();
    const auto result = written.get();
    if (!result) throw std::runtime_error("hiring.runs cannot be written: " + result.error().message());
    return run.run_id();
}

}  // namespace hirewire::sandbox
