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
