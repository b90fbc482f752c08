#pragma once
// Latencies, counted in buckets that are at most 1.6 % wide: any number of them in 16 KiB, and a percentile is a
// walk.
#include <array>
#include <chrono>
#include <cstdint>

namespace hirewire::loadgen {

class Histogram {
public:
    void add(std::chrono::nanoseconds latency);
    // The latency that `share` (0 to 1) of all do not exceed; 0 when there is none.
    [[nodiscard]] std::chrono::nanoseconds percentile(double share) const;
    [[nodiscard]] std::chrono::nanoseconds max() const { return max_; }
    [[nodiscard]] std::uint64_t count() const { return count_; }

private:
    static constexpr int precision_bits = 6;
    static constexpr int powers = 32;  // up to some two minutes
    std::array<std::uint64_t, static_cast<std::size_t>(powers) << precision_bits> buckets_{};
    std::uint64_t count_ = 0;
    std::chrono::nanoseconds max_{0};
};

}  // namespace hirewire::loadgen
