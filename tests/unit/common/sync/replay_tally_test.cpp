#include "common/sync/replay_tally.hpp"

#include <doctest/doctest.h>

using namespace hirewire;
using namespace hirewire::sync;

namespace {

v1::Outcome outcome(
    const std::string& opportunity, std::int64_t version, v1::OutcomeKind kind, const std::string& run = "run") {
    v1::Outcome o;
    o.set_destination("clara");
    o.set_opportunity_id(opportunity);
    o.set_version(version);
    o.set_outcome(kind);
    o.set_attempts(1);
    o.add_run_ids("another");
    o.add_run_ids(run);
    return o;
}

v1::Outcome called(v1::Outcome o, int attempts, const std::string& effect = {}) {
    o.set_http_status(200);
    o.set_attempts(attempts);
    o.set_effect(effect);
    return o;
}

using Counts = std::map<std::string, std::int64_t>;

}  // namespace

TEST_CASE("replay tally: each record is counted once, by its newest answer") {
    ReplayTally tally{"run", "clara"};
    tally.found(5, 2);
    CHECK(tally.add_sent("a", 1));
    CHECK(tally.add_sent("b", 2));
    CHECK(tally.add_sent("c", 3));
    CHECK_FALSE(tally.add_sent("c", 4));
    CHECK(tally.open() == 3);
    tally.add(called(outcome("a", 1, v1::OUTCOME_KIND_APPLIED), 1, "updated"));
    tally.add(called(outcome("a", 1, v1::OUTCOME_KIND_APPLIED), 1, "updated"));
    auto parked = outcome("b", 2, v1::OUTCOME_KIND_RETRYING);
    parked.set_parked(1);
    tally.add(parked);
    CHECK(tally.open() == 1);
    CHECK(tally.progress().outcomes == Counts{{"applied", 1}, {"retrying", 1}, {"superseded", 2}});
    tally.add(called(outcome("b", 2, v1::OUTCOME_KIND_APPLIED), 4, "created"));
    tally.add(outcome("c", 3, v1::OUTCOME_KIND_SUPERSEDED));
    CHECK(tally.open() == 0);
    const auto progress = tally.progress();
    CHECK(progress.found == 5);
    CHECK(progress.overtaken == 2);
    CHECK(progress.sent == 3);
    CHECK(progress.outcomes == Counts{{"applied", 2}, {"superseded", 3}});
    CHECK(progress.effects == Counts{{"created", 1}, {"updated", 1}});
    CHECK(progress.calls == 5);
}

TEST_CASE("replay tally: what is repeated at once or held is no answer yet, what is parked is one") {
    ReplayTally tally{"run", "clara"};
    tally.add_sent("a", 1);
    for (const auto kind : {v1::OUTCOME_KIND_RETRYING, v1::OUTCOME_KIND_HELD}) {
        CHECK(tally.add(outcome("a", 1, kind)));
        CHECK(tally.open() == 1);
    }
    auto parked = outcome("a", 1, v1::OUTCOME_KIND_RETRYING);
    parked.set_parked(2);
    tally.add(parked);
    CHECK(tally.open() == 0);
    tally.add(called(outcome("a", 1, v1::OUTCOME_KIND_DEAD), 9));
    CHECK(tally.progress().outcomes == Counts{{"dead", 1}});
}

TEST_CASE("replay tally: a record is retrying from its first failure until its answer, however often it is told") {
    ReplayTally tally{"run", "clara"};
    for (const auto* key : {"a", "b", "c"}) tally.add_sent(key, 1);
    CHECK(tally.retrying() == 0);
    tally.add(outcome("a", 1, v1::OUTCOME_KIND_RETRYING));
    tally.add(outcome("a", 1, v1::OUTCOME_KIND_RETRYING));
    tally.add(outcome("b", 1, v1::OUTCOME_KIND_RETRYING));
    tally.add(outcome("b", 1, v1::OUTCOME_KIND_HELD));
    tally.add(outcome("c", 1, v1::OUTCOME_KIND_HELD));
    CHECK(tally.retrying() == 2);
    CHECK(tally.open() == 3);
    tally.add(called(outcome("a", 1, v1::OUTCOME_KIND_APPLIED), 2, "updated"));
    auto parked = outcome("b", 1, v1::OUTCOME_KIND_RETRYING);
    parked.set_parked(1);
    tally.add(parked);
    CHECK(tally.retrying() == 0);
    CHECK(tally.open() == 1);
    // What is read once more comes after its answer.
    tally.add(outcome("a", 1, v1::OUTCOME_KIND_RETRYING));
    tally.add(called(outcome("a", 1, v1::OUTCOME_KIND_APPLIED), 2, "updated"));
    CHECK(tally.retrying() == 0);
}

TEST_CASE("replay tally: others' outcomes are none of its business") {
    ReplayTally tally{"run", "clara"};
    tally.add_sent("a", 1);
    CHECK_FALSE(tally.add(outcome("a", 1, v1::OUTCOME_KIND_APPLIED, "run-2")));
    auto elsewhere = outcome("a", 1, v1::OUTCOME_KIND_APPLIED);
    elsewhere.set_destination("cluster");
    CHECK_FALSE(tally.add(elsewhere));
    CHECK(tally.add(outcome("a", 2, v1::OUTCOME_KIND_APPLIED)));  // of a version that was not sent
    CHECK(tally.open() == 1);
}

// Protects the report of a run that two processes wrote: the second copy is met by what the first one did.
TEST_CASE("replay tally: a copy that the ledger knows does not undo what the first one did") {
    ReplayTally tally{"run", "clara"};
    tally.add_sent("a", 1);
    tally.add(called(outcome("a", 1, v1::OUTCOME_KIND_APPLIED), 1, "created"));
    tally.add(outcome("a", 1, v1::OUTCOME_KIND_UNCHANGED));
    CHECK(tally.progress().outcomes == Counts{{"applied", 1}});
    CHECK(tally.progress().effects == Counts{{"created", 1}});
}

TEST_CASE("replay tally: a copy that a newer change overtakes without a call does not undo it either") {
    ReplayTally tally{"run", "clara"};
    tally.add_sent("a", 1);
    tally.add(called(outcome("a", 1, v1::OUTCOME_KIND_APPLIED), 1, "created"));
    tally.add(outcome("a", 1, v1::OUTCOME_KIND_SUPERSEDED));
    CHECK(tally.progress().outcomes == Counts{{"applied", 1}});
    CHECK(tally.progress().effects == Counts{{"created", 1}});
    // What is only on its way is overtaken by it.
    tally.add_sent("b", 2);
    auto parked = outcome("b", 2, v1::OUTCOME_KIND_RETRYING);
    parked.set_parked(1);
    tally.add(parked);
    tally.add(outcome("b", 2, v1::OUTCOME_KIND_SUPERSEDED));
    CHECK(tally.progress().outcomes == Counts{{"applied", 1}, {"superseded", 1}});
}

TEST_CASE("replay tally: an outcome of a record that an earlier process wrote makes it known") {
    ReplayTally tally{"run", "clara"};
    tally.add(outcome("a", 7, v1::OUTCOME_KIND_UNCHANGED));
    CHECK_FALSE(tally.add_sent("a", 7));
    CHECK(tally.sent() == 1);
    CHECK(tally.open() == 0);
}

// Protects the report of a replay that was paused: of whom was told before, some are what is wanted no longer.
TEST_CASE("replay tally: what is wanted is what comes of it, also when less is wanted after a pause") {
    ReplayTally tally{"run", "clara"};
    for (const auto* key : {"a", "b"}) {
        tally.add_sent(key, 1);
        tally.add(outcome(key, 1, v1::OUTCOME_KIND_APPLIED));
    }
    CHECK(tally.keys() == std::unordered_set<std::string>{"a", "b"});
    CHECK(tally.progress().found == 0);  // not known yet
    SUBCASE("some are still wanted") {
        tally.found(2, 1);
        tally.add_sent("c", 1);
        tally.add(outcome("c", 1, v1::OUTCOME_KIND_UNCHANGED));
        CHECK(tally.progress().outcomes == Counts{{"applied", 2}, {"superseded", 1}, {"unchanged", 1}});
        CHECK(tally.progress().found == 4);
    }
    SUBCASE("none is wanted any more") {
        tally.found(0, 0);
        CHECK(tally.progress().found == 2);
    }
    SUBCASE("more are wanted than were written yet") {
        tally.found(9, 1);
        CHECK(tally.progress().found == 9);
    }
}

TEST_CASE("replay tally: every request counts once, those of failed attempts and of second copies, too") {
    ReplayTally tally{"run", "clara"};
    tally.add_sent("a", 1);
    const auto told = [](v1::OutcomeKind kind, int calls, std::int64_t decided_at_ms) {
        auto o = called(outcome("a", 1, kind), 9);
        o.set_calls(calls);
        o.set_decided_at_ms(decided_at_ms);
        return o;
    };
    const auto failed = told(v1::OUTCOME_KIND_RETRYING, 2, 1'000);
    tally.add(failed);
    CHECK(tally.open() == 1);
    CHECK(tally.progress().calls == 2);
    const auto applied = told(v1::OUTCOME_KIND_APPLIED, 1, 2'000);
    tally.add(applied);
    CHECK(tally.progress().calls == 3);
    tally.add(told(v1::OUTCOME_KIND_UNCHANGED, 1, 3'000));
    CHECK(tally.progress().calls == 4);
    // What is read twice is told twice.
    tally.add(failed);
    tally.add(applied);
    CHECK(tally.progress().calls == 4);
    // Of another version of it no request is this run's.
    auto other = outcome("a", 2, v1::OUTCOME_KIND_RETRYING);
    other.set_calls(1);
    other.set_decided_at_ms(4'000);
    tally.add(other);
    CHECK(tally.progress().calls == 4);
}

// Protects the report across an update of the daemons, whose earlier versions count attempts.
TEST_CASE("replay tally: where no requests are told the attempts stand for them") {
    ReplayTally tally{"run", "clara"};
    tally.add_sent("a", 1);
    auto parked = called(outcome("a", 1, v1::OUTCOME_KIND_RETRYING), 3);
    parked.set_parked(1);
    tally.add(parked);
    tally.add(called(outcome("a", 1, v1::OUTCOME_KIND_APPLIED), 5));
    CHECK(tally.progress().calls == 5);
    tally.add_sent("b", 2);
    tally.add(outcome("b", 2, v1::OUTCOME_KIND_SUPERSEDED));
    CHECK(tally.progress().calls == 5);
    // Told, and none of them.
    auto known = called(outcome("b", 2, v1::OUTCOME_KIND_APPLIED), 4);
    known.set_calls(0);
    known.set_decided_at_ms(1'000);
    tally.add(known);
    CHECK(tally.progress().calls == 5);
}
