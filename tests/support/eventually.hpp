#pragma once
// Waiting for something to become true, instead of sleeping and hoping.
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include "common/core/time.hpp"

namespace hirewire::testing {

// Asks again and again what is still wrong, until the answer is "". Throws with `what` and the last answer when that
// takes longer than `patience`.
inline void eventually(
    const std::string& what,
    const std::function<std::string()>& wrong,
    Milliseconds patience = Milliseconds{30'000},
    Milliseconds period = Milliseconds{50}) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (true) {
        const auto reason = wrong();
        if (reason.empty()) return;
        if (std::chrono::steady_clock::now() >= deadline) {
            throw std::runtime_error(
                "not within " + std::to_string(patience.count()) + " ms: " + what + "; last seen: " + reason);
        }
        std::this_thread::sleep_for(period);
    }
}

}  // namespace hirewire::testing
