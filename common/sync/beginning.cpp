#include "common/sync/beginning.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "common/core/sleep.hpp"
#include "common/kafka/reader.hpp"
#include "common/log/log.hpp"
#include "hirewire/v1/run.pb.h"

namespace hirewire::sync {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds look_again{3'000};
constexpr std::chrono::minutes one_incident{10};

// Whether a snapshot for the destination was asked for and finished after `since`. Blocks the thread that it is
// spawned on.
asio::awaitable<bool> snapshot_finished(kafka::Settings settings, std::string destination, std::int64_t since_ms) {
    bool finished = false;
    const auto look = [&](const kafka::Record& record) {
        v1::Run run;
        if (!record.value || !run.ParseFromString(*record.value)) return;
        finished = finished || (run.kind() == snapshot_kind && run.destination() == destination &&
                                run.state() == v1::RUN_STATE_FINISHED && run.at_ms() > since_ms);
    };
    kafka::read_all(settings, "hiring.runs", look);
    co_return finished;
}

}  // namespace

Timestamp snapshot_counts_since(Timestamp now, Timestamp process_began) {
    return std::max(process_began - std::chrono::minutes{1}, now - std::chrono::hours{24});
}

Beginning::Beginning(
    asio::any_io_executor executor,
    kafka::Settings kafka,
    kafka::Producer& producer,
    const Clock& clock,
    std::string destination,
    Engine engine)
    : kafka_{kafka},
      clock_{clock},
      destination_{destination},
      engine_{std::move(engine)},
      snapshot_{std::move(executor), std::move(kafka), producer, std::move(destination)},
      process_began_{clock.now()} {}

asio::awaitable<void> Beginning::make_up_for_the_past(kafka::Begun begun) {
    const auto number = begun.partition.number;
    const auto opportunities = co_await snapshot_.take(number);
    log::info(
        "snapshot.taken",
        {{"destination", destination_}, {"partition", static_cast<int>(number)}, {"opportunities", opportunities}});
}

asio::awaitable<void> Beginning::await_snapshot(kafka::Expired expired) {
    const auto partition = expired.partition;
    // The partitions of a group go on one after the other, and change hands meanwhile: one snapshot does for all.
    if (!missing_since_) {
        missing_since_ = snapshot_counts_since(clock_.now(), process_began_);
    } else if (waiting_ == 0 && clock_.monotonic() - released_ > one_incident) {
        missing_since_ = clock_.now();
    }
    const auto since = to_ms(*missing_since_);
    log::error(
        "changes.missed",
        {{"destination", destination_},
         {"topic", partition.topic},
         {"partition", static_cast<int>(partition.number)},
         {"reason", "Kafka has deleted changes that were not read"},
         {"remedy", "hirewire snapshot --to " + destination_}});
    if (waiting_++ == 0) engine_.suspend();
    bool finished = false;
    const Instant began = clock_.monotonic();
    while (!finished) {
        // One of those who wait looks for all of them.
        const bool mine = clock_.monotonic() - looked_ >= look_again;
        if (mine) looked_ = clock_.monotonic();
        if (released_ > began) break;
        if (!mine) {
            co_await sleep_for(Milliseconds{500});
            continue;
        }
        try {
            finished = co_await asio::co_spawn(
                reading_, snapshot_finished(kafka_, destination_, since), asio::use_awaitable);
        } catch (const std::exception& e) {
            log::warning("runs.not_read", {{"reason", e.what()}});
        }
        if (!finished) co_await sleep_for(look_again);
    }
    released_ = clock_.monotonic();
    if (--waiting_ == 0) engine_.resume();
    log::info("changes.goes_on", {{"destination", destination_}, {"partition", static_cast<int>(partition.number)}});
}

}  // namespace hirewire::sync
