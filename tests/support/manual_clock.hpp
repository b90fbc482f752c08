#pragma once
// Time that stands still until told. The monotonic clock begins at the real one's present, so that an Asio timer set
// for "now" runs at once.
#include "common/core/time.hpp"

namespace hirewire::testing {

class ManualClock final : public Clock {
public:
    ManualClock() = default;
    explicit ManualClock(Timestamp now) : now_{now} {}
    [[nodiscard]] Timestamp now() const override { return now_; }
    [[nodiscard]] Instant monotonic() const override { return monotonic_; }
    void advance(Milliseconds by) {
        now_ += by;
        monotonic_ += by;
    }
    void set(Timestamp now) { now_ = now; }

private:
    Timestamp now_ = from_ms(1'772'463'905'123);  // 2026-03-02T15:05:05.123Z
    Instant monotonic_ = std::chrono::steady_clock::now();
};

}  // namespace hirewire::testing
