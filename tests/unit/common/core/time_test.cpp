#include "common/core/time.hpp"

#include <doctest/doctest.h>

#include "tests/support/seed.hpp"

using namespace hirewire;

TEST_CASE("time: written with milliseconds, in UTC") {
    CHECK(iso_time(from_ms(0)) == "1970-01-01T00:00:00.000Z");
    CHECK(iso_time(from_ms(1'772'463'905'123)) == "2026-03-02T15:05:05.123Z");
    CHECK(iso_time(from_ms(951'782'400'000)) == "2000-02-29T00:00:00.000Z");
    CHECK(iso_time(from_ms(-1)) == "1969-12-31T23:59:59.999Z");
    CHECK(iso_date(from_ms(1'772'463'905'123)) == "2026-03-02");
    CHECK(http_date(from_ms(1'772'463'905'123)) == "Mon, 02 Mar 2026 15:05:05 GMT");
    CHECK(http_date(from_ms(784'111'777'000)) == "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110's own example
}

TEST_CASE("time: dates and times are read, with and without milliseconds") {
    CHECK(parse_iso("2026-03-02") == from_ms(1'772'409'600'000));
    CHECK(parse_iso("2026-03-02T15:05:05Z") == from_ms(1'772'463'905'000));
    CHECK(parse_iso("2026-03-02T15:05:05.123Z") == from_ms(1'772'463'905'123));
    CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == from_ms(784'111'777'000));
}

TEST_CASE("time: leap years are as they are") {
    CHECK(parse_iso("2024-02-29"));
    CHECK(parse_iso("2000-02-29"));
    CHECK_FALSE(parse_iso("2026-02-29"));
    CHECK_FALSE(parse_iso("1900-02-29"));
    CHECK_FALSE(parse_iso("2026-02-30"));
    CHECK_FALSE(parse_iso("2026-04-31"));
}

TEST_CASE("time: garbage is nothing, not a time") {
    for (const char* text :
         {"",
          "2026",
          "2026-3-2",
          "2026-13-01",
          "2026-00-10",
          "2026-01-00",
          "02.03.2026",
          "2026-03-02 15:05:05Z",
          "2026-03-02T15:05:05",
          "2026-03-02T15:05:05+00:00",
          "2026-03-02T24:00:00Z",
          "2026-03-02T15:60:05Z",
          "2026-03-02T15:05:61Z",
          "2026-03-02T15:05:05.1Z",
          "2026-03-02T15:05:05.1234Z",
          "2026-03-02T15:05Z",
          "+026-03-02",
          "-026-03-02",
          "2026-03-02x",
          " 2026-03-02",
          "2026-03-02T15:05:05.123Z ",
          "20260302"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_iso(text));
    }
    for (const char* text :
         {"",
          "0",
          "Sun, 06 Nov 1994 08:49:37",
          "Sun, 6 Nov 1994 08:49:37 GMT",
          "Sunday, 06-Nov-94 08:49:37 GMT",
          "Sun Nov  6 08:49:37 1994",
          "Sun, 06 Nov 1994 08:49:37 CET",
          "Sun, 06 nov 1994 08:49:37 GMT",
          "Sun, 31 Feb 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 25:49:37 GMT",
          "Sun, 06 Nov 1994 08:49:37 GMTx"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_http_date(text));
    }
}

TEST_CASE("time: what is written is read back, at any time of ten thousand years") {
    INFO(testing::how_to_repeat());
    testing::Dice dice{testing::seed()};
    constexpr std::int64_t year_10000 = 253'402'300'800'000;
    constexpr std::int64_t year_0 = -62'167'219'200'000;
    for (int i = 0; i < 20'000; ++i) {
        const auto t = from_ms(year_0 + dice.below<std::int64_t>(year_10000 - year_0));
        REQUIRE(parse_iso(iso_time(t)) == t);
        REQUIRE(parse_http_date(http_date(t)) == std::chrono::floor<std::chrono::seconds>(t));
        REQUIRE(parse_iso(iso_date(t)) == std::chrono::floor<std::chrono::days>(t));
    }
}
