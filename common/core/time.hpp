#pragma once
// The two clocks and the texts of time. Lever counts in epoch milliseconds, so does every record of ours; deadlines
// and leases count on the monotonic clock.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hirewire {

using Milliseconds = std::chrono::milliseconds;
using Timestamp = std::chrono::sys_time<Milliseconds>;  // wall clock
using Instant = std::chrono::steady_clock::time_point;  // monotonic

// The seam to time: one real implementation, one in tests that stands still until told.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Timestamp now() const = 0;
    [[nodiscard]] virtual Instant monotonic() const = 0;
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] Timestamp now() const override {
        return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
    }
    [[nodiscard]] Instant monotonic() const override { return std::chrono::steady_clock::now(); }
};

inline std::int64_t to_ms(Timestamp t) {
    return t.time_since_epoch().count();
}
inline Timestamp from_ms(std::int64_t ms) {
    return Timestamp{Milliseconds{ms}};
}

// "2026-03-02T15:04:05.123Z"
std::string iso_time(Timestamp t);
// "2026-03-02": the calendar date in UTC.
std::string iso_date(Timestamp t);
// A calendar date (2026-03-02) or a time (…T15:04:05[.123]Z), UTC; nothing else.
std::optional<Timestamp> parse_iso(std::string_view text);
// RFC 9110 IMF-fixdate, "Mon, 02 Mar 2026 15:04:05 GMT".
std::optional<Timestamp> parse_http_date(std::string_view text);
std::string http_date(Timestamp t);

}  // namespace hirewire
