#include "common/pipeline/core.hpp"

#include <algorithm>
#include <utility>

#include "common/core/overloaded.hpp"

namespace hirewire::pipeline {
namespace {

// What a record takes in memory beside its bytes: strings, maps and queues, seen with 1,000,000 of them.
constexpr std::size_t record_overhead = 600;

std::size_t bytes_of(const kafka::Record& record) {
    std::size_t bytes = record_overhead + record.key.size() + (record.value ? record.value->size() : 0);
    for (const auto& header : record.headers) bytes += header.name.size() + header.value.size();
    return bytes;
}

}  // namespace

const Received& newest(const Job& job) {
    return *std::max_element(
        job.records.begin(), job.records.end(), [](const auto& a, const auto& b) { return a.order < b.order; });
}

std::string_view name_of(Cap cap) {
    switch (cap) {
        case Cap::shut:
            return "shut";
        case Cap::open:
            return "open";
        case Cap::span:
            return "span";
        case Cap::bytes:
            return "bytes";
        case Cap::lanes:
            break;
    }
    return "lanes";
}

Core::Core(CoreSettings settings, std::function<double()> random)
    : settings_{std::move(settings)}, policy_{settings_.retry, std::move(random)}, breaker_{settings_.breaker} {}

void Core::on_assigned(const std::vector<kafka::Partition>& partitions) {
    for (const auto& partition : partitions) {
        PartitionState state;
        state.epoch = next_epoch_++;
        partitions_[partition] = std::move(state);
    }
}

void Core::on_begun(const kafka::Partition& partition, kafka::Offset offset, std::int64_t now_ms) {
    const auto found = partitions_.find(partition);
    if (found == partitions_.end()) return;
    found->second.past = offset - 1;
    found->second.ledger.open(offset - 1, now_ms, 0);
}

void Core::on_made_up(const kafka::Partition& partition) {
    const auto found = partitions_.find(partition);
    if (found == partitions_.end() || !found->second.past) return;
    found->second.ledger.settle(*std::exchange(found->second.past, std::nullopt));
    commit_due_ = true;
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
    std::erase_if(parked_, [this](const auto& entry) { return ledger_of(entry.second.received) == nullptr; });
    std::erase_if(delayed_, [this](const auto& entry) { return !still_ours(entry.second); });
    return last;
}

void Core::on_record(kafka::Record record, Place place, Past past) {
    const auto found = partitions_.find(record.partition);
    if (found == partitions_.end()) return;
    found->second.ledger.open(record.offset, record.timestamp_ms, bytes_of(record));
    Received received;
    received.epoch = found->second.epoch;
    received.record = std::move(record);
    received.order = place.order;
    received.past = past;
    if (past.due == Instant{}) {
        admit(std::move(place), std::move(received));
    } else {
        parked_.emplace(past.due, Parked{.place = std::move(place), .received = std::move(received)});
    }
}

void Core::admit(Place place, Received received) {
    const auto resting = place.backfill ? resting_.end() : resting_.find(place.lane);
    if (resting != resting_.end()) {
        const JobId id = resting->second->second;
        delayed_.erase(resting->second);
        resting_.erase(resting);
        delayed_.emplace(Instant{}, id);
    }
    lanes_.add(std::move(place), std::move(received));
}

void Core::inform_breaker(const Job& job, const Attempted& attempted, Instant now) {
    if (const auto* weather = std::get_if<Weather>(&attempted.verdict)) {
        breaker_.on_weather(job.probe, weather->at_least, now);
    } else if (attempted.answered) {
        breaker_.on_answered(job.probe, now);
    } else {
        breaker_.on_nothing(job.probe);
    }
}

void Core::on_verdict(JobId id, const Attempted& attempted, Instant now) {
    --running_;
    auto& job = jobs_.at(id);
    const auto& verdict = attempted.verdict;
    inform_breaker(job, attempted, now);
    job.probe = false;
    job.status = attempted.status;
    job.untold_calls = attempted.untold_calls;
    if (attempted.unsure) job.unsure.insert(*attempted.unsure);
    if (attempted.through) {
        std::erase_if(job.records, [&](const Received& received) {
            if (received.order > *attempted.through) return false;
            settle(received);
            return true;
        });
    }
    // Only the probe's own answer ends a hold: others began before it, or never asked. Weather says nothing of the
    // credential.
    const bool says_something = attempted.answered && !std::holds_alternative<Weather>(verdict);
    if (held_ && probe_ == id && says_something && !std::holds_alternative<Hold>(verdict)) held_ = false;
    const auto failed = [&](const std::string& reason, Milliseconds at_least) {
        if (!job.failing_since) job.failing_since = now;
        const auto pause = policy_.after(job.attempts, at_least);
        pause ? repeat(id, *pause, now) : set_aside(job, reason, now);
    };
    std::visit(
        overloaded{
            [&](const Done&) { finish(id); },
            [&](const Retry& v) { failed(v.reason, v.at_least); },
            [&](const Weather& v) {
                if (breaker_.open()) {
                    // The destination is down, which is nobody's fault. The breaker says when to go on.
                    --job.attempts;
                    repeat(id, Milliseconds{0}, now);
                } else {
                    failed(v.reason, v.at_least);
                }
            },
            [&](const NotYet& v) {
                if (!job.failing_since) job.failing_since = now;
                const auto pause = settings_.tiers.empty() ? policy_.after_not_yet(job.attempts) : std::nullopt;
                pause ? repeat(id, *pause, now) : set_aside(job, v.reason, now);
            },
            [&](const Wait& v) {
                --job.attempts;
                if (v.all) not_before_ = now + v.at_least;
                rest(id, policy_.pause(job.repeats++, v.at_least), now);
            },
            [&](const Refused& v) { give_up(job, v.reason); },
            [&](const Hold&) {
                --job.attempts;
                held_ = true;
                next_probe_ = now + settings_.probe_interval;
                repeat(id, Milliseconds{0}, now);
            }},
        verdict);
}

// What has been given up since is the next owner's to decide: two dead letters of one change would be one too many.
void Core::give_up(const Job& job, const std::string& reason) {
    if (!still_ours(job.id)) return;
    ++running_;  // writing takes a slot too
    to_set_aside_.emplace_back(GiveUp{.job = job.id, .reason = reason});
}

void Core::set_aside(Job& job, const std::string& reason, Instant now) {
    if (!still_ours(job.id)) return;
    const bool long_enough = job.failing_since && now - *job.failing_since >= settings_.give_up_after;
    if (settings_.tiers.empty() || long_enough) {
        give_up(job, reason);
        return;
    }
    ++running_;
    const auto last = settings_.tiers.size() - 1;
    const auto& tier = settings_.tiers[std::min(static_cast<std::size_t>(job.parked), last)];
    to_set_aside_.emplace_back(Park{.job = job.id, .tier = tier.name, .delay = tier.delay, .reason = reason});
}

void Core::on_set_aside(JobId id, bool written, Instant now) {
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
    for (const auto& received : job.records) settle(received);
    const std::string lane = job.place.lane;
    resting_.erase(lane);
    jobs_.erase(id);
    lanes_.release(lane);
}

void Core::settle(const Received& received) {
    auto* ledger = ledger_of(received);
    if (ledger == nullptr) return;
    ledger->settle(received.record.offset);
    commit_due_ = true;
}

void Core::repeat(JobId id, Milliseconds pause, Instant now) {
    if (still_ours(id)) delayed_.emplace(now + pause, id);
}

void Core::rest(JobId id, Milliseconds pause, Instant now) {
    if (!still_ours(id)) return;
    const auto& place = jobs_.at(id).place;
    // Something live may have come while it ran.
    const bool goes_on = place.backfill && lanes_.live_waits(place.lane);
    const auto at = delayed_.emplace(goes_on ? now : now + pause, id);
    if (place.backfill && !goes_on) resting_.insert_or_assign(place.lane, at);
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
    if (stopping_ || suspended_ || running_ >= settings_.slots || !breaker_.admits(now)) return false;
    if (not_before_ && now < *not_before_) return false;
    return !held_ || (running_ == 0 && now >= next_probe_);
}

void Core::start(JobId id, Instant now, std::vector<Action>& actions) {
    auto& job = jobs_.at(id);
    resting_.erase(job.place.lane);
    auto more = lanes_.take_more(job.place);
    bool news = job.attempts == 0 && job.repeats == 0;
    for (auto& received : more) {
        news = news || received.order >= job.order;
        job.records.push_back(std::move(received));
    }
    // Nor has it time when something live of another group waits until it is through.
    const bool news_behind = lanes_.live_waits(job.place.lane);
    job.place.backfill = !news_behind && std::all_of(job.records.begin(), job.records.end(), [](const Received& r) {
        return r.backfill;
    });
    if (news) {
        // Another request than the last one: it has all its attempts before it, and the past of its newest record.
        const Received& speaker = newest(job);
        job.order = speaker.order;
        job.attempts = 0;
        job.repeats = 0;
        job.attempts_before = speaker.past.attempts;
        job.parked = speaker.past.parked;
        job.failing_since = speaker.past.failing_since;
    }
    ++job.attempts;
    ++running_;
    job.probe = breaker_.begin();
    if (held_) {
        probe_ = id;
        next_probe_ = now + settings_.probe_interval;
    }
    actions.push_back(Start{.job = id});
}

void Core::take_back_parked(Instant now) {
    while (!parked_.empty() && parked_.begin()->first <= now) {
        auto node = parked_.extract(parked_.begin());
        admit(std::move(node.mapped().place), std::move(node.mapped().received));
    }
}

bool Core::has_time(JobId id) const {
    const auto& place = jobs_.at(id).place;
    return place.backfill && !lanes_.live_waits(place.lane);
}

// The repeats of a replay come after all that is live.
void Core::start_due(Instant now, std::vector<Action>& actions) {
    for (auto at = delayed_.begin(); at != delayed_.end() && at->first <= now && may_start(now);) {
        const JobId id = at->second;
        if (lanes_.runnable_live() > 0 && has_time(id)) {
            ++at;
            continue;
        }
        at = delayed_.erase(at);
        start(id, now, actions);
    }
}

void Core::start_waiting(Instant now, std::vector<Action>& actions, Whose whose) {
    while (may_start(now) && (whose == Whose::all || lanes_.runnable_live() > 0)) {
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

std::optional<Cap> Core::reached(const PartitionState& state) const {
    const OffsetLedger& ledger = state.ledger;
    // Nothing more is read for a destination that takes nothing, as long as there is somebody else to try it with
    // than those who failed: a few poisoned ones must not look like an outage for ever. One record is, so that its
    // age is known.
    const bool shut = suspended_ || ((held_ || breaker_.open()) && lanes_.runnable() > 0);
    if (shut && ledger.open_count() > 0) return Cap::shut;
    // Pausing costs librdkafka milliseconds: with hysteresis, never per record.
    const auto full = [&](Cap cap, std::size_t amount, std::size_t most) {
        return state.paused == cap ? amount > most / 2 : amount >= most;
    };
    if (full(Cap::open, ledger.open_count(), settings_.max_open_per_partition)) return Cap::open;
    if (full(Cap::span, ledger.span(), settings_.max_span_per_partition)) return Cap::span;
    // Each has its share: what waits for an hour in a retry topic must not take the others' room.
    if (full(Cap::bytes, ledger.open_bytes(), settings_.max_open_bytes / partitions_.size())) return Cap::bytes;
    if (full(Cap::lanes, lanes_.lanes(), settings_.max_lanes)) return Cap::lanes;
    return std::nullopt;
}

void Core::watch_caps(std::vector<Action>& actions) {
    for (auto& [partition, state] : partitions_) {
        const auto cap = reached(state);
        if (cap && !state.paused) actions.push_back(Pause{.partition = partition});
        if (!cap && state.paused) actions.push_back(Resume{.partition = partition});
        state.paused = cap;
    }
}

std::vector<Action> Core::next(Instant now) {
    std::vector<Action> actions;
    actions.swap(to_set_aside_);
    if (not_before_ && now >= *not_before_) not_before_.reset();
    take_back_parked(now);
    // The probes of a shut destination come in turn from those that failed before and from new lanes: were it always
    // the same few, they alone could keep it shut for all.
    const bool probe_due = (breaker_.open() || held_) && may_start(now);
    if (probe_due && new_lanes_first_) start_waiting(now, actions);
    start_due(now, actions);
    start_waiting(now, actions, Whose::live);
    start_due(now, actions);
    start_waiting(now, actions);
    if (probe_due && !may_start(now)) new_lanes_first_ = !new_lanes_first_;
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
    if (!parked_.empty()) earlier(parked_.begin()->first);
    if (stopping_ || suspended_ || running_ >= settings_.slots) return wake;
    // When something may be started that could not be started up to now.
    std::optional<Instant> start;
    if (!delayed_.empty()) start = delayed_.begin()->first;
    if ((held_ || breaker_.open() || not_before_) && lanes_.runnable() > 0) start = Instant{};
    if (!start) return wake;
    if (not_before_) start = std::max(*start, *not_before_);
    if (held_) {
        if (running_ > 0) return wake;
        start = std::max(*start, next_probe_);
    }
    if (breaker_.open()) {
        if (!breaker_.wake_at()) return wake;  // the probe's answer will come by itself
        start = std::max(*start, *breaker_.wake_at());
    }
    earlier(*start);
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

std::optional<std::uint64_t> Core::epoch_of(const kafka::Partition& partition) const {
    const auto found = partitions_.find(partition);
    if (found == partitions_.end()) return std::nullopt;
    return found->second.epoch;
}

std::size_t Core::open_bytes() const {
    std::size_t bytes = 0;
    for (const auto& [partition, state] : partitions_) bytes += state.ledger.open_bytes();
    return bytes;
}

std::size_t Core::longest_span() const {
    std::size_t longest = 0;
    for (const auto& [partition, state] : partitions_) longest = std::max(longest, state.ledger.span());
    return longest;
}

std::size_t Core::paused(Cap cap) const {
    return static_cast<std::size_t>(std::count_if(
        partitions_.begin(), partitions_.end(), [cap](const auto& p) { return p.second.paused == cap; }));
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
