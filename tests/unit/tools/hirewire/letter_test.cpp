#include "tools/hirewire/letter.hpp"

#include <doctest/doctest.h>

#include "common/pipeline/history.hpp"
#include "common/sync/batch.hpp"
#include "tests/unit/tools/hirewire/letters.hpp"

using namespace hirewire;
using namespace hirewire::testing;
using cli::LetterFilter;

TEST_CASE("dead letter: it says of itself what an operator asks for") {
    const auto change = stage_change(noon - 5'000);
    const auto letter = cli::read_letter(letter_record(change, 1042));
    CHECK(cli::id_of(letter) == "3/1042");
    CHECK(letter.opportunity == "opportunity-1");
    CHECK(letter.version == change.version());
    CHECK(letter.reason == "answered 422 invalid-status");
    CHECK(letter.status == 422);
    CHECK(letter.dead_at_ms == noon);
    CHECK(letter.attempts == 8);
    CHECK(letter.failing_since_ms == noon - 60'000);
}

TEST_CASE("dead letter: what was never answered has no status") {
    auto record = letter_record(stage_change(noon), 5);
    std::erase_if(record.headers, [](const auto& header) { return header.name == "hirewire-error-status"; });
    CHECK(cli::read_letter(record).status == 0);
    record.headers.push_back({"hirewire-error-status", "none"});
    CHECK(cli::read_letter(record).status == 0);
}

TEST_CASE("dead letter: what cannot be read is a letter all the same") {
    auto record = letter_record(stage_change(noon), 5, "the record is not a Change");
    record.value = "no Change at all";
    const auto letter = cli::read_letter(record);
    CHECK_FALSE(letter.readable);
    CHECK(letter.key == "opportunity-1");
    const auto word = cli::word_on(letter, "clara", v1::OUTCOME_KIND_DISCARDED, "ann@host", noon);
    CHECK(word.resource() == "unreadable:3/5");
    CHECK(word.version() == 0);
}

TEST_CASE("dead letter: its id is read as it is written, and nothing else is one") {
    const auto id = cli::read_id("3/1042");
    REQUIRE(id);
    CHECK(id->partition == 3);
    CHECK(id->offset == 1042);
    CHECK(cli::read_id(cli::id_of(cli::read_letter(letter_record(stage_change(noon), 0)))));
    for (const auto* text :
         {"", "3", "3/", "/7", "3/7/", "3/7x", " 3/7", "03/7", "3/+7", "-3/7", "-0/7", "99999999999/7", "6f0c2b1e"}) {
        CAPTURE(text);
        CHECK_FALSE(cli::read_id(text));
    }
}

TEST_CASE("dead letters: each filter leaves out what is not meant") {
    const auto letter = cli::read_letter(letter_record(stage_change(noon), 1));
    LetterFilter filter;
    CHECK(cli::is_empty(filter));
    CHECK(cli::matches(filter, letter));
    filter.reason = "invalid-status";
    CHECK(cli::matches(filter, letter));
    CHECK_FALSE(cli::is_empty(filter));
    filter.reason = "answered 409";
    CHECK_FALSE(cli::matches(filter, letter));
    filter = {};
    filter.status = 409;
    CHECK_FALSE(cli::matches(filter, letter));
    filter = {};
    filter.opportunity = "opportunity-2";
    CHECK_FALSE(cli::matches(filter, letter));
    filter = {};
    filter.id = "3/2";
    CHECK_FALSE(cli::matches(filter, letter));
    filter = {};
    filter.from_ms = noon;
    filter.until_ms = noon + 1;
    CHECK(cli::matches(filter, letter));
    filter.from_ms = noon + 1;
    filter.until_ms = noon + 2;
    CHECK_FALSE(cli::matches(filter, letter));
    filter.from_ms = noon - 1;
    filter.until_ms = noon;
    CHECK_FALSE(cli::matches(filter, letter));
}

// Protects a redriven letter from being given up at once for its age, and a person from a late question.
TEST_CASE("redrive: the record is young again, keeps its history under other names, and bothers nobody") {
    const auto record = letter_record(stage_change(noon - 5'000), 1042);
    const auto message = cli::redriven(record, "clara", "redrive-1");
    CHECK(message.topic == "sync.clara.replay");
    CHECK(message.key == record.key);
    CHECK(message.partition == 3);
    const auto history = pipeline::read_history(message.headers);
    CHECK(history.attempts == 0);
    CHECK(history.parked == 0);
    CHECK_FALSE(history.failing_since);
    CHECK_FALSE(history.not_before);
    CHECK(kafka::header(message.headers, "hirewire-error-reason").empty());
    CHECK(kafka::header(message.headers, "hirewire-redriven-reason") == "answered 422 invalid-status");
    CHECK(kafka::header(message.headers, "hirewire-redriven-attempts") == "8");
    CHECK(kafka::header(message.headers, "hirewire-source-offset") == "77");
    const auto asked = sync::read_asked(message.headers);
    CHECK(asked.run_ids == std::vector<std::string>{"redrive-1"});
    CHECK(asked.epoch.empty());
    v1::Change sent;
    REQUIRE(sent.ParseFromString(message.value.value()));
    CHECK_FALSE(sent.live());
    CHECK(sent.version() == stage_change(noon - 5'000).version());
}

// Protects what a forced run wanted told once more: the ledger answers for anything else that it is applied.
TEST_CASE("redrive: a letter of a forced run is forced again, under the redrive's key epoch") {
    auto record = letter_record(stage_change(noon), 1);
    record.headers.push_back({"hirewire-replay", "replay-1"});
    SUBCASE("forced") {
        record.headers.push_back({"hirewire-epoch", "replay-1"});
        const auto message = cli::redriven(record, "clara", "redrive-1");
        const auto asked = sync::read_asked(message.headers);
        CHECK(asked.run_ids == std::vector<std::string>{"redrive-1"});
        CHECK(asked.epoch == "redrive-1");
        // And so is one that dies again.
        record.headers = message.headers;
        const auto again = cli::redriven(record, "clara", "redrive-2");
        CHECK(sync::read_asked(again.headers).epoch == "redrive-2");
    }
    SUBCASE("not forced") {
        const auto message = cli::redriven(record, "clara", "redrive-1");
        CHECK(sync::read_asked(message.headers).run_ids == std::vector<std::string>{"redrive-1"});
        CHECK(sync::read_asked(message.headers).epoch.empty());
    }
}

TEST_CASE("redrive: of a letter that died again, the last death is kept, once") {
    auto record = letter_record(stage_change(noon), 1);
    record.headers.push_back({"hirewire-redriven-reason", "answered 409"});
    const auto message = cli::redriven(record, "clara", "redrive-2");
    int count = 0;
    for (const auto& header : message.headers) count += header.name == "hirewire-redriven-reason" ? 1 : 0;
    CHECK(count == 1);
    CHECK(kafka::header(message.headers, "hirewire-redriven-reason") == "answered 422 invalid-status");
}
