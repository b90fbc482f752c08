#include "tools/hirewire/replay_view.hpp"

#include <doctest/doctest.h>

#include <map>
#include <stdexcept>
#include <string>

#include "common/config/schema.hpp"
#include "common/json/value.hpp"
#include "common/sync/replay.hpp"

using namespace hirewire;
using namespace hirewire::cli;

namespace {

const auto now = from_ms(1'772'463'905'123);  // 2026-03-02T15:05:05.123Z

v1::Run run(const std::string& id, v1::RunState state, std::int64_t at_ms) {
    v1::Run r;
    r.set_run_id(id);
    r.set_kind("replay");
    r.set_destination("clara");
    r.set_state(state);
    r.set_at_ms(at_ms);
    r.set_began_ms(at_ms - 1'000);
    r.set_spec(R"({"source":"changes","kind":"hired"})");
    return r;
}

v1::Run counted(v1::Run r) {
    auto& counts = *r.mutable_counts();
    counts["found"] = 200;
    counts["sent"] = 60;
    counts["applied"] = 30;
    counts["created"] = 4;
    counts["updated"] = 26;
    counts["unchanged"] = 10;
    counts["superseded"] = 60;
    counts["disabled"] = 1;
    counts["calls"] = 33;
    return r;
}

std::string refusal_of(const ReplayWords& words) {
    try {
        spec_of(words, now);
    } catch (const config::Error& e) {
        return e.what();
    }
    return {};
}

}  // namespace

TEST_CASE("replay flags: what they ask for") {
    ReplayWords words;
    words.from = "2h";
    words.until = "2026-03-02T15:00:00Z";
    words.kind = "stage_changed";
    words.rate = "50/s";
    words.posting = "p";
    words.force = true;
    const auto spec = spec_of(words, now);
    CHECK(spec.source == sync::ReplaySource::changes);
    CHECK(spec.from_ms == to_ms(now - std::chrono::hours{2}));
    CHECK(spec.kind == v1::CHANGE_KIND_STAGE_CHANGED);
    CHECK(spec.per_second == 50.0);
    CHECK(spec.posting == "p");
    CHECK(spec.forced);
    words.snapshot = true;
    CHECK(spec_of(words, now).source == sync::ReplaySource::opportunities);
    words.snapshot = false;
    words.kind.clear();
    words.postings = true;
    CHECK(spec_of(words, now).source == sync::ReplaySource::postings);
}

TEST_CASE("replay flags: what cannot be meant gets a sentence with the flag and what would be right") {
    ReplayWords words;
    words.from = "yesterday";
    CHECK(refusal_of(words).find("--from: \"yesterday\"") == 0);
    CHECK(refusal_of(words).find("2h") != std::string::npos);
    words = {};
    words.from = "1h";
    words.until = "2h";
    CHECK(refusal_of(words).find("--until: ") == 0);
    words = {};
    words.kind = "hire";
    CHECK(refusal_of(words).find("--kind: \"hire\"") == 0);
    CHECK(refusal_of(words).find("hired") != std::string::npos);
    words = {};
    words.snapshot = true;
    words.postings = true;
    CHECK(refusal_of(words).find("--postings: ") == 0);
    words.snapshot = false;
    words.kind = "hired";
    CHECK(refusal_of(words).find("--postings: ") == 0);
    words = {};
    words.rate = "fast";
    CHECK(refusal_of(words).find("--rate: \"fast\"") == 0);
}

// Protects live changes of who does not think of it.
TEST_CASE("replay flags: without --rate it is fifty a second") {
    CHECK(spec_of(ReplayWords{}, now).per_second == 50.0);
    ReplayWords words;
    words.rate = "100000/s";
    CHECK(spec_of(words, now).per_second == 100'000.0);
}

TEST_CASE("replay start: what is read and written must be there, and what is not is named") {
    std::map<std::string, int> topics{{"hiring.changes", 1}, {"sync.clara.replay", 1}, {"sync.outcomes", 1}};
    const auto missing = [&topics](sync::ReplaySource source) -> std::string {
        try {
            need_replay_topics(topics, "clara", source);
        } catch (const std::runtime_error& e) {
            return e.what();
        }
        return {};
    };
    CHECK(missing(sync::ReplaySource::changes).empty());
    CHECK(missing(sync::ReplaySource::postings).starts_with("there is no topic hiring.postings here"));
    CHECK(missing(sync::ReplaySource::opportunities).starts_with("there is no topic hiring.opportunities here"));
    topics["hiring.opportunities"] = 1;
    CHECK(missing(sync::ReplaySource::opportunities).empty());
    topics.erase("sync.clara.replay");
    CHECK(missing(sync::ReplaySource::changes).starts_with("there is no topic sync.clara.replay here"));
}

TEST_CASE("replay list: a replay is what was told of it last, but for a pause and an end, which stand") {
    ReplayList list;
    list.add(run("b", v1::RUN_STATE_ASKED, 5'000));
    list.add(run("a", v1::RUN_STATE_ASKED, 6'000));
    list.add(run("b", v1::RUN_STATE_PAUSED, 7'000));
    list.add(counted(run("b", v1::RUN_STATE_CHECKPOINT, 8'000)));
    list.add(run("a", v1::RUN_STATE_FINISHED, 9'000));
    list.add(run("a", v1::RUN_STATE_CHECKPOINT, 9'500));
    auto sweep = run("sweep", v1::RUN_STATE_ASKED, 1);
    sweep.set_kind("sweep");
    list.add(sweep);
    const auto all = list.all();
    REQUIRE(all.size() == 2);
    CHECK(all[0].run.run_id() == "b");
    CHECK(state_of(all[0].run) == "paused");
    CHECK(answered(all[0].run) == 101);
    CHECK(state_of(all[1].run) == "finished");
    list.add(run("b", v1::RUN_STATE_ASKED, 9'900));
    CHECK(state_of(list.find("b").run) == "asked");
    CHECK(list.find("b").asked_ms == 5'000);
}

TEST_CASE("replay list: one is found by the beginning of its id, or as the only one under way") {
    ReplayList list;
    CHECK_THROWS_AS(static_cast<void>(list.find("")), config::Error);
    list.add(run("abc", v1::RUN_STATE_ASKED, 1));
    CHECK(list.find("").run.run_id() == "abc");
    list.add(run("abd", v1::RUN_STATE_FINISHED, 2));
    CHECK(list.find("").run.run_id() == "abc");
    CHECK(list.find("abd").run.run_id() == "abd");
    CHECK_THROWS_AS(static_cast<void>(list.find("ab")), config::Error);
    CHECK_THROWS_AS(static_cast<void>(list.find("x")), config::Error);
    list.add(run("xyz", v1::RUN_STATE_PAUSED, 3));
    CHECK_THROWS_AS(static_cast<void>(list.find("")), config::Error);
}

TEST_CASE("replay progress: rate and time left come from the last half minute") {
    ReplayPace pace;
    CHECK_FALSE(pace.per_second());
    pace.note(0, now);
    CHECK_FALSE(pace.per_second());
    for (int second = 1; second <= 60; ++second) pace.note(second * 10, now + std::chrono::seconds{second});
    REQUIRE(pace.per_second());
    CHECK(*pace.per_second() == doctest::Approx(10));
    CHECK(pace.left(100) == std::chrono::seconds{10});
    for (int second = 61; second <= 120; ++second) pace.note(600, now + std::chrono::seconds{second});
    CHECK(*pace.per_second() == doctest::Approx(0));
    CHECK_FALSE(pace.left(100));
}

TEST_CASE("replay progress: a bar for a terminal, a line for a log") {
    const ReplayPace pace;
    const auto half = counted(run("a", v1::RUN_STATE_CHECKPOINT, 5'000));
    CHECK(line_of(half, pace) == "101 of 200");
    CHECK(bar_of(half) == "[============            ]");
    CHECK(line_of(run("a", v1::RUN_STATE_STARTED, 1), pace) == "reading what is to be replayed");
    CHECK(span_words(std::chrono::seconds{40}) == "40 s");
    CHECK(span_words(std::chrono::seconds{700}) == "12 min");
    CHECK(span_words(std::chrono::minutes{200}) == "3 h 20 min");
}

// Protects who waits: a hundred thousand changes of a thousand opportunities are not all but done at once.
TEST_CASE("replay progress: what a newer change overtakes is no part of how far it is") {
    auto some = counted(run("a", v1::RUN_STATE_CHECKPOINT, 5'000));
    (*some.mutable_counts())["overtaken"] = 60;
    CHECK(to_answer(some) == 140);
    CHECK(answered(some) == 41);
    ReplayPace pace;
    CHECK(line_of(some, pace) == "41 of 140");
    CHECK(bar_of(some) == "[=======                 ]");
    pace.note(31, now);
    pace.note(41, now + std::chrono::seconds{1});
    CHECK(line_of(some, pace) == "41 of 140, 10/s, 10 s left");
    ReplayList list;
    list.add(some);
    CHECK(table_of(list.all()).find("41 of 140") != std::string::npos);
    // The report counts each one that is wanted.
    const auto report = outcome_report(some);
    CHECK(report.find("  wanted              200\n") != std::string::npos);
    CHECK(report.find("  superseded           60\n") != std::string::npos);
    CHECK(report.find("overtaken") == std::string::npos);
}

TEST_CASE("replay report: one that was interrupted says why, in words and for programs, until it gets on again") {
    auto troubled = counted(run("a", v1::RUN_STATE_CHECKPOINT, 5'000));
    troubled.set_checkpoint(sync::replay_checkpoint(now, "topic x cannot be read"));
    CHECK(why_of(troubled) == "topic x cannot be read");
    CHECK(
        outcome_report(troubled).find("  interrupted, and tried again soon: topic x cannot be read\n") !=
        std::string::npos);
    ReplayList list;
    list.add(troubled);
    CHECK(json_of(list.all()).find(R"("reason":"topic x cannot be read")") != std::string::npos);
    troubled.set_checkpoint(sync::replay_checkpoint(now));
    CHECK(why_of(troubled).empty());
    CHECK(outcome_report(troubled).find("interrupted") == std::string::npos);
    // One that has failed half-way shows what came of it.
    troubled.set_state(v1::RUN_STATE_FAILED);
    troubled.set_checkpoint("the reason");
    const auto report = outcome_report(troubled);
    CHECK(report.find("  the reason\n") != std::string::npos);
    CHECK(report.find("  sent                 60\n") != std::string::npos);
}

TEST_CASE("replay report: the usual outcomes always, others when there are any") {
    const auto text = outcome_report(counted(run("a", v1::RUN_STATE_FINISHED, 5'000)));
    CHECK(text.find("replay a to clara finished after 1 s: changes of kind hired\n") == 0);
    for (const auto* line :
         {"  wanted              200\n",
          "  sent                 60\n",
          "  applied              30  (4 created, 26 updated)\n",
          "  dead                  0\n",
          "  disabled              1\n",
          "  calls                33\n"}) {
        CAPTURE(line);
        CHECK(text.find(line) != std::string::npos);
    }
    auto failed = run("a", v1::RUN_STATE_FAILED, 5'000);
    failed.set_checkpoint("the reason");
    CHECK(outcome_report(failed).find("  the reason\n") != std::string::npos);
    failed.set_checkpoint("the\033[2J reason\n");
    CHECK(outcome_report(failed).find("  the?[2J reason?\n") != std::string::npos);
}

TEST_CASE("replay table and JSON: one row and one object for each") {
    ReplayList list;
    CHECK(table_of(list.all()) == "No replay is known.\n");
    CHECK(json_of(list.all()) == "[]");
    list.add(counted(run("a", v1::RUN_STATE_CHECKPOINT, to_ms(now))));
    const auto table = table_of(list.all());
    CHECK(table.find("id  to     state    asked at") == 0);
    CHECK(table.find("a   clara  running  ") != std::string::npos);
    CHECK(table.find("101 of 200  changes of kind hired\n") != std::string::npos);
    auto steering = run("b\033[2J", v1::RUN_STATE_CHECKPOINT, to_ms(now));
    steering.set_destination("kl\xc2\x9bjara");
    ReplayList other;
    other.add(steering);
    CHECK(table_of(other.all()).find("b?[2J  kl?jara  running") != std::string::npos);
    const auto json = json_of(list.all());
    const auto document = json::Document::parse(json);
    REQUIRE(document.has_value());
    REQUIRE(document->root().items().size() == 1);
    const auto replay = document->root().items()[0];
    CHECK(replay["run_id"].string() == "a");
    CHECK(replay["state"].string() == "running");
    CHECK(replay["counts"]["applied"].integer() == 30);
}
