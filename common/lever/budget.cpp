#include "common/lever/budget.hpp"

#include <algorithm>

namespace hirewire::lever {

TokenBucket::TokenBucket(double per_second, double burst, Instant now)
    : per_second_{per_second}, burst_{burst}, tokens_{burst}, at_{now} {}

double TokenBucket::filled(Instant now) const {
    const std::chrono::duration<double> passed = now - at_;
    return std::min(burst_, tokens_ + passed.count() * per_second_);
}

bool TokenBucket::take(Instant now) {
    tokens_ = filled(now);
    at_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
}

Instant TokenBucket::next(Instant now) const {
    const double missing = std::max(0.0, 1 - filled(now));
    const std::chrono::duration<double> wait{missing / per_second_};
    return now + std::chrono::ceil<Milliseconds>(wait);
}

void TokenBucket::drain(Instant now) {
    tokens_ = 0;
    at_ = now;
}

}  // namespace hirewire::lever
