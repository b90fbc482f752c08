#include "services/sync-cleary/calendar.hpp"

#include <date/tz.h>

#include <stdexcept>

namespace hirewire::cleary {
namespace {

int digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : -1;
}

// Two digits below `limit`, or -1.
int two_digits(std::string_view text, int limit) {
    const int tens = digit(text[0]);
    const int ones = digit(text[1]);
    if (tens < 0 || ones < 0) return -1;
    const int value = tens * 10 + ones;
    return value < limit ? value : -1;
}

}  // namespace

std::string zone_fault(const std::string& zone) {
    if (zone.empty()) return {};
    try {
        date::locate_zone(zone);
    } catch (const std::runtime_error&) {
        return "the IANA name of a time zone such as \"Europe/Berlin\" that this machine's tzdata has";
    }
    return {};
}

std::optional<std::chrono::minutes> read_time_of_day(std::string_view text) {
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    const int hours = two_digits(text.substr(0, 2), 24);
    const int minutes = two_digits(text.substr(3), 60);
    if (hours < 0 || minutes < 0) return std::nullopt;
    return std::chrono::hours{hours} + std::chrono::minutes{minutes};
}

std::string local_date(Timestamp at, const std::string& zone) {
    const auto moment = std::chrono::floor<std::chrono::seconds>(at);
    return iso_date(at + date::locate_zone(zone)->get_info(moment).offset);
}

Timestamp moment_on(const std::string& day, std::chrono::minutes time_of_day, const std::string& zone) {
    const auto midnight = parse_iso(day);
    if (!midnight) throw std::runtime_error{"not a date: " + day};
    const auto since_epoch = std::chrono::floor<std::chrono::seconds>(midnight->time_since_epoch()) + time_of_day;
    const date::local_seconds on_the_wall{since_epoch};
    const auto info = date::locate_zone(zone)->get_info(on_the_wall);
    if (info.result == date::local_info::nonexistent) return info.first.end;
    return Timestamp{since_epoch - info.first.offset};
}

Due last_due(Timestamp now, std::chrono::minutes time_of_day, const std::string& zone) {
    const std::string today = local_date(now, zone);
    const Timestamp at = moment_on(today, time_of_day, zone);
    if (at <= now) return {.day = today, .at = at};
    const auto day_before = parse_iso(today).value_or(now) - std::chrono::hours{24};
    const std::string yesterday = iso_date(day_before);
    return {.day = yesterday, .at = moment_on(yesterday, time_of_day, zone)};
}

}  // namespace hirewire::cleary
