#include "tools/hirewire/runs.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <stdexcept>

#include "common/core/time.hpp"
#include "common/core/uuid.hpp"
#include "common/kafka/producer.hpp"

namespace hirewire::cli {

void write_run(const kafka::Settings& kafka, const v1::Run& run) {
    const SystemClock clock;
    kafka::Message message;
    message.topic = "hiring.runs";
    message.key = run.run_id();
    message.value = run.SerializeAsString();
    message.headers = kafka::cloud_event(
        random_uuid(), "hirewire:cli", "hirewire.run." + run.kind(), iso_time(clock.now()), "application/protobuf");
    boost::asio::io_context context;
    const auto producer = kafka::make_producer(context.get_executor(), kafka);
    std::exception_ptr failure;
    Result<kafka::Written> written = kafka::make_error_code(kafka::Errc::unavailable);
    boost::asio::co_spawn(
        context, producer->write(std::move(message)), [&](std::exception_ptr f, Result<kafka::Written> result) {
            failure = f;
            written = result;
            context.stop();
        });
    context.run();
    if (failure) std::rethrow_exception(failure);
    if (!written) throw std::runtime_error{"hiring.runs cannot be written: " + written.error().message()};
}

}  // namespace hirewire::cli
