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

ModeTask::ModeTask(
    std::string destination,
    std::function<std::string()> standing,
    std::function<bool()> wants_postings,
    TakeSnapshot take)
    : destination_{std::move(destination)},
      key_{std::string{mode_kind} + "." + destination_},
      standing_{std::move(standing)},
      wants_postings_{std::move(wants_postings)},
      take_{std::move(take)} {}

asio::awaitable<void> ModeTask::run(TaskTools& tools) {
    if (stopping_) co_return;
    rounds_ = std::make_unique<runtime::Rounds>(tools.executor);
    const std::function<asio::awaitable<void>()> round = [this, &tools] { return look(tools); };
    co_await rounds_->run(round, between_looks, "mode.not_settled");
}

void ModeTask::hear(const v1::Run& run) {
    if (run.kind() == snapshot_kind && run.destination() == destination_) {
        if (run.state() != v1::RUN_STATE_ASKED) {
            asked_.erase(run.run_id());
            return;
        }
        asked_[run.run_id()] = run;
        if (rounds_) rounds_->wake();
        return;
    }
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
    // Its own share of an earlier one came to the process that asks while that was not live yet.
    const std::string asked_for = "asked for";
    if (!asked_.empty() && before_ == name_of(Mode::live)) co_await hand_over(tools, asked_for);
}

asio::awaitable<void> ModeTask::hand_over(TaskTools& tools, std::string because) {
    const auto asked = asked_;  // who asks from now on has not been heard by this one
    v1::Run run = tools.runs.begin(snapshot_kind);
    run.set_destination(destination_);
    const std::int64_t opportunities = co_await take_snapshot(tools, ReplaySource::opportunities);
    // A posting that was withdrawn meanwhile is told of by its own record alone, and that one has been read.
    std::int64_t postings = 0;
    if (wants_postings_()) postings = co_await take_snapshot(tools, ReplaySource::postings);
    log::info(
        "snapshot.taken",
        {{"destination", destination_},
         {"opportunities", opportunities},
         {"postings", postings},
         {"because_it_was", because}});
    // A daemon that waits for a snapshot, since Kafka has deleted what it did not read, goes on when it reads this.
    const runtime::Counts counts{{"opportunities", opportunities}, {"postings", postings}};
    co_await tools.runs.tell(std::move(run), v1::RUN_STATE_FINISHED, counts);
    for (const auto& entry : asked) {
        v1::Run answered = entry.second;
        co_await tools.runs.tell(std::move(answered), v1::RUN_STATE_FINISHED, counts);
        asked_.erase(entry.first);
    }
}

asio::awaitable<std::int64_t> ModeTask::take_snapshot(TaskTools& tools, ReplaySource source) {
    if (take_) co_return co_await take_(tools, source);
    if (!snapshot_) {
        snapshot_ = std::make_unique<Snapshot>(tools.executor, tools.kafka, tools.producer, destination_);
    }
    if (source == ReplaySource::postings) co_return co_await snapshot_->take_postings();
    co_return co_await snapshot_->take();
}

}  // namespace hirewire::sync
