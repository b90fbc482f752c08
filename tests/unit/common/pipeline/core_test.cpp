#include "common/pipeline/core.hpp"

#include <doctest/doctest.h>

#include <set>

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
    void record(
        const kafka::Partition& partition,
        kafka::Offset offset,
        std::string lane,
        std::string group = {},
        Past past = {},
        std::int64_t order = 0) {
        kafka::Record r;
        r.partition = partition;
        r.offset = offset;
        r.timestamp_ms = offset;
        Place place;
        place.group = group.empty() ? lane : std::move(group);
        place.lane = std::move(lane);
        place.order = order;
        core.on_record(std::move(r), std::move(place), past);
    }
    // A record that has time; by default group and lane are the same.
    void replayed(
        const kafka::Partition& partition,
        kafka::Offset offset,
        const std::string& lane,
        const std::string& group = {}) {
        kafka::Record r;
        r.partition = partition;
        r.offset = offset;
        Place place;
        place.lane = lane;
        place.group = group.empty() ? lane : group;
        place.backfill = true;
        core.on_record(std::move(r), std::move(place));
    }

    // What the core wants now.
    void ask() {
        starts.clear();
        give_ups.clear();
        parks.clear();
        for (auto& action : core.next(now)) {
            std::visit(
                overloaded{
                    [&](const Start& a) { starts.push_back(a.job); },
                    [&](const GiveUp& a) { give_ups.push_back(a); },
                    [&](const Park& a) { parks.push_back(a); },
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
    void verdict(JobId id, const Attempted& v) { core.on_verdict(id, v, now); }
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
    std::vector<Park> parks{};
    std::map<kafka::Partition, kafka::Offset> commits{};
    std::vector<kafka::Partition> paused{};
    std::vector<kafka::Partition> resumed{};
};

using Lanes_ = std::vector<std::string>;
const Retry weather{.reason = "answered 503"};
const Attempted answered{Verdict{Done{}}, true};

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
    b.core.on_set_aside(job, true, b.now);
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
    b.core.on_set_aside(job, false, b.now);
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
    // Those who met the refusal and others take turns: what is wrong may be one of them after all.
    std::set<std::string> probed;
    for (int probe = 0; probe < 10; ++probe) {
        b.advance(std::chrono::minutes{5} - Milliseconds{1});
        b.ask();
        REQUIRE(b.starts.empty());
        b.advance(Milliseconds{1});
        const auto tried = b.start_one();
        probed.insert(b.core.job(tried).place.lane);
        CHECK(b.core.job(tried).attempts == 1);
        b.verdict(tried, Hold{.reason = "answered 401"});
    }
    CHECK(probed == std::set<std::string>{"ann", "bob"});
    b.advance(std::chrono::minutes{5});
    b.verdict(b.start_one(), answered);
    CHECK_FALSE(b.core.held());
    CHECK(b.started_lanes().size() == 1);
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
    SUBCASE("our own side was not able") {
        b.verdict(job, Wait{.reason = "Redis away"});
    }
    SUBCASE("the destination was not able") {
        b.verdict(job, Attempted{Verdict{Weather{.reason = "answered 503"}}, true});
    }
    SUBCASE("nobody was asked") {
        b.verdict(job, Done{});
    }
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
    b.verdict(b.starts[0], answered);
    CHECK(b.started_lanes() == Lanes_{"cat"});
}

TEST_CASE("core: what is finished behind one that waits is capped too, and reading goes on when that one is done") {
    Bench b{{.slots = 100, .max_span_per_partition = 10}, {p0}};
    b.record(p0, 0, "slow");
    const auto slow = b.start_one();
    for (kafka::Offset o = 1; o < 10; ++o) {
        b.record(p0, o, "quick");
        b.verdict(b.start_one(), Done{});
    }
    b.ask();
    CHECK(b.paused == std::vector{p0});
    CHECK(b.core.paused(Cap::span) == 1);
    CHECK(b.core.open() == 1);
    b.verdict(slow, Done{});
    b.ask();
    CHECK(b.resumed == std::vector{p0});
}

TEST_CASE("core: each partition has its share of the memory, and one that has used it up stops no other") {
    Bench b{{.slots = 100, .max_open_bytes = 20'000}};
    kafka::Offset o = 0;
    while (b.paused.empty() && o < 100) {
        b.record(p0, o, "lane " + std::to_string(o));
        ++o;
        b.ask();
    }
    CHECK(b.paused == std::vector{p0});
    CHECK(b.core.paused(Cap::bytes) == 1);
    CHECK(b.core.open_bytes() >= 10'000);
    CHECK(b.core.open_bytes() < 11'000);
    CHECK(o > 5);
}

TEST_CASE("core: too many lanes pause every partition until half of them are done") {
    Bench b{{.slots = 100, .max_lanes = 4}};
    std::vector<JobId> jobs;
    for (kafka::Offset o = 0; o < 4; ++o) b.record(p0, o, "lane " + std::to_string(o));
    b.ask();
    jobs = b.starts;
    CHECK(b.core.paused(Cap::lanes) == 2);
    b.verdict(jobs.at(0), Done{});
    b.ask();
    CHECK(b.resumed.empty());
    b.verdict(jobs.at(1), Done{});
    b.ask();
    CHECK(b.resumed.size() == 2);
    CHECK(b.core.paused(Cap::lanes) == 0);
}

TEST_CASE("core: a cap that was not reached does not keep paused what another one paused") {
    Bench b{{.slots = 100, .max_span_per_partition = 10}, {p0}};
    b.record(p0, 0, "slow");
    const auto slow = b.start_one();
    for (kafka::Offset o = 1; o < 7; ++o) {
        b.record(p0, o, "quick");
        b.verdict(b.start_one(), Done{});
    }
    b.core.suspend();
    b.ask();
    CHECK(b.core.paused(Cap::shut) == 1);
    b.core.resume();
    b.ask();
    CHECK(b.resumed == std::vector{p0});
    b.verdict(slow, Done{});
}

TEST_CASE(
    "core: a turn that nobody can have sooner keeps everybody waiting, and the next one is taken by who is live") {
    Bench b{{.slots = 4}};
    b.record(p0, 0, "a");
    const auto first = b.start_one();
    b.record(p0, 1, "b");
    b.record(p1, 0, "c");
    b.verdict(first, Wait{.reason = "pace", .at_least = Milliseconds{500}, .all = true});
    b.ask();
    CHECK(b.starts.empty());
    REQUIRE(b.core.wake_at());
    CHECK(*b.core.wake_at() == b.now + Milliseconds{500});
    b.advance(Milliseconds{499});
    CHECK(b.started_lanes().empty());
    b.advance_to_wake();
    CHECK(b.started_lanes().size() >= 2);
}

TEST_CASE("core: while nothing is sent each partition is read up to its first record, so that its age is known") {
    Bench b;
    b.core.suspend();
    b.record(p0, 5, "a");
    b.ask();
    CHECK(b.paused == std::vector{p0});
    CHECK(b.core.oldest_open() == 5);
    b.record(p1, 3, "b");
    b.ask();
    CHECK(b.core.paused(Cap::shut) == 2);
    CHECK(b.core.oldest_open() == 3);
    CHECK(b.starts.empty());
    CHECK_FALSE(b.core.held());
    CHECK_FALSE(b.core.wake_at());
    b.core.resume();
    b.ask();
    CHECK(b.starts.size() == 2);
    CHECK(b.resumed.size() == 2);
}

TEST_CASE("core: nothing is committed of a partition until what lies before its beginning is made up for") {
    Bench b;
    b.core.on_begun(p0, 42, 0);
    b.core.on_begun({.topic = "hiring.changes", .number = 9}, 1, 0);  // not ours
    b.record(p0, 42, "a");
    b.verdict(b.start_one(), Done{});
    b.ask();
    CHECK(b.commits.empty());
    b.core.on_made_up(p0);
    b.core.on_made_up(p1);  // had its place
    b.advance(CoreSettings{}.commit_interval);
    b.ask();
    CHECK(b.commits == std::map<kafka::Partition, kafka::Offset>{{p0, 43}});
}

TEST_CASE("core: where reading begins is committed though nothing has been read") {
    Bench b;
    b.core.on_begun(p0, 0, 0);
    b.core.on_made_up(p0);
    b.ask();
    CHECK(b.commits == std::map<kafka::Partition, kafka::Offset>{{p0, 0}});
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
    CHECK(b.core.paused(Cap::open) == 1);
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

namespace {

CoreSettings with_tiers() {
    CoreSettings s;
    s.retry.max_attempts = 2;
    s.tiers = {{.name = "1m", .delay = Milliseconds{60'000}}, {.name = "1h", .delay = Milliseconds{3'600'000}}};
    s.give_up_after = std::chrono::hours{72};
    return s;
}

const Weather down{.reason = "answered 503"};

// So many lanes fail that the destination counts as down.
std::vector<JobId> open_circuit(Bench& b, int lanes = 10) {
    for (int i = 0; i < lanes; ++i) b.record(p0, i, "lane " + std::to_string(i));
    b.ask();
    const auto jobs = b.starts;
    REQUIRE(jobs.size() == static_cast<std::size_t>(lanes));
    for (const auto job : jobs) b.verdict(job, down);
    REQUIRE(b.core.circuit_open());
    return jobs;
}

}  // namespace

TEST_CASE("core: with tiers, what is spent is parked, its offset goes, and its lane is free") {
    Bench b{with_tiers()};
    b.record(p0, 7, "ann");
    const auto job = b.start_one();
    b.verdict(job, weather);
    b.advance_to_wake();
    b.ask();
    b.verdict(job, weather);
    b.ask();
    REQUIRE(b.parks.size() == 1);
    CHECK(b.parks[0].tier == "1m");
    CHECK(b.parks[0].delay == Milliseconds{60'000});
    CHECK(b.parks[0].reason == "answered 503");
    CHECK(b.give_ups.empty());
    CHECK(b.commits.empty());
    b.record(p0, 8, "ann");
    b.core.on_set_aside(job, true, b.now);
    CHECK(b.started_lanes() == Lanes_{"ann"});
    CHECK(b.commits[p0] == 8);
}

TEST_CASE("core: somebody who is not known yet is parked at once, tier after tier, and after 72 h given up") {
    Bench b{with_tiers()};
    const auto tier_of = [&](Past past) {
        b.record(p0, 1, "ann", {}, past);
        const auto job = b.start_one();
        CHECK(b.core.job(job).attempts_before == past.attempts);
        b.verdict(job, NotYet{.reason = "unknown-candidate"});
        b.ask();
        const std::string tier = b.parks.empty() ? "" : b.parks[0].tier;
        CHECK(b.give_ups.empty() == !b.parks.empty());
        b.core.on_set_aside(job, true, b.now);
        return tier;
    };
    const auto ago = [&](std::chrono::hours h) { return std::optional{b.now + std::chrono::hours{100} - h}; };
    b.advance(std::chrono::hours{100});
    CHECK(tier_of({}) == "1m");
    CHECK(tier_of({.attempts = 1, .parked = 1, .failing_since = ago(std::chrono::hours{0})}) == "1h");
    CHECK(tier_of({.attempts = 9, .parked = 9, .failing_since = ago(std::chrono::hours{71})}) == "1h");
    CHECK(tier_of({.attempts = 99, .parked = 70, .failing_since = ago(std::chrono::hours{172})}) == "");
}

TEST_CASE("core: a parked record waits for its time without a lane or a slot, and keeps its offset open") {
    Bench b{with_tiers()};
    b.record(p0, 1, "ann", {}, {.attempts = 2, .parked = 1, .due = b.now + Milliseconds{30'000}});
    b.record(p0, 2, "ann");
    CHECK(b.core.parked() == 1);
    const auto other = b.start_one();
    CHECK(b.core.job(other).records.size() == 1);
    b.verdict(other, Done{});
    b.ask();
    CHECK(b.starts.empty());
    CHECK(b.commits.empty());
    REQUIRE(b.core.wake_at());
    b.advance(Milliseconds{30'000});
    const auto job = b.start_one();
    CHECK(b.core.parked() == 0);
    CHECK(b.core.job(job).attempts_before == 2);
    b.verdict(job, Done{});
    b.advance(Milliseconds{1'000});
    b.ask();
    CHECK(b.commits[p0] == 3);
}

TEST_CASE("core: a parked record goes with its partition") {
    Bench b{with_tiers()};
    b.record(p0, 1, "ann", {}, {.due = b.now + Milliseconds{30'000}});
    b.core.on_revoked({p0});
    CHECK(b.core.parked() == 0);
    b.advance(Milliseconds{60'000});
    CHECK(b.started_lanes().empty());
}

TEST_CASE("core: the past that counts is the newest record's") {
    Bench b{with_tiers()};
    b.record(p0, 1, "ann", {}, {.attempts = 5, .parked = 3}, 100);
    b.record(p0, 2, "ann", {}, {}, 200);
    const auto job = b.start_one();
    CHECK(b.core.job(job).attempts_before == 0);
    CHECK(b.core.job(job).parked == 0);
    b.verdict(job, weather);
    // An older one that comes back meanwhile is no news: no attempt is given back.
    b.record(p0, 3, "ann", {}, {.attempts = 5, .parked = 3}, 100);
    b.advance_to_wake();
    CHECK(b.start_one() == job);
    CHECK(b.core.job(job).attempts == 2);
    CHECK(b.core.job(job).records.size() == 3);
}

TEST_CASE("core: a destination that is down costs no attempts, no dead letters, and one probe at a time") {
    CoreSettings settings = with_tiers();
    settings.retry.max_attempts = 3;
    Bench b{settings};
    const auto jobs = open_circuit(b);
    for (int i = 10; i < 200; ++i) b.record(p0, i, "lane " + std::to_string(i));
    int probes = 0;
    for (int i = 0; i < 60; ++i) {
        b.advance_to_wake();
        b.ask();
        CHECK(b.parks.empty());
        CHECK(b.give_ups.empty());
        REQUIRE(b.starts.size() <= 1);
        if (b.starts.empty()) continue;
        ++probes;
        CHECK(b.core.job(b.starts[0]).probe);
        CHECK(b.core.job(b.starts[0]).attempts <= 2);
        b.verdict(b.starts[0], down);
    }
    CHECK(probes >= 50);
    // One answer, and all goes on by itself.
    b.advance_to_wake();
    b.verdict(b.start_one(), answered);
    CHECK_FALSE(b.core.circuit_open());
    for (int i = 0; i < 200 && b.core.open() > 0; ++i) {
        b.ask();
        for (const auto job : b.starts) b.verdict(job, answered);
        if (const auto wake = b.core.wake_at()) b.now = std::max(b.now, *wake);
    }
    CHECK(b.core.open() == 0);
    b.advance(Milliseconds{1'000});
    b.ask();
    CHECK(b.commits[p0] == 200);
}

TEST_CASE("core: while the circuit is open nothing is read, unless there is nobody new to try with") {
    Bench b;
    open_circuit(b);
    b.ask();
    // Only those who failed are there: they may be the only ones that ever do.
    CHECK(b.paused.empty());
    b.record(p1, 1, "bob");
    b.ask();
    CHECK(b.paused == std::vector{p0, p1});
    SUBCASE("closed, reading goes on") {
        b.advance_to_wake();
        b.verdict(b.start_one(), answered);
        b.ask();
        CHECK(b.resumed == std::vector{p0, p1});
    }
    SUBCASE("everybody new went with the partition") {
        b.core.on_revoked({p1});
        b.ask();
        CHECK(b.resumed == std::vector{p0});
    }
}

TEST_CASE("core: with the circuit open and nobody to start, nobody is woken for nothing") {
    Bench b;
    const auto jobs = open_circuit(b);
    // More of the same lanes, which are taken; and Redis is away as well, so that no probe gets through.
    for (int i = 0; i < 10; ++i) b.record(p0, 100 + i, "lane " + std::to_string(i), "another group");
    int looks = 0;
    const auto end = b.now + std::chrono::minutes{1};
    while (b.now < end && looks < 10'000) {
        ++looks;
        b.ask();
        for (const auto job : b.starts) b.verdict(job, Wait{.reason = "Redis away"});
        REQUIRE(b.core.wake_at());
        b.now = std::max(b.now, *b.core.wake_at());
    }
    CHECK(looks < 2'000);
}

TEST_CASE("core: what has been given up since is not made a dead letter here") {
    Bench b;
    b.record(p0, 1, "ann");
    const auto job = b.start_one();
    b.core.on_revoked({p0});
    SUBCASE("refused") {
        b.verdict(job, Refused{.reason = "answered 422"});
    }
    SUBCASE("not known yet") {
        b.verdict(job, NotYet{.reason = "answered 404"});
    }
    b.ask();
    CHECK(b.give_ups.empty());
    CHECK(b.parks.empty());
    CHECK(b.core.running() == 0);
}

TEST_CASE("core: a few bad lanes cannot keep the circuit open for all the others") {
    Bench b;
    open_circuit(b);
    b.record(p1, 1, "good");
    bool closed = false;
    for (int i = 0; i < 6 && !closed; ++i) {
        b.advance_to_wake();
        const auto job = b.start_one();
        const bool good = b.core.job(job).place.lane == "good";
        b.verdict(job, good ? answered : Attempted{down});
        closed = !b.core.circuit_open();
    }
    CHECK(closed);
}

TEST_CASE("core: what was decided without asking says nothing about the destination") {
    Bench b;
    open_circuit(b);
    b.advance_to_wake();
    b.verdict(b.start_one(), Done{});
    CHECK(b.core.circuit_open());
    // The next one is the probe, without another pause.
    b.ask();
    CHECK(b.starts.size() == 1);
}

TEST_CASE("core: what an attempt has told for good is settled, though the rest of its job is repeated") {
    Bench b;
    b.record(p0, 1, "ann", {}, {}, 10);
    b.record(p0, 2, "ann", {}, {}, 20);
    const auto job = b.start_one();
    REQUIRE(b.core.job(job).records.size() == 2);
    Attempted attempted{Verdict{weather}, true, 503};
    attempted.through = 10;
    attempted.unsure = 20;
    b.verdict(job, attempted);
    b.advance(Milliseconds{1'000});
    b.ask();
    CHECK(b.commits[p0] == 2);
    CHECK(b.core.job(job).records.size() == 1);
    CHECK(b.core.job(job).records.at(0).order == 20);
    CHECK(b.core.job(job).unsure == std::set<std::int64_t>{20});
    CHECK(b.core.open() == 1);
}

// Protects live news from a replay whose calls fail: its repeats are due all the time.
TEST_CASE("core: the repeats of a replay come after what is live, and before the rest of the replay") {
    Bench b{{.slots = 1}};
    b.replayed(p0, 1, "old");
    const auto old = b.start_one();
    b.replayed(p0, 2, "other");
    b.record(p1, 1, "ann");
    b.verdict(old, weather);
    b.advance(std::chrono::minutes{1});
    CHECK(b.started_lanes() == Lanes_{"ann"});
    b.verdict(b.starts.at(0), Done{});
    CHECK(b.started_lanes() == Lanes_{"old"});
    CHECK(b.core.job(old).place.backfill);
    b.verdict(old, weather);
    // With news behind it, a repeat is as urgent as any.
    b.record(p1, 2, "old");
    b.record(p1, 3, "bob");
    b.advance(std::chrono::minutes{1});
    CHECK(b.started_lanes() == Lanes_{"old"});
    CHECK_FALSE(b.core.job(old).place.backfill);
    b.verdict(old, Done{});
    CHECK(b.started_lanes() == Lanes_{"bob"});
    b.verdict(b.starts.at(0), Done{});
    CHECK(b.started_lanes() == Lanes_{"other"});
}

// Protects live news from the rest that a replay takes at the destination's pace: seconds, and all is right with her.
TEST_CASE("core: what is live ends the rest of a replay in its lane, and the two are told as live") {
    Bench b;
    b.replayed(p0, 1, "ann");
    const auto old = b.start_one();
    b.verdict(old, Wait{.reason = "too many wait for their turn", .at_least = Milliseconds{4'000}});
    SUBCASE("a record that has time, too, does not") {
        b.replayed(p0, 2, "ann");
        CHECK(b.started_lanes().empty());
    }
    SUBCASE("another lane's does not") {
        b.record(p1, 1, "bob");
        CHECK(b.started_lanes() == Lanes_{"bob"});
    }
    SUBCASE("a record that is read") {
        b.record(p1, 1, "ann");
        CHECK(b.start_one() == old);
        CHECK(b.core.job(old).records.size() == 2);
        CHECK_FALSE(b.core.job(old).place.backfill);
        // From now on it waits as all that is live does.
        b.verdict(old, Wait{.reason = "Redis away", .at_least = Milliseconds{4'000}});
        b.record(p1, 2, "ann");
        CHECK(b.started_lanes().empty());
    }
    SUBCASE("a record that was parked and is due") {
        b.record(p1, 1, "ann", "ann", {.due = b.now + Milliseconds{1'000}});
        CHECK(b.started_lanes().empty());
        b.advance(Milliseconds{1'000});
        CHECK(b.start_one() == old);
        CHECK_FALSE(b.core.job(old).place.backfill);
    }
}

TEST_CASE("core: a replay that failed rests on, whatever comes: its destination is to be left alone") {
    Bench b;
    b.replayed(p0, 1, "ann");
    const auto old = b.start_one();
    b.verdict(old, Retry{.reason = "answered 404", .at_least = Milliseconds{4'000}});
    b.record(p1, 1, "ann");
    CHECK(b.started_lanes().empty());
    b.advance_to_wake();
    CHECK(b.start_one() == old);
    CHECK_FALSE(b.core.job(old).place.backfill);
}

TEST_CASE("core: a replay that keeps something live from its lane has no time, whosever it is") {
    Bench b{{.slots = 1}};
    b.replayed(p0, 1, "person", "old hire");
    const auto old = b.start_one();
    const Wait pace{.reason = "too many wait for their turn", .at_least = Milliseconds{4'000}};
    SUBCASE("it rests when that comes") {
        b.verdict(old, pace);
        b.record(p1, 1, "person", "new hire");
    }
    SUBCASE("it is under way when that comes") {
        b.record(p1, 1, "person", "new hire");
        b.verdict(old, pace);
    }
    // Others that are live do not go before it.
    b.record(p1, 2, "bob");
    REQUIRE(b.start_one() == old);
    CHECK(b.core.job(old).records.size() == 1);
    CHECK_FALSE(b.core.job(old).place.backfill);
    b.verdict(old, Done{});
    CHECK(b.started_lanes() == Lanes_{"bob"});
    b.verdict(b.starts.at(0), Done{});
    CHECK(b.core.job(b.start_one()).place.group == "new hire");
}

TEST_CASE("core: the rest of a replay ends with its partition, and nothing of it is left for what is live") {
    Bench b;
    b.replayed(p0, 1, "ann");
    b.verdict(b.start_one(), Wait{.reason = "too many wait for their turn"});
    b.core.on_revoked({p0});
    b.record(p1, 1, "ann");
    const auto live = b.start_one();
    CHECK(b.core.job(live).records.size() == 1);
    b.verdict(live, Done{});
    b.advance(std::chrono::minutes{1});
    b.ask();
    CHECK(b.starts.empty());
    CHECK(b.core.open() == 0);
}

TEST_CASE("core: requests that nobody has been told of are the job's until its next attempt") {
    Bench b;
    b.record(p0, 1, "ann");
    const auto job = b.start_one();
    Attempted waits{Verdict{Wait{.reason = "paused"}}, true};
    waits.untold_calls = 2;
    b.verdict(job, waits);
    b.advance_to_wake();
    REQUIRE(b.start_one() == job);
    CHECK(b.core.job(job).untold_calls == 2);
    b.verdict(job, weather);
    CHECK(b.core.job(job).untold_calls == 0);
}
