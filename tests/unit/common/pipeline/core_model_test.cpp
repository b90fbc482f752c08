// The core against a simple model: random records, verdicts, revocations and time, tens of thousands of steps.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "common/core/overloaded.hpp"
#include "common/pipeline/core.hpp"
#include "tests/support/seed.hpp"

using namespace hirewire;
using namespace hirewire::pipeline;

namespace {

constexpr std::size_t slots = 5;
constexpr std::size_t cap = 40;

CoreSettings settings() {
    CoreSettings s;
    s.slots = slots;
    s.max_open_per_partition = cap;
    s.retry.max_attempts = 3;
    s.probe_interval = Milliseconds{2'000};
    s.tiers = {{.name = "soon", .delay = Milliseconds{1'000}}, {.name = "late", .delay = Milliseconds{20'000}}};
    s.give_up_after = Milliseconds{120'000};
    s.breaker.window = 6;
    s.breaker.least = 4;
    return s;
}

// A Kafka, a group that comes and goes, and a handler that answers anything.
class World {
public:
    explicit World(testing::Dice& dice)
        : dice_{dice}, core_{settings(), [this] { return dice_.below(1000) / 1000.0; }} {
        for (std::int32_t n = 0; n < 3; ++n) logs_.push_back(Log{.partition = {.topic = "t", .number = n}});
    }

    void step() {
        switch (dice_.below(12)) {
            case 0:
                assign_or_revoke();
                break;
            case 1:
                now_ += Milliseconds{dice_.below(3'000)};
                break;
            case 2:
                if (dice_.one_in(40)) core_.release_hold();
                break;
            case 3:
            case 4:
            case 5:
                answer(random_verdict());
                break;
            default:
                deliver();
                break;
        }
        perform();
    }

    // No more trouble: everything must come to its end.
    void settle_all() {
        core_.release_hold();
        for (auto& log : logs_) {
            if (!log.assigned) assign(log);
        }
        perform();
        for (int i = 0; i < 200'000; ++i) {
            bool unread = false;
            for (auto& log : logs_) {
                while (log.assigned && !log.paused && log.position < log.end) read_one(log);
                unread = unread || log.position < log.end;
            }
            perform();
            if (!running_.empty() || !giving_up_.empty()) {
                answer(Attempted{Verdict{Done{}}, true});
            } else if (const auto wake = core_.wake_at()) {
                now_ = std::max(now_, *wake);
            } else if (!unread) {
                break;
            }
            perform();
        }
        for (const auto& log : logs_) {
            CAPTURE(log.partition.number);
            REQUIRE(log.position == log.end);
            // Everything that was accepted is finished, and committed.
            CHECK(log.committed == log.end);
        }
        CHECK(core_.open() == 0);
        CHECK(core_.running() == 0);
    }

private:
    struct Log {
        kafka::Partition partition{};
        kafka::Offset end = 0;       // produced
        kafka::Offset position = 0;  // read in this assignment
        kafka::Offset committed = 0;
        bool assigned = false;
        bool paused = false;
        std::uint64_t epoch = 0;
        std::set<kafka::Offset> open{};  // read in this assignment and not finished
    };
    struct Ref {
        std::int32_t partition = 0;
        kafka::Offset offset = 0;
        std::uint64_t epoch = 0;
    };

    Log& log_of(const kafka::Partition& p) { return logs_[static_cast<std::size_t>(p.number)]; }

    static std::string lane_of(const kafka::Partition& p, kafka::Offset o) {
        // Most lanes belong to one partition, some to several (Cleary's contacts).
        const auto n = (o * 7 + p.number * 3) % 9;
        return n < 2 ? "shared " + std::to_string(n) : std::to_string(p.number) + "/" + std::to_string(n);
    }

    void assign(Log& log) {
        log.assigned = true;
        log.paused = false;
        log.position = log.committed;
        log.epoch = ++epochs_;
        log.open.clear();
        core_.on_assigned({log.partition});
    }

    void assign_or_revoke() {
        auto& log = logs_[dice_.below<std::size_t>(logs_.size())];
        if (!log.assigned) {
            assign(log);
        } else if (dice_.one_in(10)) {
            for (const auto& [partition, next] : core_.on_revoked({log.partition})) commit(partition, next);
            log.assigned = false;
            log.open.clear();
        }
    }

    void deliver() {
        auto& log = logs_[dice_.below<std::size_t>(logs_.size())];
        if (log.position == log.end) log.end += 1 + dice_.below(4);
        if (log.assigned && !log.paused) read_one(log);
    }

    void read_one(Log& log) {
        const auto offset = log.position++;
        log.open.insert(offset);
        // The cap is watched between turns, so it can be passed by what one turn brings: here, one record.
        REQUIRE(log.open.size() <= cap);
        kafka::Record record;
        record.partition = log.partition;
        record.offset = offset;
        Place place;
        place.lane = lane_of(log.partition, offset);
        place.group = place.lane + (offset % 2 == 0 ? "/even" : "/odd");
        place.order = offset;
        place.backfill = dice_.one_in(3);
        Past past;
        if (dice_.one_in(5)) {
            past.attempts = 1 + dice_.below(9);
            past.parked = 1 + dice_.below(3);
            past.failing_since = now_ - Milliseconds{dice_.below(200'000)};
            if (dice_.one_in(2)) past.due = now_ + Milliseconds{1 + dice_.below(30'000)};
        }
        core_.on_record(std::move(record), std::move(place), past);
        if (log.open.size() == cap) perform();
    }

    Verdict random_verdict() {
        switch (dice_.below(14)) {
            case 12:
            case 13:
                return Weather{.reason = "down", .at_least = Milliseconds{dice_.below(2'000)}};
            case 0:
                return Retry{.reason = "weather", .at_least = Milliseconds{dice_.below(2'000)}};
            case 1:
                return NotYet{.reason = "unknown"};
            case 2:
                return Wait{.reason = "Redis"};
            case 3:
                return Refused{.reason = "422"};
            case 4:
                if (dice_.one_in(5)) return Hold{.reason = "401"};
                return Done{};
            default:
                return Done{};
        }
    }

    void answer(const Verdict& verdict) { answer(Attempted{verdict, dice_.one_in(2)}); }

    void answer(const Attempted& attempted) {
        const auto& verdict = attempted.verdict;
        if (!giving_up_.empty() && (running_.empty() || dice_.one_in(2))) {
            const auto id = giving_up_.front();
            giving_up_.erase(giving_up_.begin());
            const bool written = std::holds_alternative<Done>(verdict);
            if (written) finished(id);
            core_.on_set_aside(id, written, now_);
            return;
        }
        if (running_.empty()) return;
        const auto victim = std::next(running_.begin(), dice_.below(static_cast<int>(running_.size())));
        const auto id = *victim;
        running_.erase(victim);
        if (std::holds_alternative<Done>(verdict)) finished(id);
        core_.on_verdict(id, attempted, now_);
    }

    void finished(JobId id) {
        for (const auto& ref : refs_.at(id)) {
            auto& log = logs_[static_cast<std::size_t>(ref.partition)];
            if (log.assigned && log.epoch == ref.epoch) log.open.erase(ref.offset);
        }
        refs_.erase(id);
    }

    void commit(const kafka::Partition& partition, kafka::Offset next) {
        auto& log = log_of(partition);
        REQUIRE(log.assigned);
        REQUIRE(next >= log.committed);
        REQUIRE(next <= log.position);
        // The one promise above all: nothing unfinished is passed.
        if (!log.open.empty()) REQUIRE(next <= *log.open.begin());
        log.committed = next;
    }

    void perform() {
        for (const auto& action : core_.next(now_)) {
            std::visit(
                overloaded{
                    [&](const Start& a) {
                        const auto& job = core_.job(a.job);
                        REQUIRE(running_.insert(a.job).second);
                        REQUIRE_FALSE(job.records.empty());
                        REQUIRE(job.attempts >= 1);
                        REQUIRE(job.attempts <= 3);
                        auto& refs = refs_[a.job];
                        refs.clear();
                        for (const auto& r : job.records) {
                            auto& log = log_of(r.record.partition);
                            // What runs is ours, and not finished.
                            if (log.assigned && log.open.contains(r.record.offset)) {
                                refs.push_back({r.record.partition.number, r.record.offset, log.epoch});
                            }
                            REQUIRE(lane_of(r.record.partition, r.record.offset) == job.place.lane);
                        }
                        REQUIRE(running_.size() + giving_up_.size() <= slots);
                        // An open circuit lets one call through at a time.
                        if (job.probe) {
                            REQUIRE(core_.circuit_open());
                            for (const auto id : running_) REQUIRE((id == a.job || !core_.job(id).probe));
                        } else {
                            REQUIRE_FALSE(core_.circuit_open());
                        }
                    },
                    [&](const GiveUp& a) { giving_up_.push_back(a.job); },
                    [&](const Park& a) {
                        REQUIRE((a.tier == "soon" || a.tier == "late"));
                        giving_up_.push_back(a.job);
                    },
                    [&](const Commit& a) { commit(a.partition, a.next); },
                    [&](const Pause& a) { log_of(a.partition).paused = true; },
                    [&](const Resume& a) { log_of(a.partition).paused = false; }},
                action);
        }
        // A lane is taken while its job runs or its dead letter is written, and at no other time.
        std::set<std::string> lanes;
        for (const auto id : running_) REQUIRE(lanes.insert(core_.job(id).place.lane).second);
        for (const auto id : giving_up_) REQUIRE(lanes.insert(core_.job(id).place.lane).second);
        std::size_t open = 0;
        for (const auto& log : logs_) open += log.assigned ? log.open.size() : 0;
        REQUIRE(core_.open() == open);
    }

    testing::Dice& dice_;
    Core core_;
    Instant now_{std::chrono::hours{1}};
    std::vector<Log> logs_;
    std::set<JobId> running_;
    std::vector<JobId> giving_up_;
    std::map<JobId, std::vector<Ref>> refs_;
    std::uint64_t epochs_ = 0;
};

}  // namespace

TEST_CASE(
    "core: whatever happens in whatever order, no commit passes an unfinished record and all is finished in the "
    "end") {
    INFO(testing::how_to_repeat());
    testing::Dice dice{testing::seed()};
    for (int round = 0; round < 20; ++round) {
        World world{dice};
        for (int step = 0; step < 2'000; ++step) world.step();
        world.settle_all();
    }
}
