#include "tools/loadgen/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace hirewire::loadgen {
namespace {

constexpr std::uint64_t first_power = 6;  // values under 2^6 ns have a bucket each

std::size_t bucket_of(std::uint64_t ns, std::size_t last) {
    if (ns < (1U << first_power)) return static_cast<std::size_t>(ns);
    const auto power = static_cast<std::uint64_t>(std::bit_width(ns)) - 1;
    const std::uint64_t shift = power - first_power;
    const std::uint64_t within = (ns >> shift) - (1U << first_power);
    return std::min(static_cast<std::size_t>(((shift + 1) << first_power) + within), last);
}

// The largest value that falls into the bucket.
std::uint64_t upper_bound(std::size_t bucket) {
    if (bucket < (1U << first_power)) return bucket;
    const std::uint64_t shift = (bucket >> first_power) - 1;
    const std::uint64_t within = bucket & ((1U << first_power) - 1);
    return ((within + (1U << first_power) + 1) << shift) - 1;
}

}  // namespace

void Histogram::add(std::chrono::nanoseconds latency) {
    const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0));
    ++buckets_[bucket_of(ns, buckets_.size() - 1)];
    ++count_;
    max_ = std::max(max_, latency);
}

std::chrono::nanoseconds Histogram::percentile(double share) const {
    if (count_ == 0) return std::chrono::nanoseconds{0};
    const auto wanted =
        std::max<std::uint64_t>(static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))), 1);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        seen += buckets_[i];
        if (seen >= wanted) {
            const auto bound = std::chrono::nanoseconds{static_cast<std::int64_t>(upper_bound(i))};
            return std::min(bound, max_);
        }
    }
    return max_;
}

}  // namespace hirewire::loadgen
