#include "tools/hirewire/timeline_view.hpp"

#include <doctest/doctest.h>

#include "common/json/value.hpp"
#include "common/kafka/partition.hpp"
#include "hirewire/v1/hint.pb.h"
#include "tests/unit/tools/hirewire/letters.hpp"

using namespace hirewire;
using namespace hirewire::testing;
using cli::Moment;

namespace {

kafka::Record record_in(const std::string& topic, const std::string& value, std::int64_t at) {
    kafka::Record record;
    record.partition = {.topic = topic, .number = 3};
    record.key = "opportunity-1";
    record.value = value;
    record.timestamp_ms = at;
    return record;
}

Moment moment(const kafka::Record& record) {
    const auto found = cli::moment_of(record);
    REQUIRE(found);
    return *found;
}

}  // namespace

TEST_CASE("timeline: a webhook's latency is from Lever's sending to our receipt") {
    const auto at = moment(record_in(
        "lever.hires", R"({"event":"candidateHired","triggeredAt":)" + std::to_string(noon) + "}", noon + 250));
    CHECK(at.where == "lever");
    CHECK(at.what == "webhook candidateHired");
    CHECK(at.latency_ms == 250);
}

TEST_CASE("timeline: what was emitted says its kind, status, cause and age") {
    auto change = stage_change(noon);
    change.mutable_cause()->set_kind("webhook");
    const auto at = moment(record_in("hiring.changes", change.SerializeAsString(), noon + 900));
    CHECK(at.what == "emitted stage_changed");
    CHECK(at.status == "On-site interview");
    CHECK(at.reason == "webhook, live");
    CHECK(at.latency_ms == 900);
    CHECK(at.version == change.version());
}

TEST_CASE("timeline: each way in which a destination's record waits has its word") {
    auto record = letter_record(stage_change(noon), 5);
    CHECK(moment(record).what == "dead letter");
    CHECK(moment(record).where == "clara");
    CHECK(moment(record).reason == "answered 422 invalid-status");
    record.partition.topic = "sync.clara.retry.10m";
    CHECK(moment(record).what == "retry 10m");
    CHECK(moment(record).reason.find("due 2026-03-02T15:05:04.123Z") != std::string::npos);
    record.partition.topic = "sync.clara.replay";
    record.headers.push_back({"hirewire-replay", "run-1"});
    CHECK(moment(record).what == "replayed");
    CHECK(moment(record).reason == "by run-1");
}

TEST_CASE("timeline: an outcome says what came of it, after how many attempts, for which run") {
    v1::Outcome outcome;
    outcome.set_destination("clara");
    outcome.set_opportunity_id("opportunity-1");
    outcome.set_outcome(v1::OUTCOME_KIND_APPLIED);
    outcome.set_effect("updated");
    outcome.set_http_status(200);
    outcome.set_attempts(3);
    outcome.set_decided_at_ms(noon + 7);
    outcome.set_latency_ms(1'500);
    outcome.add_run_ids("run-1");
    const auto at = moment(record_in("sync.outcomes", outcome.SerializeAsString(), noon + 20));
    CHECK(at.at_ms == noon + 7);
    CHECK(at.what == "applied (updated)");
    CHECK(at.status == "200");
    CHECK(at.reason == "attempt 3, for the run run-1");
    CHECK(at.latency_ms == 1'500);
}

TEST_CASE("timeline: who had a letter redriven is told with the run, and the run once") {
    v1::Outcome outcome;
    outcome.set_opportunity_id("opportunity-1");
    outcome.set_outcome(v1::OUTCOME_KIND_REDRIVEN);
    outcome.set_reason("ann@desk, redrive-1");
    outcome.add_run_ids("redrive-1");
    CHECK(moment(record_in("sync.outcomes", outcome.SerializeAsString(), noon)).reason == "ann@desk, redrive-1");
}

TEST_CASE("timeline: what cannot be read, and topics of other things, tell nothing") {
    CHECK_FALSE(cli::moment_of(record_in("lever.hires", "no JSON", noon)));
    CHECK_FALSE(cli::moment_of(record_in("hiring.changes", "no Change", noon)));
    CHECK_FALSE(cli::moment_of(record_in("hiring.postings", "", noon)));
    CHECK_FALSE(cli::moment_of(record_in("sync.clara.unheard-of", "", noon)));
}

// Protects the two seconds: of each topic one partition is read, and topics without opportunities not at all.
TEST_CASE("timeline: one partition of each topic that may tell of it, and of no other topic") {
    const auto places = cli::places_of(
        "foobar",
        {{"hiring.changes", 12},
         {"hiring.runs", 1},
         {"hiring.postings", 12},
         {"lever.hires", 12},
         {"sync.outcomes", 12},
         {"sync.clara.dlq", 12},
         {"sync.clara.retry.1m", 12},
         {"sync.clara.replay", 3},
         {"somebody.elses", 12}});
    REQUIRE(places.size() == 6);
    for (const auto& place : places) {
        CHECK(place.number == kafka::partition_of("foobar", place.topic == "sync.clara.replay" ? 3 : 12));
        CHECK(place.topic != "hiring.runs");
        CHECK(place.topic != "hiring.postings");
    }
}

TEST_CASE("timeline: of one destination, with what leads to all of them, and without the others' topics") {
    const auto places = cli::places_of(
        "foobar",
        {{"hiring.changes", 12}, {"sync.outcomes", 12}, {"sync.clara.dlq", 12}, {"sync.cleary.dlq", 12}},
        "clara");
    REQUIRE(places.size() == 3);
    for (const auto& place : places) CHECK(place.topic != "sync.cleary.dlq");
    Moment emitted;
    emitted.topic = "hiring.changes";
    emitted.where = "lever-source";
    Moment applied;
    applied.topic = "sync.outcomes";
    applied.where = "cleary";
    CHECK(cli::is_about(emitted, "clara"));
    CHECK_FALSE(cli::is_about(applied, "clara"));
    CHECK(cli::is_about(applied, "cleary"));
    CHECK(cli::is_about(applied, ""));
}

TEST_CASE("timeline: by time, and what causes before what is caused") {
    Moment webhook;
    webhook.topic = "lever.hires";
    webhook.at_ms = noon;
    Moment emitted = webhook;
    emitted.topic = "hiring.changes";
    Moment applied = webhook;
    applied.topic = "sync.outcomes";
    Moment earlier = applied;
    earlier.at_ms = noon - 1;
    std::vector<Moment> moments{applied, emitted, webhook, earlier};
    cli::put_in_order(moments);
    CHECK(moments[0].at_ms == noon - 1);
    CHECK(moments[1].topic == "lever.hires");
    CHECK(moments[2].topic == "hiring.changes");
    CHECK(moments[3].topic == "sync.outcomes");
}

TEST_CASE("timeline: a table without colours has none, and programs get every moment") {
    const auto at = moment(letter_record(stage_change(noon), 5));
    const auto table = cli::table_of({at}, 160, false);
    CHECK(table.find('\033') == std::string::npos);
    CHECK(table.find("dead letter") != std::string::npos);
    CHECK(cli::table_of({at}, 160, true).find("\033[31m") != std::string::npos);
    const auto parsed = json::Document::parse(cli::json_of("opportunity-1", {at}));
    REQUIRE(parsed.has_value());
    REQUIRE((*parsed)["moments"].size() == 1);
    CHECK((*parsed)["moments"].items().front()["topic"].string() == "sync.clara.dlq");
}

TEST_CASE("timeline: spans are as exact as they are short") {
    CHECK(cli::span_of(0) == "+0.00 s");
    CHECK(cli::span_of(1'234) == "+1.23 s");
    CHECK(cli::span_of(45'000) == "+45 s");
    CHECK(cli::span_of(180'000) == "+3 min");
    CHECK(cli::span_of(3 * 3'600'000) == "+3 h 0 min");
    CHECK(cli::span_of(52LL * 3'600'000) == "+2 d 4 h");
}
