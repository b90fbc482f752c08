#include "common/runtime/run_book.hpp"

#include <stdexcept>
#include <utility>

#include "common/core/uuid.hpp"
#include "common/log/log.hpp"

namespace hirewire::runtime {

namespace asio = boost::asio;

RunBook::RunBook(std::string account, kafka::Producer& producer, const Clock& clock)
    : account_{std::move(account)}, producer_{producer}, clock_{clock} {}

v1::Run RunBook::begin(std::string_view kind, std::string run_id) const {
    v1::Run run;
    run.set_run_id(run_id.empty() ? random_uuid() : std::move(run_id));
    run.set_kind(std::string{kind});
    run.set_began_ms(to_ms(clock_.now()));
    return run;
}

asio::awaitable<v1::Run> RunBook::tell(v1::Run run, v1::RunState state, Counts counts) {
    run.set_state(state);
    run.set_at_ms(to_ms(clock_.now()));
    for (const auto& [what, count] : counts) (*run.mutable_counts())[what] = count;
    if (state == v1::RUN_STATE_FINISHED || state == v1::RUN_STATE_CHECKPOINT) {
        std::string sums;
        for (const auto& [what, count] : counts) {
            sums += (sums.empty() ? "" : ", ") + std::to_string(count) + " " + what;
        }
        log::info(
            state == v1::RUN_STATE_FINISHED ? "run.finished" : "run.goes_on",
            {{"kind", run.kind()},
             {"run", run.run_id()},
             {"counts", sums},
             {"took_ms", run.at_ms() - run.began_ms()}});
    }
    kafka::Message message;
    message.topic = "hiring.runs";
    message.key = run.run_id();
    message.value = run.SerializeAsString();
    message.headers = kafka::cloud_event(
        random_uuid(),
        "hirewire:" + account_,
        "hirewire.run." + run.kind(),
        iso_time(clock_.now()),
        "application/protobuf");
    const auto written = co_await producer_.write(std::move(message));
    if (!written) throw std::runtime_error{"hiring.runs cannot be written: " + written.error().message()};
    co_return run;
}

}  // namespace hirewire::runtime
