#include "common/pipeline/core.hpp"

#include <doctest/doctest.h>

#include "common/core/overloaded.hpp"

using namespace hirewire;
using namespace hirewire::pipeline;

namespace {

const kafka::Partition p0{.topic = "hiring.changes", .number = 0};
const kafka::Partition p1{.topic = "hiring.changes", .number = 1};

// A core with everything that goes in and out of it within reach. Time stands still until advance().
class Bench {
public:
    explicit Bench(CoreSettings settings = {}, std::vector<kafka::Partition> partitions = {p0, p1})
        : core{settings, [] { return 0.0; }} {
        core.on_assigned(partitions);
    }

    // A record of a lane; by default group and lane are the same.
    void record(const kafka::Partition& partition, kafka::Offset offset, std::string lane, std::string group = {}) {
        kafka::Record r;
        r.partition = partition;
        r.offset = offset;
        r.timestamp_ms = offset;
        Place place;
        place.group = group.empty() ? lane : std::move(group);
        place.lane = std::move(lane);
        core.on_record(std::move(r), std::move(place));
    }

    // What the core wants now.
    void ask() {
        starts.clear();
        give_ups.clear();
        for (auto& action : core.next(now)) {
            std::visit(
                overloaded{
                    [&](const Start& a) { starts.push_back(a.job); },
                    [&](const GiveUp& a) { give_ups.push_back(a); },
                    [&](const Commit& a) { commits[a.partition] = a.next; },
                    [&](const Pause& a) { paused.push_back(a.partition); },
                    [&](const Resume& a) { resumed.push_back(a.partition); }},
                action);
        }
    }
    std::vector<std::string> started_lanes() {
        ask();
        std::vector<std::string> lanes;
        for (const auto id : starts) lanes.push_back(core.job(id).place.lane);
        return lanes;
    }
    JobId start_one() {
        ask();
        REQUIRE(starts.size() == 1);
        return starts.front();
    }
    void verdict(JobId id, const Verdict& v) { core.on_verdict(id, v, now); }
    void advance(Milliseconds by) { now += by; }
    // As the engine's alarm does.
    void advance_to_wake() {
        const auto wake = core.wake_at();
        REQUIRE(wake);
        now = std::max(now, *wake);
    }

    Core core;
    Instant now{std::chrono::hours{1}};
    std::vector<JobId> starts{};
    std::vector<GiveUp> give_ups{};
    std::map<kafka::Partition, kafka::Offset> commits{};
    std::vector<kafka::Partition> paused{};
    std::vector<kafka::Partition> resumed{};
};

using Lanes_ = std::vector<std::string>;
const Retry weather{.reason = "answered 503"};

}  // namespace

TEST_CASE("core: one job at a time for a lane, other lanes beside it") {
    Bench b;
    b.record(p0, 1, "ann");
    b.record(p0, 2, "bob");
    CHECK(b.started_lanes() == Lanes_{"ann", "bob"});
    b.record(p0, 3, "ann");
    CHECK(b.started_lanes().empty());
    CHECK(b.core.running() == 2);
}

TEST_CASE("core: no more jobs at once than there are slots") {
    Bench b{{.slots = 2}};
    for (kafka::Offset o = 0; o < 5; ++o) b.record(p0, o, "lane " + std::to_string(o));
    b.ask();
    const auto running = b.starts;
    CHECK(running.size() == 2);
    b.ask();
    CHECK(b.starts.empty());
    b.verdict(running[0], Done{});
    b.ask();
    CHECK(b.starts.size() == 1);
}

TEST_CASE("core: the commit never passes a record that is not finished") {
    Bench b;
    b.record(p0, 10, "slow");
    b.record(p0, 11, "quick");
    b.ask();
    b.verdict(b.starts[1], Done{});
    b.advance(Milliseconds{1'000});
    b.ask();
    CHECK(b.commits.empty());
    b.verdict(1, Done{});
    b.advance(Milliseconds{1'000});
    b.ask();
    CHECK(b.commits[p0] == 12);
}

TEST_CASE("core: finished records are committed soon without anything else happening") {
    Bench b{{.commit_interval = Milliseconds{250}}};
    b.record(p0, 1, "a");
    b.verdict(b.start_one(), Done{});
    b.ask();
    CHECK(b.commits[p0] == 2);
    b.record(p0, 2, "a");
    b.verdict(b.start_one(), Done{});
    b.ask();
    CHECK(b.commits[p0] == 2);  // not with every record
    b.advance_to_wake();
    b.ask();
    CHECK(b.commits[p0] == 3);
    CHECK_FALSE(b.core.wake_at());
}

TEST_CASE("core: what comes while a job waits joins it, and begins its attempts anew") {
    Bench b{{.retry = {.max_attempts = 2}}};
    b.record(p0, 1, "ann");
    const auto job = b.start_one();
    b.record(p0, 2, "ann");
    CHECK(b.core.job(job).records.size() == 1);  // the running attempt sees what it began with
    b.verdict(job, weather);
    b.ask();
    CHECK(b.starts.empty());
    b.advance_to_wake();
    CHECK(b.start_one() == job);
    CHECK(b.core.job(job).records.size() == 2);
    CHECK(b.core.job(job).attempts == 1);
    b.verdict(job, weather);
    b.advance_to_wake();
    CHECK(b.start_one() == job);
    CHECK(b.core.job(job).attempts == 2);
    b.verdict(job, weather);
    b.ask();
    CHECK(b.give_ups.size() == 1);
}

TEST_CASE("core: another group of the lane waits until the first is through") {
    Bench b;
    b.record(p0, 1, "person", "first hire");
    b.record(p0, 2, "person", "second hire");
    const auto job = b.start_one();
    b.verdict(job, weather);
    b.advance_to_wake();
    CHECK(b.start_one() == job);
    CHECK(b.core.job(job).records.size() == 1);
    b.verdict(job, Done{});
    CHECK(b.core.job(b.start_one()).place.group == "second hire");
}

TEST_CASE("core: a job that waits for its next attempt blocks only its own lane") {
    Bench b;
    b.record(p0, 1, "ann");
    b.verdict(b.start_one(), weather);
    b.record(p0, 2, "bob");
    b.record(p0, 3, "ann");
    CHECK(b.started_lanes() == Lanes_{"bob"});
}

TEST_CASE("core: attempts are spent, then the dead letter, then the commit") {
    Bench b{{.retry = {.max_attempts = 2}}};
    b.record(p0, 7, "ann");
    const auto job = b.start_one();
    b.verdict(job, weather);
    b.advance_to_wake();
    b.ask();
    b.verdict(job, weather);
    b.ask();
    REQUIRE(b.give_ups.size() == 1);
    CHECK(b.give_ups[0].job == job);
    CHECK(b.give_ups[0].reason == "answered 503");
    CHECK(b.core.job(job).records.size() == 1);
    b.advance(Milliseconds{10'000});
    b.ask();
    CHECK(b.give_ups.empty());  // asked for once
    CHECK(b.commits.empty());   // not before the dead letter is written
    b.core.on_given_up(job, true, b.now);
    b.ask();
    CHECK(b.commits[p0] == 8);
    CHECK(b.core.running() == 0);
}

TEST_CASE("core: what can never succeed is given up at the first attempt") {
    Bench b;
    b.record(p0, 1, "ann");
    b.verdict(b.start_one(), Refused{.reason = "answered 422"});
    b.ask();
    REQUIRE(b.give_ups.size() == 1);
    CHECK(b.give_ups[0].reason == "answered 422");
}

TEST_CASE("core: a dead letter that could not be written is tried again, nothing is lost") {
    Bench b;
    b.record(p0, 1, "ann");
    const auto job = b.start_one();
    b.verdict(job, Refused{.reason = "answered 422"});
    b.ask();
    b.core.on_given_up(job, false, b.now);
    b.advance_to_wake();
    CHECK(b.start_one() == job);
    b.verdict(job, Done{});  // it may even succeed by then
    b.ask();
    CHECK(b.commits[p0] == 2);
}

TEST_CASE("core: waiting for our own side spends no attempt") {
    Bench b{{.retry = {.max_attempts = 2}}};
    b.record(p0, 1, "ann");
    const auto job = b.start_one();
    for (int i = 0; i < 50; ++i) {
        b.verdict(job, Wait{.reason = "Redis away"});
        CHECK(b.core.job(job).repeats == i + 1);
        b.advance_to_wake();
        REQUIRE(b.start_one() == job);
        CHECK(b.core.job(job).attempts == 1);
    }
    b.verdict(job, weather);
    b.ask();
    CHECK(b.give_ups.empty());
}

TEST_CASE("core: a Retry-After of the destination is kept") {
    Bench b;
    b.record(p0, 1, "ann");
    b.verdict(b.start_one(), Retry{.reason = "answered 429", .at_least = Milliseconds{30'000}});
    CHECK(*b.core.wake_at() - b.now == Milliseconds{30'000});
    b.advance(Milliseconds{29'999});
    b.ask();
    CHECK(b.starts.empty());
    b.advance(Milliseconds{1});
    b.ask();
    CHECK(b.starts.size() == 1);
}

TEST_CASE("core: a refused credential holds everything, spends no attempt and is probed with one change") {
    Bench b{{.probe_interval = std::chrono::minutes{5}, .retry = {.max_attempts = 2}}};
    b.record(p0, 1, "ann");
    const auto job = b.start_one();
    b.verdict(job, Hold{.reason = "answered 401"});
    CHECK(b.core.held());
    b.record(p0, 2, "bob");
    b.ask();
    CHECK(b.starts.empty());
    for (int probe = 0; probe < 10; ++probe) {
        b.advance(std::chrono::minutes{5} - Milliseconds{1});
        b.ask();
        REQUIRE(b.starts.empty());
        b.advance(Milliseconds{1});
        REQUIRE(b.start_one() == job);
        CHECK(b.core.job(job).attempts == 1);
        b.verdict(job, Hold{.reason = "answered 401"});
    }
    b.advance(std::chrono::minutes{5});
    REQUIRE(b.start_one() == job);
    b.verdict(job, Done{});
    CHECK_FALSE(b.core.held());
    CHECK(b.started_lanes() == Lanes_{"bob"});
}

TEST_CASE("core: the hold ends at once on the operator's word") {
    Bench b;
    b.record(p0, 1, "ann");
    b.verdict(b.start_one(), Hold{.reason = "answered 401"});
    b.record(p0, 2, "bob");
    b.core.release_hold();
    CHECK(b.started_lanes() == Lanes_{"ann", "bob"});
}

TEST_CASE("core: a probe that says nothing about the credential leaves the hold as it is") {
    Bench b;
    b.record(p0, 1, "ann");
    const auto job = b.start_one();
    b.verdict(job, Hold{.reason = "answered 401"});
    b.advance(std::chrono::minutes{5});
    b.ask();
    b.verdict(job, Wait{.reason = "Redis away"});
    CHECK(b.core.held());
}

TEST_CASE("core: a held destination whose refused change was revoked is probed with another one") {
    Bench b;
    b.record(p0, 1, "ann");
    b.verdict(b.start_one(), Hold{.reason = "answered 401"});
    b.core.on_revoked({p0});
    b.record(p1, 1, "bob");
    b.record(p1, 2, "cat");
    b.ask();
    CHECK(b.starts.empty());
    b.advance_to_wake();
    CHECK(b.started_lanes() == Lanes_{"bob"});
    b.verdict(b.starts[0], Done{});
    CHECK(b.started_lanes() == Lanes_{"cat"});
}

TEST_CASE("core: too many open records pause their partition, and only it, with room to breathe before it resumes") {
    Bench b{{.slots = 100, .max_open_per_partition = 4}};
    for (kafka::Offset o = 0; o < 3; ++o) b.record(p0, o, "lane " + std::to_string(o));
    b.record(p1, 0, "other");
    b.ask();
    auto jobs = b.starts;
    CHECK(b.paused.empty());
    b.record(p0, 3, "lane 3");
    b.ask();
    jobs.push_back(b.starts.at(0));
    CHECK(b.paused == std::vector{p0});
    CHECK(b.core.paused() == 1);
    b.verdict(jobs[0], Done{});
    b.ask();
    CHECK(b.resumed.empty());
    b.verdict(jobs[1], Done{});
    b.ask();
    CHECK(b.resumed == std::vector{p0});
    b.ask();
    CHECK(b.paused.size() == 1);
    CHECK(b.resumed.size() == 1);
}

TEST_CASE("core: a revocation answers what is finished and forgets the rest") {
    Bench b;
    b.record(p0, 1, "a");
    b.record(p0, 2, "b");
    b.record(p0, 3, "c");
    b.record(p1, 9, "d");
    b.ask();
    b.verdict(b.starts[0], Done{});
    const auto last = b.core.on_revoked({p0});
    CHECK(last == std::map<kafka::Partition, kafka::Offset>{{p0, 2}});
    CHECK(b.core.open() == 1);
    CHECK(b.core.has_partitions());
    b.core.on_revoked({p1});
    CHECK_FALSE(b.core.has_partitions());
    CHECK(b.core.open() == 0);
}

TEST_CASE("core: the verdict of a job whose partition went away commits nothing, and its lane is free again") {
    Bench b;
    b.record(p0, 1, "ann");
    const auto job = b.start_one();
    b.core.on_revoked({p0});
    b.verdict(job, Done{});
    b.advance(Milliseconds{1'000});
    b.ask();
    CHECK(b.commits.empty());
    b.record(p1, 5, "ann");
    CHECK(b.started_lanes() == Lanes_{"ann"});
}

TEST_CASE(
    "core: a record read again after the partition came back waits for the old attempt and is finished itself") {
    Bench b;
    b.record(p0, 1, "ann");
    const auto old = b.start_one();
    b.core.on_revoked({p0});
    b.core.on_assigned({p0});
    b.record(p0, 1, "ann");
    b.ask();
    CHECK(b.starts.empty());
    b.verdict(old, Done{});
    b.advance(Milliseconds{1'000});
    b.ask();
    CHECK(b.commits.empty());  // the old verdict is of the old assignment
    REQUIRE(b.starts.size() == 1);
    b.verdict(b.starts[0], Done{});
    b.ask();
    CHECK(b.commits[p0] == 2);
}

TEST_CASE("core: a job that waited for its next attempt is the next owner's after a revocation") {
    Bench b;
    b.record(p0, 1, "ann");
    b.verdict(b.start_one(), weather);
    b.core.on_revoked({p0});
    CHECK_FALSE(b.core.wake_at());
    b.record(p1, 1, "ann");
    CHECK(b.started_lanes() == Lanes_{"ann"});
}

TEST_CASE("core: a job with records of two partitions keeps the one that stays") {
    Bench b;
    b.record(p0, 1, "ann");
    b.record(p1, 1, "ann");
    const auto job = b.start_one();
    REQUIRE(b.core.job(job).records.size() == 2);
    SUBCASE("while it waits") {
        b.verdict(job, weather);
        b.core.on_revoked({p0});
    }
    SUBCASE("while it runs") {
        b.core.on_revoked({p0});
        b.verdict(job, weather);
    }
    b.advance_to_wake();
    REQUIRE(b.start_one() == job);
    CHECK(b.core.job(job).records.size() == 1);
    b.verdict(job, Done{});
    b.ask();
    CHECK(b.commits == std::map<kafka::Partition, kafka::Offset>{{p1, 2}});
}

TEST_CASE("core: a running job whose records are all gone is not repeated") {
    Bench b;
    b.record(p0, 1, "ann");
    const auto job = b.start_one();
    b.core.on_revoked({p0});
    b.verdict(job, weather);
    CHECK_FALSE(b.core.wake_at());
    CHECK(b.core.running() == 0);
}

TEST_CASE("core: records of a partition that is not ours are nobody's business") {
    Bench b{{}, {p0}};
    b.record(p1, 1, "ann");
    b.ask();
    CHECK(b.starts.empty());
    CHECK(b.core.open() == 0);
}

TEST_CASE("core: stopped, it starts nothing, finishes what runs and gives the last commit") {
    Bench b;
    b.record(p0, 1, "a");
    const auto job = b.start_one();
    b.record(p0, 2, "b");
    b.core.stop();
    b.ask();
    CHECK(b.starts.empty());
    b.verdict(job, Done{});
    CHECK(b.core.take_committable() == std::map<kafka::Partition, kafka::Offset>{{p0, 2}});
    CHECK_FALSE(b.core.oldest_open() == std::nullopt);
}

TEST_CASE("core: the oldest open record of all partitions is known") {
    Bench b;
    CHECK_FALSE(b.core.oldest_open());
    b.record(p0, 500, "a");
    b.record(p1, 30, "b");
    CHECK(b.core.oldest_open() == 30);
}
