#pragma once
// Chance from one seed, so that a run with faults can be played again.
#include <algorithm>
#include <cstdint>
#include <random>

#include "common/core/time.hpp"

namespace hirewire::sandbox {

class Dice {
public:
    explicit Dice(std::uint64_t seed) : engine_{seed} {}

    bool hits(double ratio) {
        // Rolled even for 0 and 1: what comes after must not depend on the settings before.
        return std::uniform_real_distribution<double>{0, 1}(engine_) < ratio;
    }
    Milliseconds up_to(Milliseconds most) {
        return Milliseconds{
            std::uniform_int_distribution<std::int64_t>{0, std::max<std::int64_t>(0, most.count())}(engine_)};
    }

private:
    std::mt19937_64 engine_;
};

}  // namespace hirewire::sandbox
