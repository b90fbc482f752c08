#pragma once
// How long to wait before the next attempt, and when to stop: exponential with jitter, a ceiling, a count.
#include <functional>
#include <optional>

#include "common/core/time.hpp"

namespace hirewire::pipeline {

struct RetrySettings {
    int max_attempts = 8;
    Milliseconds first{500};
    Milliseconds most{60'000};
    Milliseconds not_yet_first{5'000};
    // While our own side is not able (Redis away, a lease held elsewhere), it is looked at so often at least.
    Milliseconds longest_wait{5'000};
    // A wish of the other side (Retry-After) is kept up to here.
    Milliseconds longest_wish{std::chrono::minutes{15}};
};

class RetryPolicy {
public:
    // `random` answers numbers in [0, 1).
    RetryPolicy(RetrySettings settings, std::function<double()> random);

    // The pause after `attempts` attempts, or nothing when they are spent.
    std::optional<Milliseconds> after(int attempts, Milliseconds at_least);
    std::optional<Milliseconds> after_not_yet(int attempts);
    // A pause that spends no attempt.
    Milliseconds pause(int repeats, Milliseconds at_least);

private:
    Milliseconds grow(Milliseconds first, int times);
    RetrySettings settings_;
    std::function<double()> random_;
};

}  // namespace hirewire::pipeline
