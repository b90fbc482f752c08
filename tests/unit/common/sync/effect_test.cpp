// What a dry run foresees: by the ledger, by the rules of every destination, and in the words of the real run's
// report.
#include "common/sync/effect.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/sync/effect_tally.hpp"
#include "services/sync-clara/rules.hpp"
#include "services/sync-cleary/rules.hpp"
#include "services/sync-clinch/rules.hpp"
#include "services/sync-cluster/rules.hpp"
#include "tests/support/case_runner.hpp"
#include "tests/support/change_builders.hpp"

using namespace hirewire;
using namespace hirewire::sync;

namespace {

constexpr std::int64_t now = 1'772'463'905'123;
constexpr std::int64_t hour = 3'600'000;

v1::Outcome outcome(const v1::Change& change, v1::OutcomeKind kind, int status = 200) {
    v1::Outcome told;
    told.set_destination("clara");
    told.set_opportunity_id(change.opportunity_id());
    told.set_version(change.version());
    told.set_outcome(kind);
    told.set_http_status(status);
    told.set_decided_at_ms(change.occurred_at_ms());
    return told;
}

// In a replay nothing is live.
v1::Change replayed(v1::Change change) {
    change.set_live(false);
    return change;
}

std::unique_ptr<Destination> configured(std::unique_ptr<Destination> destination) {
    const std::string folder = "/tests/unit/services/sync-" + std::string{destination->name()};
    return testing::configured(
        std::move(destination), std::string{HIREWIRE_SOURCE_DIR} + folder + "/cases/config.toml");
}

std::vector<std::unique_ptr<Destination>> all_destinations() {
    std::vector<std::unique_ptr<Destination>> all;
    all.push_back(configured(clara::make_destination()));
    all.push_back(configured(cluster::make_destination()));
    all.push_back(configured(cleary::make_destination()));
    all.push_back(configured(clinch::make_destination()));
    return all;
}

// One of each kind, and some that rules are strict about.
std::vector<v1::Change> changes() {
    std::vector<v1::Change> all;
    for (int kind = v1::CHANGE_KIND_APPLIED; kind <= v1::CHANGE_KIND_DELETED; ++kind) {
        auto change = kind == v1::CHANGE_KIND_HIRED ? testing::hire(now) : testing::stage_change(now);
        change.set_kind(static_cast<v1::ChangeKind>(kind));
        change.mutable_mark()->set_deleted(kind == v1::CHANGE_KIND_DELETED);
        change.mutable_mark()->set_anonymized(kind == v1::CHANGE_KIND_ANONYMIZED);
        all.push_back(replayed(std::move(change)));
    }
    auto nobody = testing::hire(now);
    nobody.clear_contact_id();
    all.push_back(replayed(std::move(nobody)));
    auto stranger = testing::stage_change(now);
    stranger.clear_cluster();
    stranger.clear_posting();
    all.push_back(replayed(std::move(stranger)));
    auto left = testing::stage_change(now);
    *left.mutable_previous_status() = testing::archive_reason("reason-hired", "Hired");
    all.push_back(replayed(std::move(left)));
    auto without_status = testing::stage_change(now);
    without_status.clear_status();
    all.push_back(replayed(std::move(without_status)));
    return all;
}

Person ada() {
    Person person;
    person.name = "Ada Park";
    person.emails = {"ada.park@example.net"};
    return person;
}

http::Reply reply(int status, std::string body) {
    http::Reply made;
    made.status = status;
    made.body = std::move(body);
    return made;
}

// Neighbours that know everybody and take everything.
Answer willing(const http::Request& request) {
    if (request.method != http::Method::get) return reply(200, "{}");
    if (request.target.starts_with("/Users")) return reply(200, R"({"totalResults":0,"Resources":[]})");
    if (request.target.starts_with("/candidates")) {
        return reply(200, R"({"data":[{"id":"c-1","attributes":{"email":"ada.park@example.net"}}]})");
    }
    return reply(404, "{}");
}

// By what the engine would report it.
v1::OutcomeKind reported(const Plan& decision) {
    if (const auto* settled = std::get_if<Settle>(&decision.step)) return settled->outcome;
    const auto* failed = std::get_if<Fail>(&decision.step);
    const bool refused = failed != nullptr && std::holds_alternative<pipeline::Refused>(failed->verdict);
    return refused ? v1::OUTCOME_KIND_DEAD : v1::OUTCOME_KIND_UNSPECIFIED;
}

Course course_of(Plan plan) {
    Course course;
    course.plan = std::move(plan);
    return course;
}

Plan put() {
    http::Request request;
    request.method = http::Method::put;
    request.target = "/x?who=somebody";
    return {Send{.request = std::move(request)}};
}

Plan get() {
    http::Request request;
    request.target = "/x?who=somebody";
    return {Send{.request = std::move(request)}};
}

LedgerView::Known told(const v1::Change& change) {
    LedgerView::Known known;
    known.version = change.version();
    known.told = change.version();
    known.status = status_words(change);
    return known;
}

}  // namespace

TEST_CASE("effect: the ledger's view is that of the daemon, and knows the words of what was told last") {
    LedgerView ledger{"clara"};
    const auto first = testing::stage_change(now);
    const auto second = testing::hire(now + hour);
    auto elsewhere = outcome(second, v1::OUTCOME_KIND_APPLIED);
    elsewhere.set_destination("cluster");
    ledger.hear(outcome(first, v1::OUTCOME_KIND_APPLIED));
    ledger.hear(elsewhere);
    ledger.hear(outcome(second, v1::OUTCOME_KIND_SKIPPED));
    ledger.learn(second);
    ledger.learn(first);
    CHECK(ledger.of("opportunity-1").version == first.version());
    CHECK(ledger.of("opportunity-1").told == first.version());
    CHECK(ledger.of("opportunity-1").status == "On-site interview");
    // Overtaken is decided on, and not told.
    ledger.hear(outcome(second, v1::OUTCOME_KIND_SUPERSEDED, 0));
    CHECK(ledger.of("opportunity-1").version == second.version());
    CHECK(ledger.of("opportunity-1").told == first.version());
    CHECK(ledger.of("nobody").version == 0);
}

TEST_CASE("effect: a destination is held from its refusal until it answers something else") {
    LedgerView ledger{"clara"};
    CHECK(ledger.held_since_ms() == 0);
    ledger.hear(outcome(testing::stage_change(now), v1::OUTCOME_KIND_HELD, 401));
    CHECK(ledger.held_since_ms() == now);
    const PauseBook nobody{"clara"};
    CHECK(waits_of(nobody, "live", ledger.held_since_ms()).find("refused us") != std::string::npos);
    // What was decided without asking says nothing of the credential.
    ledger.hear(outcome(testing::stage_change(now + 1), v1::OUTCOME_KIND_SKIPPED, 0));
    CHECK(ledger.held_since_ms() == now);
    // Nor does weather.
    for (const int status : {0, 408, 425, 429, 500, 503}) {
        CAPTURE(status);
        ledger.hear(outcome(testing::stage_change(now + 1), v1::OUTCOME_KIND_RETRYING, status));
        CHECK(ledger.held_since_ms() == now);
    }
    ledger.hear(outcome(testing::stage_change(now + 2), v1::OUTCOME_KIND_APPLIED));
    CHECK(ledger.held_since_ms() == 0);
}

// Protects a dry run from a hold that the daemon's own probe has ended.
TEST_CASE("effect: an answer that has the change tried again ends a hold, too, unless it is weather") {
    for (const int status : {404, 409, 412}) {
        CAPTURE(status);
        LedgerView ledger{"clara"};
        ledger.hear(outcome(testing::stage_change(now), v1::OUTCOME_KIND_HELD, 401));
        ledger.hear(outcome(testing::stage_change(now + 1), v1::OUTCOME_KIND_RETRYING, status));
        CHECK(ledger.held_since_ms() == 0);
    }
}

TEST_CASE("effect: a pause, a mode that is off and a hold are why nothing is sent, and a resume ends a hold") {
    PauseBook pauses{"clara"};
    CHECK(waits_of(pauses, "live", 0).empty());
    CHECK(waits_of(pauses, "off", 0) == "its mode is off");
    pauses.add(word_of(Word::pause, "clara", "ann@desk", now));
    CHECK(waits_of(pauses, "live", 0).starts_with("paused by ann@desk at 2026-03-02T15:05:05"));
    pauses.add(word_of(Word::resume, "clara", "ann@desk", now + 5));
    CHECK(waits_of(pauses, "live", now).empty());
    CHECK_FALSE(waits_of(pauses, "live", now + 6).empty());
}

TEST_CASE("effect: what the ledger knows needs no rules, unless it is forced") {
    const auto change = replayed(testing::stage_change(now));
    const auto newer = told(testing::hire(now + hour));
    EffectTerms plain;
    plain.now_ms = now;
    EffectTerms forced = plain;
    forced.forced = true;
    CHECK_FALSE(decided_before(change, {}, plain).has_value());
    const auto again = decided_before(change, told(change), plain);
    REQUIRE(again.has_value());
    CHECK(again->kind == EffectKind::no_op);
    CHECK(again->outcome == v1::OUTCOME_KIND_UNCHANGED);
    CHECK(again->calls == 0);
    CHECK_FALSE(decided_before(change, told(change), forced).has_value());
    // No force lowers a version.
    for (const auto& terms : {plain, forced}) {
        const auto older = decided_before(change, newer, terms);
        REQUIRE(older.has_value());
        CHECK(older->kind == EffectKind::superseded);
        CHECK(older->outcome == v1::OUTCOME_KIND_SUPERSEDED);
    }
    auto secret = change;
    secret.set_confidential(true);
    const auto kept = decided_before(secret, {}, plain);
    REQUIRE(kept.has_value());
    CHECK(kept->outcome == v1::OUTCOME_KIND_SKIPPED);
    plain.confidential = true;
    CHECK_FALSE(decided_before(secret, {}, plain).has_value());
}

TEST_CASE("effect: what was disconnected is not asked again for a day") {
    LedgerView ledger{"clara"};
    const auto change = replayed(testing::stage_change(now));
    ledger.hear(outcome(change, v1::OUTCOME_KIND_DISABLED, 410));
    const auto newer = replayed(testing::stage_change(now + 1));
    EffectTerms terms;
    terms.now_ms = now + 23 * hour;
    const auto kept = decided_before(newer, ledger.of("opportunity-1"), terms);
    REQUIRE(kept.has_value());
    CHECK(kept->kind == EffectKind::skipped);
    CHECK(kept->outcome == v1::OUTCOME_KIND_DISABLED);
    // Who insists has it asked again.
    terms.forced = true;
    CHECK_FALSE(decided_before(newer, ledger.of("opportunity-1"), terms).has_value());
    terms.forced = false;
    terms.now_ms = now + 25 * hour;
    CHECK_FALSE(decided_before(newer, ledger.of("opportunity-1"), terms).has_value());
}

TEST_CASE("effect: what is foreseen is what the rules end with, at every destination and for every kind of change") {
    int told_somewhere = 0;
    int not_told = 0;
    int undecided = 0;
    for (const auto& destination : all_destinations()) {
        for (const auto& change : changes()) {
            const std::string name{destination->name()};
            CAPTURE(name);
            const int kind = change.kind();
            const std::string status = change.status().name();
            CAPTURE(kind);
            CAPTURE(status);
            const auto situation = replayed_situation({});
            const auto effect = foresee(change, {}, course_of(destination->plan(change, situation)), {});
            CHECK(effect.kind != EffectKind::unknown);
            // The others' rules ask nothing before they tell, so nothing of theirs may be left open.
            if (effect.kind == EffectKind::undecided) {
                CHECK((name == "cleary" || name == "clinch"));
                ++undecided;
                continue;
            }
            const testing::Neighbours neighbours{.destination = willing, .lever_source = [] { return ada(); }};
            const auto decision = testing::follow(destination->plan(change, situation), neighbours);
            CHECK(expected_word(effect.outcome) == expected_word(reported(decision)));
            CHECK((effect.calls > 0) == (effect.kind == EffectKind::would_change));
            CHECK_FALSE(effect.more_calls);
            ++(effect.kind == EffectKind::would_change ? told_somewhere : not_told);
        }
    }
    CHECK(told_somewhere > 5);
    CHECK(undecided > 5);
    CHECK(not_told > 5);
}

TEST_CASE("effect: would change says from what to what; the same once more is expected to change nothing") {
    const auto before = testing::stage_change(now);
    const auto after = replayed(testing::hire(now + hour));
    EffectTerms forced;
    forced.forced = true;
    const auto first = foresee(after, {}, course_of(put()), {});
    CHECK(first.before == "nothing");
    const auto next = foresee(after, told(before), course_of(put()), {});
    CHECK(next.kind == EffectKind::would_change);
    CHECK(next.before == "On-site interview");
    CHECK(next.after == "Hired (hired)");
    CHECK(next.calls == 1);
    CHECK_FALSE(next.more_calls);
    auto forgotten = told(before);
    forgotten.status.clear();
    CHECK(foresee(after, forgotten, course_of(put()), {}).before == "a state that Kafka has no more");
    const auto again = foresee(after, told(after), course_of(put()), forced);
    CHECK(again.kind == EffectKind::no_op);
    CHECK(again.reason == "would be sent again, no change expected");
    CHECK(again.calls == 1);
    CHECK_FALSE(again.asked);
}

TEST_CASE("effect: what depends on an answer that nobody asked for is undecided, whatever the ledger says") {
    const auto change = replayed(testing::hire(now));
    const auto unasked = foresee(change, {}, course_of(get()), {});
    CHECK(unasked.kind == EffectKind::undecided);
    CHECK(unasked.outcome == v1::OUTCOME_KIND_UNSPECIFIED);
    CHECK(unasked.calls == 1);
    CHECK(unasked.more_calls);
    // Its query may name somebody.
    CHECK(unasked.reason == "would begin with GET /x");
    const auto person = foresee(change, {}, course_of({AskPerson{}}), {});
    CHECK(person.kind == EffectKind::undecided);
    CHECK(person.reason == "would ask lever-source who this is");
    CHECK(person.calls == 0);
    CHECK(person.more_calls);
    EffectTerms forced;
    forced.forced = true;
    const auto again = foresee(change, told(change), course_of({AskPerson{}}), forced);
    CHECK(again.kind == EffectKind::undecided);
    CHECK(again.reason == "would ask lever-source who this is; it was told this before");
    // One answer may leave the next question open.
    Course course = course_of(get());
    course.calls = 1;
    course.asked = true;
    CHECK(foresee(change, {}, course, {}).kind == EffectKind::undecided);
    CHECK(foresee(change, {}, course, {}).calls == 2);
}

TEST_CASE("effect: what the destination answered goes before what the ledger says") {
    const auto change = replayed(testing::hire(now));
    Course course = course_of(put());
    course.calls = 2;
    course.asked = true;
    const auto lost = foresee(change, told(change), course, {});
    CHECK(lost.kind == EffectKind::would_change);
    CHECK(lost.asked);
    CHECK(lost.calls == 3);
    course.plan = {Settle{.outcome = v1::OUTCOME_KIND_UNCHANGED}};
    const auto there = foresee(change, {}, course, {});
    CHECK(there.kind == EffectKind::no_op);
    CHECK(there.calls == 2);
    course.plan = {Fail{.verdict = pipeline::Weather{.reason = "answered 503"}}};
    CHECK(foresee(change, {}, course, {}).kind == EffectKind::unknown);
    course.plan = {Fail{.verdict = pipeline::Hold{.reason = "answered 401"}}};
    CHECK(foresee(change, {}, course, {}).kind == EffectKind::held);
}

TEST_CASE("effect: in shadow nothing is called, and while it is paused everything waits") {
    const auto change = replayed(testing::hire(now));
    EffectTerms shadow;
    shadow.mode = Mode::shadow;
    for (const auto& plan : {put(), get()}) {
        const auto effect = foresee(change, {}, course_of(plan), shadow);
        CHECK(effect.kind == EffectKind::held);
        CHECK(effect.outcome == v1::OUTCOME_KIND_SHADOW);
        CHECK(effect.calls == 0);
        CHECK_FALSE(effect.more_calls);
        CHECK(effect.reason.find("somebody") == std::string::npos);
    }
    // Its daemon asks lever-source all the same, and whom Lever does not show is not in its shadow.
    const auto person = foresee(change, {}, course_of({AskPerson{}}), shadow);
    CHECK(person.kind == EffectKind::undecided);
    CHECK(person.calls == 0);
    CHECK_FALSE(person.more_calls);
    EffectTerms paused;
    paused.waits = "paused by ann";
    const auto waiting = foresee(change, {}, course_of(put()), paused);
    CHECK(waiting.kind == EffectKind::held);
    CHECK(waiting.outcome == v1::OUTCOME_KIND_HELD);
    CHECK(waiting.reason == "paused by ann; then: would change");
    const auto open = foresee(change, {}, course_of(get()), paused);
    CHECK(open.kind == EffectKind::held);
    CHECK(open.reason == "paused by ann; then: undecided (would begin with GET /x)");
    const auto known = decided_before(change, told(change), paused);
    REQUIRE(known.has_value());
    CHECK(known->reason == "paused by ann; then: no-op (applied before)");
}

TEST_CASE("effect tally: its expectation is in the words of the real run's report") {
    const auto change = replayed(testing::hire(now));
    EffectTally tally;
    tally.found(6, 2);
    tally.add(foresee(change, {}, course_of(put()), {}));
    tally.add(foresee(change, {}, course_of(put()), {}));
    tally.add(foresee(change, {}, course_of({Settle{.outcome = v1::OUTCOME_KIND_UNMAPPED}}), {}));
    tally.add(*decided_before(change, told(change), {}));
    CHECK(tally.resources() == 4);
    CHECK(tally.count(EffectKind::would_change) == 2);
    CHECK(tally.count(EffectKind::no_op) == 1);
    CHECK(tally.calls() == 2);
    CHECK_FALSE(tally.more_calls());
    CHECK(tally.assumed() == 2);
    // One of the told ones turned out to be there: nobody could know.
    const std::map<std::string, std::int64_t> report{
        {"found", 6},
        {"sent", 4},
        {"calls", 2},
        {"applied", 1},
        {"updated", 1},
        {"unchanged", 2},
        {"superseded", 2},
        {"unmapped", 1},
        {"dead", 0}};
    CHECK(tally.expected() == in_expected_words(report));
    CHECK(tally.expected().at(std::string{applied_or_unchanged}) == 3);
    CHECK(seconds_at(tally, 0, 0) == 0);
    CHECK(seconds_at(tally, 2, 0) == doctest::Approx(2));
    CHECK(seconds_at(tally, 2, 0.5) == doctest::Approx(4));
}

TEST_CASE("effect tally: what is undecided is promised under no word, and assumed from nothing") {
    const auto change = replayed(testing::hire(now));
    EffectTally tally;
    tally.found(3, 0);
    tally.add(foresee(change, {}, course_of(put()), {}));
    tally.add(foresee(change, {}, course_of(get()), {}));
    tally.add(foresee(change, {}, course_of({AskPerson{}}), {}));
    CHECK(tally.count(EffectKind::undecided) == 2);
    CHECK(tally.expected().size() == 1);
    CHECK(tally.expected().at(std::string{applied_or_unchanged}) == 1);
    CHECK(tally.assumed() == 1);
    CHECK(tally.calls() == 2);
    CHECK(tally.more_calls());
}
