#pragma once
// Times as Lever counts them.
#include <cstdint>

#include "common/core/time.hpp"

namespace hirewire::sandbox {

// Epoch milliseconds.
using Moment = std::int64_t;

inline Moment wall_clock() {
    return to_ms(SystemClock{}.now());
}

}  // namespace hirewire::sandbox
