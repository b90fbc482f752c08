#pragma once
// A circuit breaker: tells a destination that is down from one change that fails. It watches the last calls; when too
// many of them met weather it opens, and from then on lets one call through at a time, at growing distances, until
// one is answered. Pure: calls, answers and the time go in.
#include <cstddef>
#include <deque>
#include <optional>

#include "common/core/time.hpp"

namespace hirewire::pipeline {

struct BreakerSettings {
    std::size_t window = 20;          // how many of the last calls are looked at
    std::size_t least = 10;           // fewer than these decide nothing
    double ratio = 0.5;               // this share of them failed: open
    Milliseconds memory{60'000};      // an older call says nothing about now
    Milliseconds first_probe{1'000};  // from opening to the first probe; doubles with every probe that fails
    Milliseconds last_probe{30'000};
    // A wish of the other side (Retry-After) puts the next probe off, up to here.
    Milliseconds longest_wish{std::chrono::minutes{5}};
};

class Breaker {
public:
    explicit Breaker(BreakerSettings settings) : settings_{settings}, distance_{settings.first_probe} {}

    // Whether a call may begin now. While open: the probe alone, when it is due.
    [[nodiscard]] bool admits(Instant now) const { return !open_ || (!probing_ && now >= probe_at_); }
    // A call begins. Answers whether it is the probe; whoever asks says so again with the answer.
    bool begin();
    // The destination answered, whatever the answer was.
    void on_answered(bool probe, Instant now);
    // Weather: no answer, 5xx, 429. `at_least` as the destination wished.
    void on_weather(bool probe, Milliseconds at_least, Instant now);
    // The call never reached the destination, so it says nothing about it.
    void on_nothing(bool probe);

    [[nodiscard]] bool open() const { return open_; }
    // When the next probe is due; nothing while closed or while one is under way.
    [[nodiscard]] std::optional<Instant> wake_at() const;

private:
    struct Call {
        Instant at{};
        bool failed = false;
    };
    void remember(bool failed, Instant now);
    void wait_for_probe(Milliseconds at_least, Instant now);

    BreakerSettings settings_;
    std::deque<Call> calls_;
    std::size_t failed_ = 0;
    Milliseconds distance_;
    Instant probe_at_{};
    bool open_ = false;
    bool probing_ = false;
};

}  // namespace hirewire::pipeline
