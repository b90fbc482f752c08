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

sync::Effect undecided(const std::string& opportunity = "o-3") {
    auto made = effect(sync::EffectKind::undecided, v1::OUTCOME_KIND_UNSPECIFIED, opportunity);
    made.reason = "would ask lever-source who this is";
    made.more_calls = true;
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
    CHECK(has(text, "300 of them rest on what is assumed from the ledger: there clara's rules ask nothing"));
    CHECK(has(text, "the real run's report shows: applied + unchanged 400, superseded 100."));
    // Of what is rare nothing is said when there is none.
    CHECK_FALSE(has(text, "would die"));
    CHECK_FALSE(has(text, "undecided"));
    CHECK_FALSE(has(text, "taken as the changes have them"));
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
    // A real run waits like everything else, and nothing of it is reported as held.
    CHECK(has(text, "The real run waits until that ends"));
    CHECK_FALSE(has(text, "report shows: held"));
}

TEST_CASE("effect view: what depends on answers is counted by itself, and promised under no word") {
    sync::EffectTally tally;
    tally.found(3, 0);
    tally.add(no_op());
    auto run = dry_run_of_clara();
    run.destination = "cleary";
    tally.add(undecided("o-3"));
    tally.add(undecided("o-4"));
    const auto text = summary_of(run, tally);
    CHECK(has(text, "undecided               2"));
    CHECK(has(text, "2 depend on answers of lever-source or cleary: give --ask to know.\n"));
    CHECK(has(text, "report shows: applied + unchanged 1, and beside these 2 under words that depend on answers.\n"));
    CHECK_FALSE(has(text, "assumed from the ledger"));
    // Who has asked is told why not all was asked.
    run.asked = true;
    run.unasked = "cleary is asked no more: it refused the credential (answered 401)";
    const auto asked = summary_of(run, tally);
    CHECK(has(asked, "2 depend on answers of lever-source or cleary that were not asked for.\n"));
    CHECK(has(asked, "cleary is asked no more: it refused the credential (answered 401).\n"));
    CHECK_FALSE(has(asked, "give --ask"));
    const auto summary = json::Document::parse(json_of(run, tally));
    REQUIRE(summary.has_value());
    CHECK((*summary)["effects"]["undecided"].integer() == 2);
    CHECK((*summary)["expected"]["applied_or_unchanged"].integer() == 1);
    CHECK((*summary)["expected"].size() == 1);
    CHECK((*summary)["not_asked"].string() == run.unasked);
    const auto row = json::Document::parse(json_of(undecided()));
    REQUIRE(row.has_value());
    CHECK((*row)["effect"].string() == "undecided");
    CHECK((*row)["expected"].string() == "undecided");
}

TEST_CASE("effect view: names that could not be held against Lever's lists are said to be") {
    const sync::EffectTally tally;
    auto run = dry_run_of_clara();
    run.unresolved_names = "its token is not set";
    const auto text = summary_of(run, tally);
    CHECK(
        has(text, "Names of stages and archive reasons are taken as the changes have them (its token is not set)."));
    CHECK(has(json_of(run, tally), R"("names_not_resolved":"its token is not set")"));
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
