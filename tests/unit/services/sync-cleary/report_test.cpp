#include "services/sync-cleary/report.hpp"

#include <doctest/doctest.h>

using namespace hirewire;
using namespace hirewire::cleary;

namespace {

v1::Outcome outcome(const std::string& opportunity, v1::OutcomeKind kind, std::int64_t version = 1) {
    v1::Outcome made;
    made.set_destination("cleary");
    made.set_opportunity_id(opportunity);
    made.set_outcome(kind);
    made.set_version(version);
    made.add_run_ids("other");
    made.add_run_ids("run");
    return made;
}

Hire hire(const std::string& opportunity, const std::string& start_date) {
    Hire made;
    made.opportunity_id = opportunity;
    made.start_date = start_date;
    return made;
}

}  // namespace

TEST_CASE("#35 report: what came of each is one of added, changed, unchanged, failed and the others, together all") {
    sync::ReplayProgress progress;
    progress.found = 24;
    progress.outcomes = {
        {"applied", 5},
        {"unchanged", 7},
        {"dead", 1},
        {"retrying", 2},
        {"needs_merge", 3},
        {"handed_over", 2},
        {"not_visible", 1},
        {"skipped", 2},
        {"superseded", 1}};
    progress.effects = {{"created", 2}, {"updated", 3}};
    const auto counts = counts_of(progress);
    CHECK(counts.at("added") == 2);
    CHECK(counts.at("changed") == 3);
    CHECK(counts.at("unchanged") == 7);
    CHECK(counts.at("failed") == 3);
    CHECK(counts.at("needs_merge") == 3);
    CHECK(counts.at("handed_over") == 2);
    CHECK(counts.at("not_visible") == 1);
    CHECK(counts.at("skipped") == 2);
    std::int64_t sum = 0;
    for (const auto& [name, count] : counts) sum += name == "found" ? 0 : count;
    CHECK(sum == counts.at("found"));
}

TEST_CASE("#35 report: a run without anybody still has all its counts") {
    const auto counts = counts_of(sync::ReplayProgress{});
    for (const char* name : {"found", "added", "changed", "unchanged", "failed", "needs_merge", "handed_over"}) {
        CAPTURE(name);
        REQUIRE(counts.contains(name));
        CHECK(counts.at(name) == 0);
    }
}

TEST_CASE("#35 report: the last outcome of this run holds for somebody, whatever other runs and destinations say") {
    Endings endings;
    add_outcome(endings, outcome("o-1", v1::OUTCOME_KIND_RETRYING), "run");
    auto dead = outcome("o-1", v1::OUTCOME_KIND_DEAD);
    dead.set_reason("no personal e-mail in Lever");
    add_outcome(endings, dead, "run");
    auto elsewhere = outcome("o-1", v1::OUTCOME_KIND_APPLIED);
    elsewhere.set_destination("clara");
    add_outcome(endings, elsewhere, "run");
    auto live = outcome("o-1", v1::OUTCOME_KIND_APPLIED, 2);
    live.clear_run_ids();
    add_outcome(endings, live, "run");
    add_outcome(endings, outcome("o-1", v1::OUTCOME_KIND_APPLIED, 0), "run");
    REQUIRE(endings.size() == 1);
    CHECK(endings.at("o-1").outcome == v1::OUTCOME_KIND_DEAD);
    CHECK(endings.at("o-1").reason == "no personal e-mail in Lever");
    CHECK(is_failure(endings.at("o-1").outcome));
}

TEST_CASE("#37 #38 report: people are under the tab that their first day makes, and who passed is told") {
    Selection selection;
    selection.governing = {
        hire("future", "2026-03-10"),
        hire("passed", "2026-03-02"),
        hire("long ago", "2026-01-10"),
        hire("none", ""),
        hire("odd", "soon")};
    Counts counts;
    add_buckets(counts, selection, {}, {.today = "2026-03-02", .previous = "2026-03-01"});
    CHECK(counts.at("new_hires_preboarding") == 1);
    CHECK(counts.at("action_needed") == 4);
    CHECK(counts.at("passed_since_last_run") == 1);
    CHECK(counts.at("not_a_date") == 1);
}

TEST_CASE("#39 #40 report: who was handed over, waits for a merge or is not there is under no tab") {
    Selection selection;
    Endings endings;
    for (const auto kind :
         {v1::OUTCOME_KIND_HANDED_OVER,
          v1::OUTCOME_KIND_NEEDS_MERGE,
          v1::OUTCOME_KIND_NOT_VISIBLE,
          v1::OUTCOME_KIND_SKIPPED,
          v1::OUTCOME_KIND_DEAD}) {
        const auto id = v1::OutcomeKind_Name(kind);
        selection.governing.push_back(hire(id, "2026-03-02"));
        add_outcome(endings, outcome(id, kind), "run");
    }
    selection.governing.push_back(hire("kept", "2026-03-02"));
    add_outcome(endings, outcome("kept", v1::OUTCOME_KIND_UNCHANGED), "run");
    Counts counts;
    add_buckets(counts, selection, endings, {.today = "2026-03-02", .previous = "2026-03-01"});
    CHECK(counts.at("action_needed") == 1);
    CHECK(counts.at("passed_since_last_run") == 1);
    CHECK(counts.at("new_hires_preboarding") == 0);
}

TEST_CASE(
    "#39 csv: an import leaves out whom the HRIS has, and whose record is another's, until Cleary says otherwise") {
    Endings last;
    const auto say = [&last](v1::OutcomeKind kind, int status, const std::string& reason = {}) {
        v1::Outcome said;
        said.set_destination("cleary");
        said.set_opportunity_id("hire-1");
        said.set_outcome(kind);
        said.set_http_status(status);
        said.set_reason(reason);
        add_last_word(last, said);
    };
    CHECK(why_not_imported(last, "hire-1").empty());
    say(v1::OUTCOME_KIND_HANDED_OVER, 200, "the user is not in pre-boarding any more");
    CHECK(why_not_imported(last, "hire-1") == "handed over: the user is not in pre-boarding any more");
    // Neither a change that is left to the daily run nor what the ledger knew gives the user back.
    say(v1::OUTCOME_KIND_SKIPPED, 0, "left to the daily run");
    say(v1::OUTCOME_KIND_UNCHANGED, 0, "applied before");
    CHECK_FALSE(why_not_imported(last, "hire-1").empty());
    say(v1::OUTCOME_KIND_NEEDS_MERGE, 200, "the user name belongs to somebody else's record");
    CHECK(why_not_imported(last, "hire-1").starts_with("needs a merge: "));
    say(v1::OUTCOME_KIND_UNCHANGED, 200);
    CHECK(why_not_imported(last, "hire-1").empty());
    CHECK(why_not_imported(last, "hire-2").empty());
}
