#include "services/sync-cleary/buckets.hpp"

#include <doctest/doctest.h>

#include "services/sync-cleary/calendar.hpp"

using namespace hirewire;
using namespace hirewire::cleary;

namespace {

constexpr auto preboarding_tab = Bucket::new_hires_preboarding;
constexpr auto action_needed = Bucket::action_needed;

Bucket bucket_of(const std::string& start_date, const std::string& today, Bucket on_the_day = action_needed) {
    return place_of(start_date, today, on_the_day).bucket;
}

std::string today_at(const std::string& moment, const std::string& zone) {
    const auto parsed = parse_iso(moment);
    REQUIRE(parsed.has_value());
    return local_date(*parsed, zone);
}

}  // namespace

TEST_CASE("#37 #38 buckets: yesterday, today, tomorrow and none, on both sides of the company's midnight") {
    struct Zone {
        const char* name;
        const char* before;  // a millisecond before midnight: the 1st of March
        const char* after;   // midnight: the 2nd
    };
    const Zone zones[] = {
        {"Europe/Berlin", "2026-03-01T22:59:59.999Z", "2026-03-01T23:00:00.000Z"},
        {"America/New_York", "2026-03-02T04:59:59.999Z", "2026-03-02T05:00:00.000Z"},
        {"Pacific/Tongatapu", "2026-03-01T10:59:59.999Z", "2026-03-01T11:00:00.000Z"}};
    for (const auto& zone : zones) {
        CAPTURE(zone.name);
        const auto before = today_at(zone.before, zone.name);
        CHECK(bucket_of("2026-02-28", before) == action_needed);
        CHECK(bucket_of("2026-03-01", before) == action_needed);
        CHECK(bucket_of("2026-03-02", before) == preboarding_tab);
        CHECK(bucket_of("", before) == action_needed);
        const auto after = today_at(zone.after, zone.name);
        CHECK(bucket_of("2026-03-01", after) == action_needed);
        CHECK(bucket_of("2026-03-02", after) == action_needed);
        CHECK(bucket_of("2026-03-03", after) == preboarding_tab);
        CHECK(bucket_of("", after) == action_needed);
    }
}

TEST_CASE("#37 buckets: whose first day is today shows where the setting says, and nobody else does") {
    CHECK(bucket_of("2026-03-02", "2026-03-02", preboarding_tab) == preboarding_tab);
    CHECK(bucket_of("2026-03-01", "2026-03-02", preboarding_tab) == action_needed);
    CHECK(bucket_of("2026-03-03", "2026-03-02", preboarding_tab) == preboarding_tab);
    CHECK(bucket_of("", "2026-03-02", preboarding_tab) == action_needed);
}

TEST_CASE("#38 buckets: what is no date needs action and is noted as none; nothing at all is not noted") {
    for (const char* odd : {"soon", "2026-3-2", "2026-02-30", "02/03/2026", "2026-03-02T00:00:00.000Z"}) {
        CAPTURE(odd);
        const auto place = place_of(odd, "2026-01-01", preboarding_tab);
        CHECK(place.bucket == action_needed);
        CHECK(place.not_a_date);
    }
    CHECK_FALSE(place_of("", "2026-01-01", action_needed).not_a_date);
    CHECK_FALSE(place_of("2026-03-02", "2026-01-01", action_needed).not_a_date);
}

TEST_CASE("#38 buckets: a first day that passed between two runs is found, once, and by days alone") {
    CHECK(has_passed("2026-03-02", "2026-03-01", "2026-03-02", action_needed));
    CHECK_FALSE(has_passed("2026-03-02", "2026-03-02", "2026-03-03", action_needed));
    CHECK_FALSE(has_passed("2026-03-03", "2026-03-01", "2026-03-02", action_needed));
    CHECK_FALSE(has_passed("2026-03-01", "2026-03-01", "2026-03-02", action_needed));
    CHECK(has_passed("2026-03-05", "2026-03-01", "2026-03-20", action_needed));
    // With today in pre-boarding it passes a day later.
    CHECK_FALSE(has_passed("2026-03-02", "2026-03-01", "2026-03-02", preboarding_tab));
    CHECK(has_passed("2026-03-02", "2026-03-02", "2026-03-03", preboarding_tab));
    CHECK_FALSE(has_passed("", "2026-03-01", "2026-03-02", action_needed));
    // The first run of all has no run before it.
    CHECK_FALSE(has_passed("2026-03-02", "", "2026-03-20", action_needed));
}
