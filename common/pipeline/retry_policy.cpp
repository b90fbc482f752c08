#include "common/pipeline/retry_policy.hpp"

#include <algorithm>
#include <cmath>

namespace hirewire::pipeline {

RetryPolicy::RetryPolicy(RetrySettings settings, std::function<double()> random)
    : settings_{settings}, random_{std::move(random)} {}

// Between half and the whole of first * 2^times, so that what failed together does not come back together.
Milliseconds RetryPolicy::grow(Milliseconds first, int times) {
    const double whole = static_cast<double>(first.count()) * std::pow(2.0, std::min(times, 30));
    const double capped = std::min(whole, static_cast<double>(settings_.most.count()));
    return Milliseconds{static_cast<std::int64_t>(capped * (0.5 + 0.5 * random_()))};
}

std::optional<Milliseconds> RetryPolicy::after(int attempts, Milliseconds at_least) {
    if (attempts >= settings_.max_attempts) return std::nullopt;
    return std::max(grow(settings_.first, attempts - 1), std::min(at_least, settings_.longest_wish));
}

std::optional<Milliseconds> RetryPolicy::after_not_yet(int attempts) {
    if (attempts >= settings_.max_attempts) return std::nullopt;
    return grow(settings_.not_yet_first, attempts - 1);
}

Milliseconds RetryPolicy::pause(int repeats, Milliseconds at_least) {
    const auto grown = std::min(grow(settings_.first, repeats), settings_.longest_wait);
    return std::max(grown, std::min(at_least, settings_.longest_wish));
}

}  // namespace hirewire::pipeline
