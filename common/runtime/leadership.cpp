#include "common/runtime/leadership.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/core/sleep.hpp"

namespace hirewire::runtime {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds session{10};  // a standby takes over so long after the leader's death

kafka::Settings member(kafka::Settings settings, const std::string& group, const Clock& clock) {
    settings.client_id = group + "-" + std::to_string(to_ms(clock.now()));
    settings.session_timeout = std::min<Milliseconds>(settings.session_timeout, session);
    return settings;
}

}  // namespace

Leadership::Leadership(
    asio::any_io_executor executor,
    kafka::Settings kafka,
    const std::string& group,
    const Clock& clock,
    Listener listener)
    : listener_{std::move(listener)},
      consumer_{kafka::make_consumer(
          std::move(executor),
          member(std::move(kafka), group, clock),
          group,
          std::vector<std::string>(1, "hiring.runs"))} {}

asio::awaitable<void> Leadership::run() {
    reading_ = true;
    while (!stopping_) {
        if (const auto event = consumer_->poll()) {
            take(*event);
        } else {
            co_await consumer_->ready();
        }
    }
    reading_ = false;
}

void Leadership::take(const kafka::Event& event) {
    if (const auto* assigned = std::get_if<kafka::Assigned>(&event)) {
        // Each rebalance revokes first; only what comes next says whose the partition is.
        const bool led = std::exchange(leads_, !assigned->partitions.empty());
        if (leads_ && !led) listener_.gained();
        if (led && !leads_) listener_.lost();
    } else if (const auto* record = std::get_if<kafka::Record>(&event)) {
        v1::Run run;
        const bool readable = record->value && run.ParseFromString(*record->value);
        if (readable && listener_.heard) listener_.heard(run);
        if (readable && listener_.asked && run.state() == v1::RUN_STATE_ASKED) listener_.asked(run);
        consumer_->commit(record->partition, record->offset + 1);
    }
}

asio::awaitable<void> Leadership::stop() {
    stopping_ = true;
    while (reading_) co_await sleep_for(Milliseconds{10});
    consumer_->close();
}

}  // namespace hirewire::runtime
