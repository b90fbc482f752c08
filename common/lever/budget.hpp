#pragma once
// Lever's request budget: a token bucket with priorities, as plain state. Who asks first among equals goes first; a
// live webhook goes before a person look-up, that before a sweep, that before the person look-ups of replays
// (backfill), and those before a full walk.
#include <array>
#include <cstddef>
#include <optional>

#include "common/core/time.hpp"

namespace hirewire::lever {

enum class Priority { webhook, person, sweep, backfill, walk };

class TokenBucket {
public:
    TokenBucket(double per_second, double burst, Instant now);

    // Takes a token if there is one.
    bool take(Instant now);
    // When the next token is there.
    [[nodiscard]] Instant next(Instant now) const;
    // Lever said "too many" all the same: start empty.
    void drain(Instant now);

private:
    [[nodiscard]] double filled(Instant now) const;
    double per_second_;
    double burst_;
    double tokens_;
    Instant at_;
};

}  // namespace hirewire::lever
