#pragma once
// Days and times of day as a place has them: which date it is there, and when a time of day comes. The zones are
// those of the machine's tzdata, by their IANA names.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/time.hpp"

namespace hirewire::cleary {

// "" for a zone that the machine knows, else what is expected instead.
std::string zone_fault(const std::string& zone);

// "06:00" -> 360 minutes; nothing else.
std::optional<std::chrono::minutes> read_time_of_day(std::string_view text);

// The calendar date there, "2026-03-02". Throws std::runtime_error when the machine does not know the zone; so do the
// two below.
std::string local_date(Timestamp at, const std::string& zone);

// When a time of day comes on a date: each date has it once. Where the clocks jump over it, the moment at which they
// have jumped; where they show it twice, the first time.
Timestamp moment_on(const std::string& day, std::chrono::minutes time_of_day, const std::string& zone);

// The last time that it came, at `now` or before, and the date there.
struct Due {
    std::string day{};
    Timestamp at{};
};
Due last_due(Timestamp now, std::chrono::minutes time_of_day, const std::string& zone);

}  // namespace hirewire::cleary
