#include "services/sync-cleary/calendar.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace hirewire;
using namespace hirewire::cleary;
using namespace std::chrono_literals;

namespace {

Timestamp at(const std::string& text) {
    const auto moment = parse_iso(text);
    REQUIRE(moment.has_value());
    return *moment;
}

std::string moment(const std::string& day, std::chrono::minutes time_of_day, const std::string& zone) {
    return iso_time(moment_on(day, time_of_day, zone));
}

// The days whose runs become due while one looks at the clock every ten minutes, each counted when its moment
// changes.
std::multiset<std::string> due_days(Timestamp from, Timestamp until, std::chrono::minutes time_of_day) {
    std::multiset<std::string> days;
    std::string last = last_due(from, time_of_day, "Europe/Berlin").day;
    for (Timestamp now = from; now < until; now += 10min) {
        const auto due = last_due(now, time_of_day, "Europe/Berlin");
        CHECK(due.at <= now);
        if (due.day != last) days.insert(due.day);
        last = due.day;
    }
    return days;
}

}  // namespace

TEST_CASE("#37 calendar: a moment has the date of the company's zone, on both sides of its midnight") {
    CHECK(local_date(at("2026-03-01T22:59:59.999Z"), "Europe/Berlin") == "2026-03-01");
    CHECK(local_date(at("2026-03-01T23:00:00.000Z"), "Europe/Berlin") == "2026-03-02");
    CHECK(local_date(at("2026-07-01T22:00:00.000Z"), "Europe/Berlin") == "2026-07-02");
    CHECK(local_date(at("2026-03-02T04:59:59.999Z"), "America/New_York") == "2026-03-01");
    CHECK(local_date(at("2026-03-02T05:00:00.000Z"), "America/New_York") == "2026-03-02");
    CHECK(local_date(at("2026-03-01T10:59:59.999Z"), "Pacific/Tongatapu") == "2026-03-01");
    CHECK(local_date(at("2026-03-01T11:00:00.000Z"), "Pacific/Tongatapu") == "2026-03-02");
    CHECK(local_date(at("2026-03-01T18:30:00.000Z"), "Asia/Kolkata") == "2026-03-02");
}

TEST_CASE("#33 calendar: a time of day follows the clocks of the place, summer and winter") {
    CHECK(moment("2026-01-15", 360min, "Europe/Berlin") == "2026-01-15T05:00:00.000Z");
    CHECK(moment("2026-07-15", 360min, "Europe/Berlin") == "2026-07-15T04:00:00.000Z");
    CHECK(moment("2026-01-15", 360min, "America/New_York") == "2026-01-15T11:00:00.000Z");
    CHECK(moment("2026-07-15", 360min, "America/New_York") == "2026-07-15T10:00:00.000Z");
    CHECK(moment("2026-07-15", 360min, "Asia/Kolkata") == "2026-07-15T00:30:00.000Z");
    CHECK(moment("2026-07-15", 360min, "Pacific/Tongatapu") == "2026-07-14T17:00:00.000Z");
}

TEST_CASE("#33 calendar: a time that the clocks jump over comes when they have jumped") {
    CHECK(moment("2026-03-29", 150min, "Europe/Berlin") == "2026-03-29T01:00:00.000Z");
    CHECK(moment("2026-03-08", 150min, "America/New_York") == "2026-03-08T07:00:00.000Z");
}

TEST_CASE("#33 calendar: a time that the clocks show twice comes the first time") {
    CHECK(moment("2026-10-25", 150min, "Europe/Berlin") == "2026-10-25T00:30:00.000Z");
    CHECK(moment("2026-11-01", 90min, "America/New_York") == "2026-11-01T05:30:00.000Z");
}

TEST_CASE("#33 calendar: every date has one run, whatever the clocks do on it") {
    for (const auto time_of_day : {0min, 120min, 150min, 179min, 180min, 360min, 1439min}) {
        CAPTURE(time_of_day.count());
        const auto spring = due_days(at("2026-03-27T12:00:00.000Z"), at("2026-03-31T12:00:00.000Z"), time_of_day);
        for (const char* day : {"2026-03-28", "2026-03-29", "2026-03-30"}) CHECK(spring.count(day) == 1);
        const auto autumn = due_days(at("2026-10-23T12:00:00.000Z"), at("2026-10-27T12:00:00.000Z"), time_of_day);
        for (const char* day : {"2026-10-24", "2026-10-25", "2026-10-26"}) CHECK(autumn.count(day) == 1);
    }
}

TEST_CASE("#33 calendar: before today's time the last one was yesterday's, at the time itself it is today's") {
    CHECK(last_due(at("2026-03-02T04:59:59.999Z"), 360min, "Europe/Berlin").day == "2026-03-01");
    const auto due = last_due(at("2026-03-02T05:00:00.000Z"), 360min, "Europe/Berlin");
    CHECK(due.day == "2026-03-02");
    CHECK(iso_time(due.at) == "2026-03-02T05:00:00.000Z");
    CHECK(last_due(at("2026-01-01T00:00:00.000Z"), 360min, "America/New_York").day == "2025-12-31");
}

TEST_CASE("calendar: a zone that the machine does not know is told what is expected") {
    for (const char* good : {"Europe/Berlin", "America/New_York", "UTC", "Pacific/Tongatapu"}) {
        CHECK(zone_fault(good).empty());
    }
    for (const char* bad : {"Europe/Atlantis", "CEST", "+01:00", "../../etc/passwd", "europe/berlin", " "}) {
        CAPTURE(bad);
        CHECK(zone_fault(bad).find("Europe/Berlin") != std::string::npos);
    }
}

TEST_CASE("calendar: a time of day is two digits, a colon and two digits") {
    CHECK(read_time_of_day("00:00") == 0min);
    CHECK(read_time_of_day("06:05") == 365min);
    CHECK(read_time_of_day("23:59") == 1439min);
    for (const char* bad : {"", "6:00", "24:00", "12:60", "06-00", "06:00:00", "ab:cd", " 6:00", "-1:00"}) {
        CAPTURE(bad);
        CHECK_FALSE(read_time_of_day(bad).has_value());
    }
}
