#include "tools/hirewire/run_view.hpp"

#include <doctest/doctest.h>

#include "common/config/schema.hpp"
#include "common/json/value.hpp"

using namespace hirewire;
using Heard = cli::RunWatch::Heard;

namespace {

v1::Run run(const std::string& id, const std::string& kind, v1::RunState state) {
    v1::Run made;
    made.set_run_id(id);
    made.set_kind(kind);
    made.set_state(state);
    made.set_began_ms(1'000);
    made.set_at_ms(1'100);
    return made;
}

}  // namespace

TEST_CASE("hirewire run: what a kind cannot do is refused, and what is forced says how much may be lost") {
    CHECK_NOTHROW(cli::check_flags("theorg", true, false));
    CHECK_NOTHROW(cli::check_flags("postings", true, false));
    CHECK_NOTHROW(cli::check_flags("cleary", false, true));
    for (const auto* kind : {"sweep", "cleary", "cluster"}) {
        CAPTURE(kind);
        CHECK_THROWS_AS(cli::check_flags(kind, true, false), config::Error);
    }
    CHECK_THROWS_AS(cli::check_flags("cleary", true, true), config::Error);
    CHECK_THROWS_AS(cli::check_flags("sweep", false, true), config::Error);
    for (const auto* kind : {"theorg", "postings"}) {
        CHECK(cli::force_question(kind).find("more than half") != std::string::npos);
    }
}

TEST_CASE("hirewire run: its own end ends it, and another run of the same service shows that somebody is there") {
    cli::RunWatch watch{"mine", "sweep"};
    CHECK(watch.hear(run("mine", "sweep", v1::RUN_STATE_ASKED)) == Heard::nothing);
    CHECK(watch.hear(run("other", "theorg", v1::RUN_STATE_FINISHED)) == Heard::nothing);
    CHECK(watch.why_no_end().starts_with("no lever-source has begun the run sweep yet; it stays asked for"));
    CHECK(watch.hear(run("other", "walk", v1::RUN_STATE_CHECKPOINT)) == Heard::progress);
    CHECK(watch.hear(run("other", "walk", v1::RUN_STATE_FINISHED)) == Heard::alive);
    CHECK(watch.hear(run("mine", "sweep", v1::RUN_STATE_STARTED)) == Heard::alive);
    CHECK(watch.why_no_end().find("it goes on") != std::string::npos);
    CHECK(watch.hear(run("mine", "sweep", v1::RUN_STATE_FINISHED)) == Heard::ended);
    CHECK(watch.hear(run("mine", "sweep", v1::RUN_STATE_FAILED)) == Heard::ended);
}

TEST_CASE("hirewire run: a daemon's runs are its own, whoever else is busy") {
    cli::RunWatch watch{"mine", "theorg"};
    CHECK(watch.hear(run("other", "sweep", v1::RUN_STATE_CHECKPOINT)) == Heard::nothing);
    CHECK(watch.hear(run("theorg.jobs", "theorg.jobs", v1::RUN_STATE_CHECKPOINT)) == Heard::nothing);
    CHECK(watch.why_no_end().starts_with("no sync-theorg has begun"));
    CHECK(watch.hear(run("mine", "theorg", v1::RUN_STATE_STARTED)) == Heard::alive);
}

TEST_CASE("hirewire run: the report has the time and the counts by name, for programs too") {
    auto finished = run("mine", "sweep", v1::RUN_STATE_FINISHED);
    CHECK(cli::run_report(finished) == "sweep finished in 0.1 s\n");
    (*finished.mutable_counts())["pages"] = 1;
    (*finished.mutable_counts())["opportunities"] = 20;
    CHECK(cli::run_report(finished) == "sweep finished in 0.1 s: 20 opportunities, 1 pages\n");
    const auto document = json::Document::parse(cli::run_json(finished));
    REQUIRE(document.has_value());
    CHECK((*document)["took_ms"].integer() == 100);
    CHECK((*document)["counts"]["opportunities"].integer() == 20);
    CHECK(cli::progress_of(finished) == "sweep: 20 opportunities so far");
}

TEST_CASE("hirewire run: a failed run says why, or which log does") {
    auto failed = run("mine", "theorg", v1::RUN_STATE_FAILED);
    CHECK(cli::failure_of(failed) == "the run theorg failed; the log of sync-theorg says why");
    failed.set_checkpoint("held: answered 401");
    CHECK(cli::failure_of(failed) == "the run theorg failed: held: answered 401");
    auto swept = run("mine", "sweep", v1::RUN_STATE_FAILED);
    swept.set_checkpoint("12345");
    CHECK(cli::failure_of(swept) == "the run sweep failed; the log of lever-source says why");
}
