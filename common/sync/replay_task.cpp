#include "common/sync/replay_task.hpp"

#include <functional>
#include <utility>

#include "common/log/log.hpp"
#include "common/sync/replay_spec.hpp"

namespace hirewire::sync {
namespace {

namespace asio = boost::asio;

// What is asked for wakes it; this is for what failed in between.
constexpr Milliseconds look_interval{30'000};
constexpr Milliseconds between_checkpoints{2'000};
const std::string unreadable =
    "this daemon does not understand what is asked for; is it older than the command line?";

}  // namespace

runtime::Counts counts_of(const ReplayProgress& progress) {
    runtime::Counts counts;
    for (const auto& [outcome, count] : progress.outcomes) counts[outcome] = count;
    for (const auto& [effect, count] : progress.effects) counts[effect] = count;
    counts["found"] = progress.found;
    counts["sent"] = progress.sent;
    counts["calls"] = progress.calls;
    return counts;
}

asio::awaitable<void> ReplayTask::run(TaskTools& tools) {
    if (stopped_) co_return;
    tools_ = &tools;
    rounds_ = std::make_unique<runtime::Rounds>(tools.executor);
    replay_ = std::make_unique<Replay>(tools.executor, tools.kafka, tools.producer, tools.clock, tools.destination);
    const std::function<asio::awaitable<void>()> one = [this] { return round(); };
    co_await rounds_->run(one, look_interval, "replay.failed");
}

void ReplayTask::hear(const v1::Run& run) {
    book_.hear(run);
    if (current_ && replay_ && book_.wish(current_->run_id()) != ReplayBook::Wish::run) replay_->stop();
    if (rounds_ && run.kind() == replay_kind && run.state() == v1::RUN_STATE_ASKED) rounds_->wake();
}

void ReplayTask::stop() {
    stopped_ = true;
    if (replay_) replay_->stop();
    if (rounds_) rounds_->stop();
}

asio::awaitable<void> ReplayTask::round() {
    current_.reset();
    while (!stopped_) {
        auto next = book_.next();
        if (!next) break;
        co_await carry_out(std::move(*next));
    }
}

asio::awaitable<void> ReplayTask::carry_out(v1::Run run) {
    const runtime::Counts none;
    const auto spec = read_replay_spec(run.spec());
    if (!spec) {
        run.set_checkpoint(unreadable);
        log::warning("replay.refused", {{"run", run.run_id()}, {"reason", unreadable}});
        const auto failed = co_await tools_->runs.tell(std::move(run), v1::RUN_STATE_FAILED, none);
        book_.hear(failed);
        co_return;
    }
    auto terms = terms_of(*spec, run.run_id(), run.checkpoint());
    if (run.began_ms() == 0) run.set_began_ms(to_ms(tools_->clock.now()));
    // In the record of the start, so that whoever goes on with it finds all that is written from now on.
    if (run.checkpoint().empty()) run.set_checkpoint(replay_checkpoint(tools_->clock.now()));
    current_ = co_await tools_->runs.tell(std::move(run), v1::RUN_STATE_STARTED, none);
    told_.clear();
    told_at_ = tools_->clock.monotonic();
    // Somebody may have changed their mind while that was written.
    ReplayProgress progress;
    progress.checkpoint = current_->checkpoint();
    if (!stopped_ && book_.wish(current_->run_id()) == ReplayBook::Wish::run) {
        const Replay::Tell tell = [this](ReplayProgress p) { return note(std::move(p)); };
        progress = co_await replay_->run(std::move(terms), tell);
    }
    co_await end(std::move(progress));
    current_.reset();
}

asio::awaitable<void> ReplayTask::note(ReplayProgress progress) {
    if (progress.done) co_return;
    runtime::Counts counts = counts_of(progress);
    const bool due = tools_->clock.monotonic() - told_at_ >= between_checkpoints;
    if (!due || counts == told_) co_return;
    told_at_ = tools_->clock.monotonic();
    told_ = counts;
    v1::Run run = *current_;
    run.set_checkpoint(progress.checkpoint);
    run.clear_counts();
    auto told = co_await tools_->runs.tell(std::move(run), v1::RUN_STATE_CHECKPOINT, std::move(counts));
    current_ = std::move(told);
}

asio::awaitable<void> ReplayTask::end(ReplayProgress progress) {
    const auto wish = book_.wish(current_->run_id());
    // Of a process that ends: who leads next goes on with it. The same when it goes on after a short pause.
    if (!progress.done && wish == ReplayBook::Wish::run) co_return;
    const auto state = progress.done                     ? v1::RUN_STATE_FINISHED
                       : wish == ReplayBook::Wish::pause ? v1::RUN_STATE_PAUSED
                                                         : v1::RUN_STATE_CANCELLED;
    v1::Run run = *current_;
    run.set_checkpoint(state == v1::RUN_STATE_FINISHED ? std::string{} : progress.checkpoint);
    run.clear_counts();  // those of an earlier process
    runtime::Counts counts = counts_of(progress);
    const auto told = co_await tools_->runs.tell(std::move(run), state, std::move(counts));
    // It is heard from Kafka, too, but not before the next one is looked for.
    book_.hear(told);
}

}  // namespace hirewire::sync
