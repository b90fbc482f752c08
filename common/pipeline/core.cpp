#include "common/pipeline/core.hpp"

#include <algorithm>
#include <utility>

#include "common/core/overloaded.hpp"

namespace hirewire::pipeline {

Core::Core(CoreSettings settings, std::function<double()> random)
    : settings_{settings}, policy_{settings.retry, std::move(random)} {}

void Core::on_assigned(const std::vector<kafka::Partition>& partitions) {
    for (const auto& partition : partitions) {
        PartitionState state;
        state.epoch = next_epoch_++;
        partitions_[partition] = std::move(state);
    }
}

std::map<kafka::Partition, kafka::Offset> Core::on_revoked(const std::vector<kafka::Partition>& partitions) {
    std::map<kafka::Partition, kafka::Offset> last;
    for (const auto& partition : partitions) {
        const auto found = partitions_.find(partition);
        if (found == partitions_.end()) continue;
        if (const auto next = found->second.ledger.take_committable()) last[partition] = *next;
        partitions_.erase(found);
    }
    lanes_.drop([this](const Received& r) { return ledger_of(r) == nullptr; });
    std::erase_if(delayed_, [this](const auto& entry) { return !still_ours(entry.second); });
    return last;
}

void Core::on_record(kafka::Record record, Place place) {
    const auto found = partitions_.find(record.partition);
    if (found == partitions_.end()) return;
    found->second.ledger.open(record.offset, record.timestamp_ms);
    Received received;
    received.epoch = found->second.epoch;
    received.record = std::move(record);
    lanes_.add(std::move(place), std::move(received));
}

void Core::on_verdict(JobId id, const Verdict& verdict, Instant now) {
    --running_;
    auto& job = jobs_.at(id);
    const auto give_up = [&](const std::string& reason) {
        ++running_;  // writing the dead letter takes a slot too
        given_up_.push_back({.job = id, .reason = reason});
    };
    const bool refused_credential = std::holds_alternative<Hold>(verdict);
    // Only the probe's own answer ends a hold: others began before it, or never asked.
    if (held_ && probe_ == id && !refused_credential && !std::holds_alternative<Wait>(verdict)) held_ = false;
    std::visit(
        overloaded{
            [&](const Done&) { finish(id); },
            [&](const Retry& v) {
                const auto pause = policy_.after(job.attempts, v.at_least);
                pause ? repeat(id, *pause, now) : give_up(v.reason);
            },
            [&](const NotYet& v) {
                const auto pause = policy_.after_not_yet(job.attempts);
                pause ? repeat(id, *pause, now) : give_up(v.reason);
            },
            [&](const Wait& v) {
                --job.attempts;
                repeat(id, policy_.pause(job.repeats++, v.at_least), now);
            },
            [&](const Refused& v) { give_up(v.reason); },
            [&](const Hold&) {
                --job.attempts;
                held_ = true;
                next_probe_ = now + settings_.probe_interval;
                repeat(id, Milliseconds{0}, now);
            }},
        verdict);
}

void Core::on_given_up(JobId id, bool written, Instant now) {
    --running_;
    if (written) {
        finish(id);
    } else {
        // The whole attempt again: by then it may even succeed.
        auto& job = jobs_.at(id);
        --job.attempts;
        repeat(id, policy_.pause(job.repeats++, Milliseconds{0}), now);
    }
}

void Core::release_hold() {
    held_ = false;
}

void Core::finish(JobId id) {
    auto& job = jobs_.at(id);
    for (const auto& received : job.records) {
        auto* ledger = ledger_of(received);
        if (ledger == nullptr) continue;
        ledger->settle(received.record.offset);
        commit_due_ = true;
    }
    const std::string lane = job.place.lane;
    jobs_.erase(id);
    lanes_.release(lane);
}

void Core::repeat(JobId id, Milliseconds pause, Instant now) {
    if (still_ours(id)) delayed_.emplace(now + pause, id);
}

OffsetLedger* Core::ledger_of(const Received& received) {
    const auto found = partitions_.find(received.record.partition);
    const bool ours = found != partitions_.end() && found->second.epoch == received.epoch;
    return ours ? &found->second.ledger : nullptr;
}

bool Core::still_ours(JobId id) {
    auto& records = jobs_.at(id).records;
    std::erase_if(records, [this](const Received& r) { return ledger_of(r) == nullptr; });
    if (!records.empty()) return true;
    finish(id);
    return false;
}

bool Core::may_start(Instant now) const {
    if (stopping_ || running_ >= settings_.slots) return false;
    return !held_ || (running_ == 0 && now >= next_probe_);
}

void Core::start(JobId id, Instant now, std::vector<Action>& actions) {
    auto& job = jobs_.at(id);
    auto more = lanes_.take_more(job.place);
    if (!more.empty()) {
        // There is news, so this is another request: it has all its attempts before it.
        job.attempts = 0;
        job.repeats = 0;
        for (auto& received : more) job.records.push_back(std::move(received));
    }
    ++job.attempts;
    ++running_;
    if (held_) {
        probe_ = id;
        next_probe_ = now + settings_.probe_interval;
    }
    actions.push_back(Start{.job = id});
}

void Core::start_due(Instant now, std::vector<Action>& actions) {
    while (!delayed_.empty() && delayed_.begin()->first <= now && may_start(now)) {
        const JobId id = delayed_.begin()->second;
        delayed_.erase(delayed_.begin());
        start(id, now, actions);
    }
}

void Core::start_waiting(Instant now, std::vector<Action>& actions) {
    while (may_start(now)) {
        // While held, a job that met the refusal is tried again. Any other is the probe only when those have all
        // gone with their partitions, or nothing would ever end the hold.
        if (held_ && !delayed_.empty()) return;
        auto batch = lanes_.start();
        if (!batch) return;
        Job job;
        job.id = next_job_++;
        job.place = std::move(batch->place);
        job.records = std::move(batch->records);
        const JobId id = job.id;
        jobs_.emplace(id, std::move(job));
        start(id, now, actions);
    }
}

void Core::watch_caps(std::vector<Action>& actions) {
    for (auto& [partition, state] : partitions_) {
        const auto open = state.ledger.open_count();
        // Pausing costs librdkafka milliseconds: with hysteresis, never per record.
        if (!state.paused && open >= settings_.max_open_per_partition) {
            state.paused = true;
            actions.push_back(Pause{.partition = partition});
        } else if (state.paused && open <= settings_.max_open_per_partition / 2) {
            state.paused = false;
            actions.push_back(Resume{.partition = partition});
        }
    }
}

std::vector<Action> Core::next(Instant now) {
    std::vector<Action> actions;
    for (auto& given_up : given_up_) actions.push_back(std::move(given_up));
    given_up_.clear();
    start_due(now, actions);
    start_waiting(now, actions);
    watch_caps(actions);
    if (commit_due_ && now >= next_commit_) {
        commit_due_ = false;
        next_commit_ = now + settings_.commit_interval;
        for (auto& [partition, next] : take_committable()) {
            actions.push_back(Commit{.partition = partition, .next = next});
        }
    }
    return actions;
}

std::optional<Instant> Core::wake_at() const {
    std::optional<Instant> wake;
    const auto earlier = [&wake](Instant t) { wake = wake ? std::min(*wake, t) : t; };
    if (commit_due_) earlier(next_commit_);
    if (!delayed_.empty() && !stopping_ && running_ < settings_.slots) {
        earlier(held_ ? std::max(next_probe_, delayed_.begin()->first) : delayed_.begin()->first);
    }
    if (held_ && delayed_.empty() && lanes_.waiting() > 0 && !stopping_ && running_ == 0) earlier(next_probe_);
    return wake;
}

std::map<kafka::Partition, kafka::Offset> Core::take_committable() {
    std::map<kafka::Partition, kafka::Offset> all;
    for (auto& [partition, state] : partitions_) {
        if (const auto next = state.ledger.take_committable()) all[partition] = *next;
    }
    return all;
}

std::size_t Core::open() const {
    std::size_t count = 0;
    for (const auto& [partition, state] : partitions_) count += state.ledger.open_count();
    return count;
}

std::size_t Core::paused() const {
    return static_cast<std::size_t>(
        std::count_if(partitions_.begin(), partitions_.end(), [](const auto& p) { return p.second.paused; }));
}

std::optional<std::int64_t> Core::oldest_open() const {
    std::optional<std::int64_t> oldest;
    for (const auto& [partition, state] : partitions_) {
        const auto t = state.ledger.oldest_open();
        if (t && (!oldest || *t < *oldest)) oldest = t;
    }
    return oldest;
}

}  // namespace hirewire::pipeline
