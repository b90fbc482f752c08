#include "tools/hirewire/dlq_view.hpp"

#include <doctest/doctest.h>

#include <algorithm>

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

// Apart from the ends of lines.
bool steers_a_terminal(const std::string& text) {
    const auto is_control = [](char c) { return c != '\n' && (static_cast<unsigned char>(c) < 0x20U || c == 0x7f); };
    return std::any_of(text.begin(), text.end(), is_control) || text.find("\xc2\x9b") != std::string::npos;
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

// Protects the operator's terminal from what others have put into a topic.
TEST_CASE("dead letters: no view of one steers the terminal, wherever in the record it stands") {
    const std::string evil = "a\033[2Jb\xc2\x9bmc\r\nd";
    auto change = stage_change(noon, evil);
    change.set_change_id(evil);
    change.mutable_status()->set_id(evil);
    change.mutable_posting()->set_id(evil);
    auto record = letter_record(change, 1042, evil);
    record.headers.push_back({evil, evil});
    const auto check = [&record] {
        const auto one = cli::read_letter(record);
        LetterSummary summary;
        summary.add(one, Standing::open);
        CHECK_FALSE(steers_a_terminal(cli::details_of(record, one, Standing::open)));
        CHECK_FALSE(steers_a_terminal(cli::line_of(one, Standing::open)));
        CHECK_FALSE(steers_a_terminal(cli::table_of("clara", summary)));
        CHECK_FALSE(steers_a_terminal(cli::words_of("clara", summary)));
    };
    check();
    record.value = "no Change at all";
    check();
}

TEST_CASE("redrive and discard: programs get the same object, be it about many letters or none") {
    cli::LetterTask task;
    task.destination = "clara";
    task.run_id = "redrive-1";
    task.why = "ann@host";
    for (const std::int64_t count : {0, 812}) {
        const auto parsed = json::Document::parse(cli::json_of(task, count, Milliseconds{40}));
        REQUIRE(parsed.has_value());
        CHECK((*parsed)["destination"].string() == "clara");
        CHECK((*parsed)["redriven"].integer(-1) == count);
        CHECK((*parsed)["run_id"].string() == "redrive-1");
        CHECK((*parsed)["by"].string() == "ann@host");
        CHECK((*parsed)["took_ms"].integer() == 40);
    }
    task.word = v1::OUTCOME_KIND_DISCARDED;
    const auto parsed = json::Document::parse(cli::json_of(task, 0, Milliseconds{0}));
    REQUIRE(parsed.has_value());
    CHECK((*parsed)["discarded"].integer(-1) == 0);
}

TEST_CASE("dead letter: who names one that is not open hears how it stands, or that there is none") {
    CHECK(
        cli::why_left("clara", "3/1042", Standing::overtaken) ==
        "dead letter 3/1042 of clara is overtaken: a newer change has arrived");
    CHECK(
        cli::why_left("clara", "3/1042", std::nullopt) ==
        "there is no dead letter 3/1042 of clara; hirewire dlq list --dest clara --all shows every one");
    for (const auto standing :
         {Standing::open, Standing::resolved, Standing::redriven, Standing::discarded, Standing::repeated}) {
        CHECK(cli::why_left("clara", "3/1042", standing).find(cli::name_of(standing)) != std::string::npos);
    }
}
