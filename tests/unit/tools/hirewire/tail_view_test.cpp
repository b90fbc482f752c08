#include "tools/hirewire/tail_view.hpp"

#include <doctest/doctest.h>

#include "common/json/value.hpp"
#include "hirewire/v1/hint.pb.h"
#include "hirewire/v1/posting.pb.h"
#include "hirewire/v1/run.pb.h"
#include "tests/unit/tools/hirewire/letters.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

json::Document decoded(const std::string& topic, const std::optional<std::string>& value) {
    kafka::Record record;
    record.partition = {.topic = topic, .number = 3};
    record.key = "key-1";
    record.value = value;
    record.timestamp_ms = noon;
    auto document = json::Document::parse(cli::tail_json_of(record));
    REQUIRE(document.has_value());
    CHECK((*document)["topic"].string() == topic);
    return std::move(*document);
}

}  // namespace

TEST_CASE("tail: each topic's records are decoded by what the topic holds") {
    CHECK(decoded("lever.hires", R"({"event":"candidateHired"})")["value"]["event"].string() == "candidateHired");
    v1::Hint hint;
    hint.set_reason("sweep");
    CHECK(decoded("lever.sweeps", hint.SerializeAsString())["value"]["reason"].string() == "sweep");
    const auto change = stage_change(noon);
    CHECK(decoded("hiring.changes", change.SerializeAsString())["value"]["status"]["id"].string() == "onsite");
    CHECK(decoded("hiring.opportunities", change.SerializeAsString())["value"]["kind"].string() == "stage_changed");
    v1::Run run;
    run.set_kind("sweep");
    run.set_state(v1::RUN_STATE_FINISHED);
    (*run.mutable_counts())["opportunities"] = 12;
    const auto shown = decoded("hiring.runs", run.SerializeAsString());
    CHECK(shown["value"]["state"].string() == "finished");
    CHECK(shown["value"]["counts"]["opportunities"].integer() == 12);
    v1::Outcome outcome;
    outcome.set_outcome(v1::OUTCOME_KIND_UNMAPPED);
    CHECK(decoded("sync.outcomes", outcome.SerializeAsString())["value"]["outcome"].string() == "unmapped");
}

TEST_CASE("tail: what is set aside or replayed is what its source's topic holds") {
    const auto record = letter_record(stage_change(noon), 5);
    const auto document = json::Document::parse(cli::value_json_of(record));
    REQUIRE(document.has_value());
    CHECK((*document)["kind"].string() == "stage_changed");
}

TEST_CASE("tail: a description is cut, a tombstone is null, and what cannot be decoded says so") {
    v1::Posting posting;
    posting.set_description_html(std::string(5'000, 'x'));
    CHECK(decoded("hiring.postings", posting.SerializeAsString())["value"]["description"].string().size() == 120);
    CHECK(decoded("hiring.postings", std::nullopt)["value"].is_null());
    const auto odd = decoded("hiring.changes", "no Change");
    CHECK(odd["value"]["undecoded"].boolean());
    CHECK(odd["value"]["bytes"].integer() == 9);
    CHECK(decoded("somebody.elses", "anything")["value"]["undecoded"].boolean());
}

// Of an outcome the reason is what is looked for, and it is far behind.
TEST_CASE("tail: a line for people begins with time, place and key, and is whole, however long") {
    v1::Outcome outcome;
    outcome.set_destination("clara");
    outcome.set_outcome(v1::OUTCOME_KIND_DEAD);
    outcome.set_opportunity_id("opportunity-1");
    outcome.set_change_id(std::string(200, 'c'));
    outcome.set_reason("answered 422 invalid-status");
    auto record = letter_record(stage_change(noon), 5);
    record.partition.topic = "sync.outcomes";
    record.value = outcome.SerializeAsString();
    const auto line = cli::tail_line_of(record);
    CHECK(line.starts_with("2026-03-02T15:05:05.123Z  3/5  opportunity-1  {"));
    CHECK(line.find("answered 422 invalid-status") != std::string::npos);
    CHECK(line.ends_with("}"));
    record.key = "opportunity\033[31m-1";
    CHECK(cli::tail_line_of(record).find('\033') == std::string::npos);
}

TEST_CASE("tail: an outcome of The Org names its job, and no opportunity that it does not have") {
    v1::Outcome outcome;
    outcome.set_destination("theorg");
    outcome.set_outcome(v1::OUTCOME_KIND_APPLIED);
    outcome.set_resource("posting-1");
    const auto shown = decoded("sync.outcomes", outcome.SerializeAsString());
    CHECK(shown["value"]["resource"].string() == "posting-1");
    CHECK_FALSE(shown["value"]["opportunity_id"].exists());
    CHECK_FALSE(shown["value"]["kind"].exists());
}
