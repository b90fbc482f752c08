#include "common/core/time.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace hirewire {
namespace {

constexpr std::array<const char*, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<const char*, 12> months{
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// What four digits of a year can say.
constexpr Timestamp first_year = std::chrono::sys_days{std::chrono::year{0} / 1 / 1};
constexpr Timestamp last_year = std::chrono::sys_days{std::chrono::year{10000} / 1 / 1} - Milliseconds{1};

struct Parts {
    std::chrono::year_month_day date;
    std::chrono::hh_mm_ss<Milliseconds> time;
    std::chrono::weekday weekday;
};

Parts parts(Timestamp t) {
    const auto day = std::chrono::floor<std::chrono::days>(t);
    return {
        std::chrono::year_month_day{day}, std::chrono::hh_mm_ss<Milliseconds>{t - day}, std::chrono::weekday{day}};
}

template <typename... Args>
std::string print(const char* format, Args... args) {
    std::array<char, 64> buffer{};
    const int length = std::snprintf(buffer.data(), buffer.size(), format, args...);
    return {buffer.data(), static_cast<std::size_t>(length)};
}

// Reads exactly `digits` decimal digits at the front of `text` and takes them away.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, std::string_view expected) {
    if (!text.starts_with(expected)) return false;
    text.remove_prefix(expected.size());
    return true;
}

std::optional<Timestamp> make(int year, int month, int day, int hour, int minute, int second, int ms) {
    const std::chrono::year_month_day date{
        std::chrono::year{year},
        std::chrono::month{static_cast<unsigned>(month)},
        std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
           std::chrono::seconds{second} + Milliseconds{ms};
}

}  // namespace

std::string iso_time(Timestamp t) {
    const auto p = parts(std::clamp(t, first_year, last_year));
    // By hand and not by snprintf, which takes longer than the rest of a webhook's headers together.
    std::string text = "0000-00-00T00:00:00.000Z";
    const auto put = [&text](std::size_t end, long value) {
        for (; value != 0; value /= 10) text[--end] = static_cast<char>('0' + value % 10);
    };
    put(4, static_cast<int>(p.date.year()));
    put(7, static_cast<long>(static_cast<unsigned>(p.date.month())));
    put(10, static_cast<long>(static_cast<unsigned>(p.date.day())));
    put(13, p.time.hours().count());
    put(16, p.time.minutes().count());
    put(19, p.time.seconds().count());
    put(23, p.time.subseconds().count());
    return text;
}

std::string iso_date(Timestamp t) {
    return iso_time(t).substr(0, 10);
}

std::string http_date(Timestamp t) {
    const auto p = parts(t);
    return print(
        "%s, %02u %s %04d %02d:%02d:%02d GMT",
        weekdays[p.weekday.c_encoding()],
        static_cast<unsigned>(p.date.day()),
        months[static_cast<unsigned>(p.date.month()) - 1],
        static_cast<int>(p.date.year()),
        static_cast<int>(p.time.hours().count()),
        static_cast<int>(p.time.minutes().count()),
        static_cast<int>(p.time.seconds().count()));
}

std::optional<Timestamp> parse_iso(std::string_view text) {
    const auto year = take_number(text, 4);
    if (!year || !take(text, "-")) return std::nullopt;
    const auto month = take_number(text, 2);
    if (!month || !take(text, "-")) return std::nullopt;
    const auto day = take_number(text, 2);
    if (!day) return std::nullopt;
    if (text.empty()) return make(*year, *month, *day, 0, 0, 0, 0);
    if (!take(text, "T")) return std::nullopt;
    const auto hour = take_number(text, 2);
    if (!hour || !take(text, ":")) return std::nullopt;
    const auto minute = take_number(text, 2);
    if (!minute || !take(text, ":")) return std::nullopt;
    const auto second = take_number(text, 2);
    if (!second) return std::nullopt;
    int ms = 0;
    if (take(text, ".")) {
        const auto fraction = take_number(text, 3);
        if (!fraction) return std::nullopt;
        ms = *fraction;
    }
    if (text != "Z") return std::nullopt;
    return make(*year, *month, *day, *hour, *minute, *second, ms);
}

std::optional<Timestamp> parse_http_date(std::string_view text) {
    if (text.size() != 29) return std::nullopt;
    text.remove_prefix(3);
    if (!take(text, ", ")) return std::nullopt;
    const auto day = take_number(text, 2);
    if (!day || !take(text, " ")) return std::nullopt;
    int month = 1;
    while (month <= 12 && !take(text, months[static_cast<std::size_t>(month) - 1])) ++month;
    if (month > 12 || !take(text, " ")) return std::nullopt;
    const auto year = take_number(text, 4);
    if (!year || !take(text, " ")) return std::nullopt;
    const auto hour = take_number(text, 2);
    if (!hour || !take(text, ":")) return std::nullopt;
    const auto minute = take_number(text, 2);
    if (!minute || !take(text, ":")) return std::nullopt;
    const auto second = take_number(text, 2);
    if (!second || text != " GMT") return std::nullopt;
    return make(*year, month, *day, *hour, *minute, *second, 0);
}

}  // namespace hirewire
