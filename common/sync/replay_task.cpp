#include "common/sync/replay_task.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <functional>
#include <stdexcept>
#include <utility>

#include "common/log/log.hpp"
#include "common/sync/replay_spec.hpp"

namespace hirewire::sync {
namespace {

namespace asio = boost::asio;

// What is asked for wakes it; this is for what failed in between.
constexpr Milliseconds look_interval{30'000};
constexpr Milliseconds between_checkpoints{2'000};
// Also when nothing has changed: who looks on takes half a minute without a word for a daemon that does not run.
constexpr Milliseconds between_signs{15'000};
const std::string unreadable =
    "this daemon does not understand what is asked for; is it older than the command line?";

v1::RunState state_of(bool done, ReplayBook::Wish wish) {
    if (done) return v1::RUN_STATE_FINISHED;
    if (wish == ReplayBook::Wish::run) return v1::RUN_STATE_ASKED;
    return wish == ReplayBook::Wish::pause ? v1::RUN_STATE_PAUSED : v1::RUN_STATE_CANCELLED;
}

bool is_word(v1::RunState state) {
    return state == v1::RUN_STATE_PAUSED || state == v1::RUN_STATE_ASKED;
}

std::int64_t reached(const ReplayProgress& progress) {
    std::int64_t sum = progress.sent;
    for (const auto& [outcome, count] : progress.outcomes) sum += count;
    return sum;
}

}  // namespace

runtime::Counts counts_of(const ReplayProgress& progress) {
    runtime::Counts counts;
    for (const auto& [outcome, count] : progress.outcomes) counts[outcome] = count;
    for (const auto& [effect, count] : progress.effects) counts[effect] = count;
    counts["found"] = progress.found;
    counts["overtaken"] = progress.overtaken;
    counts["sent"] = progress.sent;
    counts["calls"] = progress.calls;
    return counts;
}

bool is_outcome_count(std::string_view name) {
    constexpr std::array<std::string_view, 6> others{"calls", "created", "found", "overtaken", "sent", "updated"};
    return std::find(others.begin(), others.end(), name) == others.end();
}

asio::awaitable<void> ReplayTask::run(TaskTools& tools) {
    if (stopped_) co_return;
    tools_ = &tools;
    rounds_ = std::make_unique<runtime::Rounds>(tools.executor);
    if (make_) {
        replay_ = make_(tools);
    } else {
        replay_ =
            std::make_unique<Replay>(tools.executor, tools.kafka, tools.producer, tools.clock, tools.destination);
    }
    const std::function<asio::awaitable<void>()> one = [this] { return round(); };
    co_await rounds_->run(one, look_interval, "replay.failed");
}

void ReplayTask::hear(const v1::Run& run) {
    if (take_own_word(run.run_id(), run.state())) return;
    book_.hear(run);
    if (current_ && replay_ && book_.wish(current_->run_id()) != ReplayBook::Wish::run) replay_->stop();
    const bool asked = run.kind() == replay_kind && run.state() == v1::RUN_STATE_ASKED;
    if (rounds_ && asked && run.destination() == tools_->destination) rounds_->wake();
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
    seen_.reset();
    ReplayProgress progress;
    progress.checkpoint = current_->checkpoint();
    std::optional<std::string> failure;
    // Somebody may have changed their mind while that was written.
    if (!stopped_ && book_.wish(current_->run_id()) == ReplayBook::Wish::run) {
        const Replaying::Tell tell = [this](ReplayProgress p) { return note(std::move(p)); };
        try {
            progress = co_await replay_->run(std::move(terms), tell);
        } catch (const std::exception& e) {
            failure = e.what();
        }
    }
    if (failure) {
        co_await interrupted(std::move(*failure));
    } else {
        co_await end(std::move(progress));
    }
    current_.reset();
}

asio::awaitable<void> ReplayTask::note(ReplayProgress progress) {
    seen_ = progress;
    if (progress.done || book_.wish(current_->run_id()) != ReplayBook::Wish::run) co_return;
    runtime::Counts counts = counts_of(progress);
    const auto quiet = tools_->clock.monotonic() - told_at_;
    const bool due = quiet >= between_signs || (quiet >= between_checkpoints && counts != told_);
    if (!due) co_return;
    told_at_ = tools_->clock.monotonic();
    told_ = std::move(counts);
    co_await say(v1::RUN_STATE_CHECKPOINT, std::move(progress));
}

asio::awaitable<void> ReplayTask::interrupted(std::string reason) {
    // Who leads next tries it for itself.
    if (stopped_) co_return;
    const std::string id = current_->run_id();
    ReplayProgress last;
    last.checkpoint = current_->checkpoint();
    if (seen_) last = *seen_;
    if (book_.wish(id) == ReplayBook::Wish::run) {
        const bool given_up = book_.has_failed(id, reached(last), tools_->clock.monotonic());
        const auto began = read_replay_checkpoint(last.checkpoint).value_or(tools_->clock.now());
        ReplayProgress told = last;
        told.checkpoint = given_up ? reason : replay_checkpoint(began, reason);
        co_await say(given_up ? v1::RUN_STATE_FAILED : v1::RUN_STATE_CHECKPOINT, std::move(told));
        if (given_up) {
            log::warning("replay.given_up", {{"run", id}, {"reason", reason}});
            co_return;
        }
        if (book_.wish(id) == ReplayBook::Wish::run) throw std::runtime_error{reason};
    }
    // An operator's word comes before a failure, also one that came while that was written.
    co_await end(std::move(last));
}

asio::awaitable<void> ReplayTask::end(ReplayProgress progress) {
    const std::string id = current_->run_id();
    auto wish = book_.wish(id);
    // Of a process that ends: who leads next goes on with it. The same when it goes on after a short pause.
    if (!progress.done && wish == ReplayBook::Wish::run) co_return;
    // What stands last in hiring.runs is what is wished: a word that came while another was written is said again.
    while (true) {
        const auto state = state_of(progress.done, wish);
        ReplayProgress last = progress;
        co_await say(state, std::move(last));
        const auto wish_now = book_.wish(id);
        if (!is_word(state) || wish_now == wish) co_return;
        wish = wish_now;
    }
}

asio::awaitable<void> ReplayTask::say(v1::RunState state, ReplayProgress progress) {
    v1::Run run = *current_;
    run.set_checkpoint(state == v1::RUN_STATE_FINISHED ? std::string{} : progress.checkpoint);
    runtime::Counts counts{run.counts().begin(), run.counts().end()};
    if (seen_) {
        run.clear_counts();  // those of an earlier process
        counts = counts_of(progress);
    }
    const std::string id = run.run_id();
    if (is_word(state)) own_words_.emplace(id, state);
    try {
        auto told = co_await tools_->runs.tell(std::move(run), state, std::move(counts));
        current_ = std::move(told);
    } catch (const std::exception&) {
        take_own_word(id, state);
        throw;
    }
    // They are heard from Kafka, too, but not before the next run is looked for.
    if (!is_word(state)) book_.hear(*current_);
}

bool ReplayTask::take_own_word(const std::string& run_id, v1::RunState state) {
    const auto own = own_words_.find({run_id, state});
    if (own == own_words_.end()) return false;
    own_words_.erase(own);
    return true;
}

}  // namespace hirewire::sync
