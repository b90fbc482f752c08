#include "tools/hirewire/dlq_view.hpp"

#include <doctest/doctest.h>

#include "common/json/value.hpp"
#include "tests/unit/tools/hirewire/letters.hpp"

using namespace hirewire;
using namespace hirewire::testing;
using cli::LetterSummary;
using cli::Standing;

namespace {

cli::Letter letter(kafka::Offset offset, const std::string& reason, std::int64_t at) {
    return cli::read_letter(letter_record(stage_change(noon, "opportunity-1"), offset, reason, at));
}

}  // namespace

TEST_CASE("dead letters: groups by reason, the largest first, each with its oldest and newest") {
    LetterSummary summary;
    summary.add(letter(1, "answered 409", noon + 5), Standing::open);
    summary.add(letter(2, "answered 422", noon + 9), Standing::open);
    summary.add(letter(3, "answered 422", noon + 1), Standing::open);
    const auto groups = summary.groups();
    REQUIRE(groups.size() == 2);
    CHECK(groups[0].reason == "answered 422");
    CHECK(groups[0].status == 422);
    CHECK(groups[0].count == 2);
    CHECK(groups[0].oldest_ms == noon + 1);
    CHECK(groups[0].newest_ms == noon + 9);
    CHECK(groups[1].count == 1);
    CHECK(cli::words_of("clara", summary) == "3 dead letters of clara: 2 answered 422, 1 answered 409");
}

// Protects memory from reasons that are all unlike, and the list from being endless.
TEST_CASE("dead letters: however many there are, some hundred groups and the fifty newest are kept") {
    LetterSummary summary;
    for (int n = 0; n < 1'000; ++n) {
        summary.add(letter(n, "reason " + std::to_string(n), noon + n), Standing::open);
    }
    CHECK(summary.count() == 1'000);
    CHECK(summary.groups().size() <= 301);
    CHECK(summary.groups().front().reason == "(other reasons)");
    const auto newest = summary.newest();
    REQUIRE(newest.size() == 50);
    CHECK(newest.front().letter.dead_at_ms == noon + 999);
    CHECK(newest.back().letter.dead_at_ms == noon + 950);
    CHECK(cli::table_of("clara", summary).find("... and 950 older ones") != std::string::npos);
}

TEST_CASE("dead letters: none is a sentence for people and an empty list for programs") {
    const LetterSummary none;
    CHECK(cli::table_of("clara", none) == "No open dead letter of clara.\n");
    const auto parsed = json::Document::parse(cli::json_of("clara", none));
    REQUIRE(parsed.has_value());
    CHECK((*parsed)["count"].integer(-1) == 0);
    CHECK((*parsed)["letters"].is_array());
}

TEST_CASE("dead letters: in lines, the reasons stand below each other whatever the standing") {
    const auto one = letter(1, "answered 422", noon);
    const auto open = cli::line_of(one, Standing::open);
    CHECK(open.find("answered 422") != std::string::npos);
    CHECK(open.find("answered 422") == cli::line_of(one, Standing::discarded).find("answered 422"));
}

TEST_CASE("dead letters: one is shown with its change and every header") {
    const auto record = letter_record(stage_change(noon), 1042);
    const auto one = cli::read_letter(record);
    const auto text = cli::details_of(record, one, Standing::open);
    CHECK(text.find("3/1042 (open)") != std::string::npos);
    CHECK(text.find("On-site interview (onsite)") != std::string::npos);
    CHECK(text.find("hirewire-source-offset") != std::string::npos);
    CHECK(text.find("hiring.changes 3/77") != std::string::npos);
    const auto parsed = json::Document::parse(cli::details_json_of(record, one, Standing::redriven));
    REQUIRE(parsed.has_value());
    CHECK((*parsed)["standing"].string() == "redriven");
    CHECK((*parsed)["headers"].size() == record.headers.size());
    CHECK((*parsed)["source"]["offset"].integer() == 77);
}
