#pragma once
// The engine's mind: records, verdicts, assignments and the time go in, actions come out. No I/O, no clock, no lock;
// one owner. What it promises:
//   - one job at a time per lane, lanes in parallel up to `slots`;
//   - an offset is committed only when it and all before it are finished;
//   - what is held in memory is capped: reaching a cap pauses partitions, never drops anything;
//   - a job that failed waits without holding up other lanes, and what comes for it meanwhile joins it;
//   - what has time and waits without having failed holds up nothing that is live in its lane, either;
//   - what fails for long is parked in a topic, for ever longer spans, and does not hold up its offset;
//   - a destination that is down is one matter, not many: nothing is started but a probe, and no attempt is spent.
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "common/core/time.hpp"
#include "common/kafka/record.hpp"
#include "common/pipeline/breaker.hpp"
#include "common/pipeline/lanes.hpp"
#include "common/pipeline/offset_ledger.hpp"
#include "common/pipeline/retry_policy.hpp"
#include "common/pipeline/verdict.hpp"

namespace hirewire::pipeline {

using JobId = std::uint64_t;

// All that waits of one group of one lane. Stays where it is, unchanged, while an attempt runs.
struct Job {
    JobId id = 0;
    Place place{};
    std::vector<Received> records{};
    int attempts = 0;  // begun since it was read, this one included
    int repeats = 0;   // waits that spent no attempt
    // Of its newest record, from the times before it was parked last.
    std::int64_t order = 0;
    int attempts_before = 0;
    int parked = 0;
    std::optional<Instant> failing_since{};
    int status = 0;      // the last attempt's answer, 0 = there was none
    bool probe = false;  // the one call that an open circuit lets through
    // Orders of records whose requests may have arrived in an attempt that failed.
    std::set<std::int64_t> unsure{};
    int untold_calls = 0;  // as the last attempt left them (Attempted::untold_calls)
};
// The record that speaks for the job: its newest, the first of several alike.
const Received& newest(const Job& job);

struct Start {
    JobId job = 0;
};
// Success is impossible, or was waited for long enough: write the dead letter, then report on_set_aside().
struct GiveUp {
    JobId job = 0;
    std::string reason{};
};
// Not soon: write it to the tier's topic, to come back after `delay`, then report on_set_aside().
struct Park {
    JobId job = 0;
    std::string tier{};
    Milliseconds delay{0};
    std::string reason{};
};
struct Commit {
    kafka::Partition partition{};
    kafka::Offset next = 0;
};
struct Pause {
    kafka::Partition partition{};
};
struct Resume {
    kafka::Partition partition{};
};
using Action = std::variant<Start, GiveUp, Park, Commit, Pause, Resume>;

// Why a partition is not read at the moment.
enum class Cap {
    shut,   // the destination takes nothing
    open,   // unfinished records of the partition
    span,   // offsets finished behind one that is not
    bytes,  // of what is unfinished
    lanes,
};
inline constexpr Cap all_caps[] = {Cap::shut, Cap::open, Cap::span, Cap::bytes, Cap::lanes};
std::string_view name_of(Cap cap);

struct Tier {
    std::string name{};
    Milliseconds delay{0};
};

struct CoreSettings {
    std::size_t slots = 32;
    std::size_t max_open_per_partition = 2'000;
    std::size_t max_span_per_partition = 100'000;
    std::size_t max_open_bytes = 32U << 20U;  // of all partitions together, in equal shares
    std::size_t max_lanes = 20'000;
    Milliseconds commit_interval{250};
    Milliseconds probe_interval{std::chrono::minutes{5}};  // while held
    RetrySettings retry{};
    BreakerSettings breaker{};
    // Where a job goes whose attempts are spent, one after the other, the last one again and again. None: it is given
    // up.
    std::vector<Tier> tiers{};
    Milliseconds give_up_after{std::chrono::hours{72}};  // from the first failure
};

class Core {
public:
    Core(CoreSettings settings, std::function<double()> random);

    void on_assigned(const std::vector<kafka::Partition>& partitions);
    // The reading of a partition begins at `offset`, and what lies before is made up for: nothing is committed until
    // on_made_up(), then `offset` at least.
    void on_begun(const kafka::Partition& partition, kafka::Offset offset, std::int64_t now_ms);
    void on_made_up(const kafka::Partition& partition);
    // Answers what is still to be committed of them. Running jobs go on; their offsets are forgotten.
    std::map<kafka::Partition, kafka::Offset> on_revoked(const std::vector<kafka::Partition>& partitions);
    void on_record(kafka::Record record, Place place, Past past = {});
    void on_verdict(JobId id, const Attempted& attempted, Instant now);
    // After GiveUp and Park: whether it is safely written.
    void on_set_aside(JobId id, bool written, Instant now);
    // Ends a hold: a changed secret, or the operator's word.
    void release_hold();
    // Nothing is started until resume(), by the operator's word; no probe ends it.
    void suspend() { suspended_ = true; }
    void resume() { suspended_ = false; }
    // No new starts from now on.
    void stop() { stopping_ = true; }

    std::vector<Action> next(Instant now);
    [[nodiscard]] std::optional<Instant> wake_at() const;

    [[nodiscard]] const Job& job(JobId id) const { return jobs_.at(id); }
    [[nodiscard]] std::size_t running() const { return running_; }
    [[nodiscard]] std::size_t open() const;
    [[nodiscard]] std::size_t open_bytes() const;
    [[nodiscard]] std::size_t lanes() const { return lanes_.lanes(); }
    // The most offsets remembered of one partition.
    [[nodiscard]] std::size_t longest_span() const;
    // Partitions that are not read because of it.
    [[nodiscard]] std::size_t paused(Cap cap) const;
    // The credential was refused. What was suspended is not held.
    [[nodiscard]] bool held() const { return held_; }
    [[nodiscard]] bool circuit_open() const { return breaker_.open(); }
    // Read and not due yet.
    [[nodiscard]] std::size_t parked() const { return parked_.size(); }
    // Another one for each time that the partition is assigned; nothing when it is not.
    [[nodiscard]] std::optional<std::uint64_t> epoch_of(const kafka::Partition& partition) const;
    [[nodiscard]] bool has_partitions() const { return !partitions_.empty(); }
    [[nodiscard]] std::optional<std::int64_t> oldest_open() const;
    // What may be committed now, for the end of a process.
    std::map<kafka::Partition, kafka::Offset> take_committable();

private:
    struct PartitionState {
        OffsetLedger ledger{};
        std::uint64_t epoch = 0;
        std::optional<Cap> paused{};
        std::optional<kafka::Offset> past{};  // stands for all that lies before where reading began
    };

    struct Parked {
        Place place{};
        Received received{};
    };

    void finish(JobId id);
    void settle(const Received& received);
    void repeat(JobId id, Milliseconds pause, Instant now);
    // Repeats what has not failed. If it has time, it has so until something live comes to its lane.
    void rest(JobId id, Milliseconds pause, Instant now);
    // To its lane. A rest of what has time there ends with what is live.
    void admit(Place place, Received received);
    // The job has met one failure more than may be met in a row.
    void set_aside(Job& job, const std::string& reason, Instant now);
    void give_up(const Job& job, const std::string& reason);
    void inform_breaker(const Job& job, const Attempted& attempted, Instant now);
    // What a received record settles in; nothing when its partition has been given up since.
    OffsetLedger* ledger_of(const Received& received);
    // Forgets the job's records that have been given up since: they are the next owner's. Without any left, the job
    // is finished.
    bool still_ours(JobId id);
    void start(JobId id, Instant now, std::vector<Action>& actions);
    void take_back_parked(Instant now);
    void start_due(Instant now, std::vector<Action>& actions);
    enum class Whose { live, all };
    void start_waiting(Instant now, std::vector<Action>& actions, Whose whose = Whose::all);
    // Whether a job, and all that waits behind it, is backfill.
    [[nodiscard]] bool has_time(JobId id) const;
    void watch_caps(std::vector<Action>& actions);
    [[nodiscard]] bool may_start(Instant now) const;
    // The cap that keeps the partition from being read.
    [[nodiscard]] std::optional<Cap> reached(const PartitionState& state) const;

    CoreSettings settings_;
    RetryPolicy policy_;
    Breaker breaker_;
    Lanes lanes_;
    std::map<kafka::Partition, PartitionState> partitions_;
    std::unordered_map<JobId, Job> jobs_;
    std::multimap<Instant, JobId> delayed_;
    // By lane: those of them that have time and have not failed.
    std::unordered_map<std::string, std::multimap<Instant, JobId>::iterator> resting_;
    std::multimap<Instant, Parked> parked_;
    std::vector<Action> to_set_aside_;
    JobId next_job_ = 1;
    std::uint64_t next_epoch_ = 1;
    std::size_t running_ = 0;
    Instant next_commit_{};
    bool commit_due_ = false;
    bool stopping_ = false;
    bool held_ = false;
    bool suspended_ = false;
    std::optional<Instant> not_before_{};  // for all
    JobId probe_ = 0;
    Instant next_probe_{};
    bool new_lanes_first_ = false;  // whose turn it is to be the circuit's probe
};

}  // namespace hirewire::pipeline
