#include "common/sync/replay_spec.hpp"

#include <doctest/doctest.h>

#include "tests/support/change_builders.hpp"

using namespace hirewire;
using namespace hirewire::sync;

namespace {

const auto now = from_ms(1'772'463'905'123);  // 2026-03-02T15:05:05.123Z

ReplaySpec full() {
    ReplaySpec spec;
    spec.source = ReplaySource::opportunities;
    spec.from_ms = 1;
    spec.until_ms = 2;
    spec.opportunity = "o \"1\"";
    spec.kind = v1::CHANGE_KIND_HIRED;
    spec.posting = "p";
    spec.per_second = 2.5;
    spec.forced = true;
    return spec;
}

}  // namespace

TEST_CASE("replay spec: what is written is what is read") {
    for (const auto& spec : {ReplaySpec{}, full()}) {
        const auto text = text_of(spec);
        CAPTURE(text);
        const auto read = read_replay_spec(text);
        REQUIRE(read);
        CHECK(text_of(*read) == text);
        CHECK(read->source == spec.source);
        CHECK(read->from_ms == spec.from_ms);
        CHECK(read->until_ms == spec.until_ms);
        CHECK(read->opportunity == spec.opportunity);
        CHECK(read->kind == spec.kind);
        CHECK(read->posting == spec.posting);
        CHECK(read->per_second == doctest::Approx(spec.per_second));
        CHECK(read->forced == spec.forced);
    }
}

// Protects against replaying more than was asked for: a filter that is not understood is no filter to be left out.
TEST_CASE("replay spec: what is not understood is refused as a whole") {
    for (const auto* text :
         {"",
          "[]",
          "{}",
          R"({"source":"everything"})",
          R"({"source":"changes","colour":"red"})",
          R"({"source":"changes","kind":"promoted"})",
          R"({"source":"changes","from_ms":"yesterday"})",
          R"({"source":"changes","per_second":-1})",
          R"({"source":"changes","forced":"yes"})",
          R"({"source":"changes","opportunity":7})"}) {
        CAPTURE(text);
        CHECK_FALSE(read_replay_spec(text));
    }
}

TEST_CASE("replay spec: a change is wanted when it is of the opportunity, the posting and the kind") {
    const auto change = testing::hire(to_ms(now), "a");
    ReplaySpec spec;
    CHECK(wants(spec, change));
    spec.opportunity = "a";
    spec.posting = "posting-1";
    spec.kind = v1::CHANGE_KIND_HIRED;
    CHECK(wants(spec, change));
    auto other = spec;
    other.opportunity = "b";
    CHECK_FALSE(wants(other, change));
    other = spec;
    other.posting = "posting-2";
    CHECK_FALSE(wants(other, change));
    other = spec;
    other.kind = v1::CHANGE_KIND_ARCHIVED;
    CHECK_FALSE(wants(other, change));
}

TEST_CASE("replay spec: a rate is so many a second or a minute") {
    CHECK(read_rate("50/s") == 50.0);
    CHECK(read_rate("50") == 50.0);
    CHECK(read_rate("0.5/s") == 0.5);
    CHECK(read_rate("600/m") == 10.0);
    // Its pause would be longer than a clock can count.
    CHECK_FALSE(read_rate("0.000000000000000000001/s"));
    CHECK_FALSE(read_rate("0.01/m"));
    CHECK(read_rate("0.02/m").has_value());
    for (const auto* text : {"", "/s", "0/s", "-1/s", "50/h", "fast", "5 /s", "nan", "inf/s"}) {
        CAPTURE(text);
        CHECK_FALSE(read_rate(text));
    }
}

TEST_CASE("replay spec: a moment is a date, a time, or so long ago") {
    CHECK(read_moment("2026-03-02T15:04:05.123Z", now) == now - std::chrono::minutes{1});
    CHECK(read_moment("90s", now) == now - std::chrono::seconds{90});
    CHECK(read_moment("15m", now) == now - std::chrono::minutes{15});
    CHECK(read_moment("2h", now) == now - std::chrono::hours{2});
    CHECK(read_moment("3d", now) == now - std::chrono::hours{72});
    CHECK(read_moment("2026-03-02", now) == parse_iso("2026-03-02"));
    for (const auto* text : {"", "h", "2", "-2h", "2w", "two days", "2026-13-01", "999999999999999999d"}) {
        CAPTURE(text);
        CHECK_FALSE(read_moment(text, now));
    }
}

TEST_CASE("replay spec: in words") {
    CHECK(words_of(ReplaySpec{}) == "changes");
    CHECK(
        words_of(full()) ==
        "opportunities of kind hired of opportunity o \"1\" of posting p since 1970-01-01T00:00:00.001Z before "
        "1970-01-01T00:00:00.002Z, at most 2.5/s, forced");
}
