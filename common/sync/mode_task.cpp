#include "common/sync/mode_task.hpp"

#include <chrono>
#include <utility>

#include "common/log/log.hpp"
#include "common/sync/beginning.hpp"
#include "common/sync/mode.hpp"

namespace hirewire::sync {
namespace {

namespace asio = boost::asio;

// Settings change with a SIGHUP only, which ends the rest; this is for a look that failed.
constexpr std::chrono::hours between_looks{1};

}  // namespace

ModeTask::ModeTask(std::string destination, std::function<std::string()> standing, TakeSnapshot take)
    : destination_{std::move(destination)},
      key_{std::string{mode_kind} + "." + destination_},
      standing_{std::move(standing)},
      take_{std::move(take)} {}

asio::awaitable<void> ModeTask::run(TaskTools& tools) {
    if (stopping_) co_return;
    rounds_ = std::make_unique<runtime::Rounds>(tools.executor);
    const std::function<asio::awaitable<void>()> round = [this, &tools] { return look(tools); };
    co_await rounds_->run(round, between_looks, "mode.not_settled");
}

void ModeTask::hear(const v1::Run& run) {
    // Who leads knows better than an echo of what it wrote.
    if (rounds_ || run.run_id() != key_ || run.kind() != mode_kind) return;
    before_ = run.checkpoint();
}

void ModeTask::reload() {
    if (rounds_) rounds_->wake();
}

void ModeTask::stop() {
    stopping_ = true;
    if (rounds_) rounds_->stop();
}

asio::awaitable<void> ModeTask::look(TaskTools& tools) {
    std::string now = standing_();
    while (now != before_) {
        if (owes_snapshot(before_, now)) co_await hand_over(tools, before_);
        v1::Run run = tools.runs.begin(mode_kind, key_);
        run.set_destination(destination_);
        run.set_checkpoint(now);
        const runtime::Counts no_counts;
        co_await tools.runs.tell(std::move(run), v1::RUN_STATE_FINISHED, no_counts);
        before_ = std::move(now);
        // It may have been switched meanwhile.
        now = standing_();
    }
}

asio::awaitable<void> ModeTask::hand_over(TaskTools& tools, std::string before) {
    v1::Run run = tools.runs.begin(snapshot_kind);
    run.set_destination(destination_);
    std::int64_t opportunities = 0;
    if (take_) {
        opportunities = co_await take_(tools);
    } else {
        opportunities = co_await take_snapshot(tools);
    }
    log::info(
        "snapshot.taken",
        {{"destination", destination_}, {"opportunities", opportunities}, {"because_it_was", before}});
    // A daemon that waits for a snapshot, since Kafka has deleted what it did not read, goes on when it reads this.
    const runtime::Counts counts{{"opportunities", opportunities}};
    co_await tools.runs.tell(std::move(run), v1::RUN_STATE_FINISHED, counts);
}

asio::awaitable<std::int64_t> ModeTask::take_snapshot(TaskTools& tools) {
    if (!snapshot_) {
        snapshot_ = std::make_unique<Snapshot>(tools.executor, tools.kafka, tools.producer, destination_);
    }
    co_return co_await snapshot_->take();
}

}  // namespace hirewire::sync
