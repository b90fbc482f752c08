#include "tools/loadgen/histogram.hpp"

#include <doctest/doctest.h>

#include <initializer_list>

using hirewire::loadgen::Histogram;
using std::chrono::nanoseconds;

TEST_CASE("histogram: without anything in it, all is 0") {
    const Histogram empty;
    CHECK(empty.count() == 0);
    CHECK(empty.percentile(0.99).count() == 0);
    CHECK(empty.max().count() == 0);
}

TEST_CASE("histogram: a percentile is never below the true one, and at most 1.6 % above it") {
    Histogram histogram;
    constexpr std::int64_t count = 100'000;
    constexpr std::int64_t step = 997;
    for (std::int64_t i = 1; i <= count; ++i) histogram.add(nanoseconds{i * step});
    for (const double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999}) {
        const double exact = share * static_cast<double>(count * step);
        const auto told = static_cast<double>(histogram.percentile(share).count());
        CAPTURE(share);
        CHECK(told >= exact * 0.9999);
        CHECK(told <= exact * 1.016);
    }
    CHECK(histogram.percentile(1.0) == nanoseconds{count * step});
    CHECK(histogram.max() == nanoseconds{count * step});
}

TEST_CASE("histogram: what is negative counts as 0, what is beyond its range as its end") {
    Histogram histogram;
    histogram.add(nanoseconds{-5});
    CHECK(histogram.percentile(1.0).count() == 0);
    histogram.add(std::chrono::hours{2});
    CHECK(histogram.max() == std::chrono::hours{2});
    CHECK(histogram.percentile(1.0) > std::chrono::minutes{1});
}
