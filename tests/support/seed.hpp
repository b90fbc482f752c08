#pragma once
// Randomness for property tests: a new seed each run, printed with a failure; HIREWIRE_TEST_SEED repeats it.
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace hirewire::testing {

inline std::uint64_t seed() {
    static const std::uint64_t value = [] {
        const char* given = std::getenv("HIREWIRE_TEST_SEED");
        if (given != nullptr && *given != '\0') return static_cast<std::uint64_t>(std::strtoull(given, nullptr, 10));
        return static_cast<std::uint64_t>(std::random_device{}());
    }();
    return value;
}

// For doctest's INFO: what to do to see it again.
inline std::string how_to_repeat() {
    return "repeat with HIREWIRE_TEST_SEED=" + std::to_string(seed());
}

class Dice {
public:
    explicit Dice(std::uint64_t seed) : random_{seed} {}
    // From 0 to below - 1.
    template <typename T = int>
    T below(T limit) {
        return static_cast<T>(random_() % static_cast<std::uint64_t>(limit));
    }
    bool one_in(int n) { return below(n) == 0; }
    template <typename Container>
    const auto& pick(const Container& from) {
        return from[below<std::size_t>(from.size())];
    }

private:
    std::mt19937_64 random_;
};

}  // namespace hirewire::testing
