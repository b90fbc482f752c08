#include "tools/hirewire/effect_view.hpp"

#include <doctest/doctest.h>

#include "common/json/value.hpp"

using namespace hirewire;
using namespace hirewire::cli;

namespace {

sync::Effect effect(sync::EffectKind kind, v1::OutcomeKind outcome, const std::string& opportunity = "o-1") {
    sync::Effect made;
    made.kind = kind;
    made.outcome = outcome;
    made.opportunity = opportunity;
    made.version = 7;
    made.before = "New applicant";
    made.after = "Offer";
    return made;
}

sync::Effect would_change(const std::string& opportunity = "o-1") {
    auto made = effect(sync::EffectKind::would_change, v1::OUTCOME_KIND_APPLIED, opportunity);
    made.calls = 1;
    return made;
}

sync::Effect no_op(const std::string& opportunity = "o-2") {
    auto made = effect(sync::EffectKind::no_op, v1::OUTCOME_KIND_UNCHANGED, opportunity);
    made.reason = "applied before";
    return made;
}

DryRun dry_run_of_clara() {
    DryRun run;
    run.destination = "clara";
    run.what = "changes";
    return run;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("effect view: a person sees those that do something first, and no more than asked for") {
    EffectRows rows{3};
    for (const auto* id : {"n-1", "n-2", "n-3", "n-4"}) rows.add(no_op(id));
    rows.add(would_change("w-1"));
    const auto shown = rows.shown();
    REQUIRE(shown.size() == 3);
    CHECK(shown[0].opportunity == "w-1");
    CHECK(shown[1].opportunity == "n-1");
    CHECK(shown[2].opportunity == "n-2");
}

TEST_CASE("effect view: a row says from what to what, and an arrow is for what changes") {
    CHECK(change_words(would_change()) == "New applicant -> Offer");
    CHECK(change_words(no_op()) == "Offer");
    CHECK(change_words(effect(sync::EffectKind::superseded, v1::OUTCOME_KIND_SUPERSEDED)) == "New applicant");
    CHECK(line_of(would_change()) == "would change  o-1  New applicant -> Offer");
    CHECK(line_of(no_op()) == "no-op         o-2  Offer  (applied before)");
    CHECK(has(table_of({would_change(), no_op()}), "would change  o-1"));
    CHECK(table_of({}).empty());
}

TEST_CASE("effect view: the summary has totals, calls, the time at the rate limit and the words of the real report") {
    sync::EffectTally tally;
    tally.found(500, 100);
    for (int i = 0; i < 300; ++i) tally.add(would_change());
    for (int i = 0; i < 100; ++i) tally.add(no_op());
    auto run = dry_run_of_clara();
    CHECK(has(summary_of(run, tally), "As fast as clara answers"));
    run.requests_per_second = 1;
    const auto text = summary_of(run, tally);
    CHECK(has(text, "nothing is sent"));
    CHECK(has(text, "would change          300"));
    CHECK(has(text, "no-op                 100"));
    CHECK(has(text, "overtaken             100"));
    CHECK(has(text, "calls                 300"));
    CHECK(has(text, "About 5 min at the rate limit (1/s calls by clara.requests_per_second)."));
    CHECK(has(text, "300 of them rest on what is assumed from the ledger"));
    CHECK(has(text, "the real run's report shows: applied + unchanged 400, superseded 100."));
    // Of what is rare nothing is said when there is none.
    CHECK_FALSE(has(text, "would die"));
    run.per_second = 0.5;
    CHECK(has(summary_of(run, tally), "About 14 min at the rate limit (0.5/s records by --rate, 1/s calls by"));
}

TEST_CASE("effect view: whoever is told nothing at present is said to be, with the reason") {
    sync::EffectTally tally;
    tally.found(1, 0);
    tally.add(effect(sync::EffectKind::held, v1::OUTCOME_KIND_HELD));
    auto run = dry_run_of_clara();
    run.waits = "paused by ann";
    const auto text = summary_of(run, tally);
    CHECK(has(text, "clara is told nothing at present: paused by ann"));
    CHECK(has(text, "held                    1"));
    CHECK(has(json_of(run, tally), R"("waits":"paused by ann")"));
}

TEST_CASE("effect view: for programs each effect is a line, and the summary is the one with dry_run") {
    auto asked = would_change();
    asked.asked = true;
    const auto row = json::Document::parse(json_of(asked));
    REQUIRE(row.has_value());
    CHECK((*row)["effect"].string() == "would change");
    CHECK((*row)["expected"].string() == "applied_or_unchanged");
    CHECK((*row)["basis"].string() == "destination");
    CHECK_FALSE((*row)["dry_run"].exists());
    sync::EffectTally tally;
    tally.found(3, 1);
    tally.add(asked);
    tally.add(no_op());
    const auto text = json_of(dry_run_of_clara(), tally);
    CHECK_FALSE(has(text, "\n"));
    const auto summary = json::Document::parse(text);
    REQUIRE(summary.has_value());
    CHECK((*summary)["dry_run"].boolean());
    CHECK((*summary)["expected"]["applied_or_unchanged"].integer() == 2);
    CHECK((*summary)["expected"]["superseded"].integer() == 1);
    CHECK((*summary)["effects"]["would change"].integer() == 1);
    CHECK((*summary)["calls"].integer() == 1);
    CHECK((*summary)["assumed_from_the_ledger"].integer() == 0);
}
