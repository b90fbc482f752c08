#include "common/lever/budget.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/seed.hpp"

using namespace hirewire;
using lever::TokenBucket;

TEST_CASE("budget: a burst, then the steady rate") {
    const Instant start{};
    TokenBucket bucket{10, 20, start};
    for (int i = 0; i < 20; ++i) CHECK(bucket.take(start));
    CHECK_FALSE(bucket.take(start));
    CHECK(bucket.next(start) - start == Milliseconds{100});
    CHECK_FALSE(bucket.take(start + Milliseconds{99}));
    CHECK(bucket.take(start + Milliseconds{101}));
    CHECK_FALSE(bucket.take(start + Milliseconds{101}));
}

TEST_CASE("budget: idle time fills it up to the burst and no further") {
    TokenBucket bucket{10, 20, Instant{}};
    const auto later = Instant{std::chrono::hours{24}};
    int taken = 0;
    while (bucket.take(later)) ++taken;
    CHECK(taken == 20);
}

TEST_CASE("budget: told too many, it starts empty") {
    const Instant start{};
    TokenBucket bucket{10, 20, start};
    bucket.drain(start);
    CHECK_FALSE(bucket.take(start));
    CHECK(bucket.next(start) - start == Milliseconds{100});
}

TEST_CASE("budget: whenever it is asked, no window ever holds more than burst and rate allow") {
    INFO(testing::how_to_repeat());
    testing::Dice dice{testing::seed()};
    for (int round = 0; round < 20; ++round) {
        const double rate = 1 + dice.below(30);
        const double burst = 1 + dice.below(40);
        Instant now{};
        TokenBucket bucket{rate, burst, now};
        std::vector<Instant> taken;
        for (int i = 0; i < 2'000; ++i) {
            now += std::chrono::microseconds{dice.below(200'000)};
            if (bucket.take(now)) {
                taken.push_back(now);
            } else {
                const auto next = bucket.next(now);
                REQUIRE(next > now);
                // Not refused for longer than a token takes.
                REQUIRE(next - now <= std::chrono::duration<double>(1 / rate) + Milliseconds{1});
            }
        }
        for (std::size_t first = 0; first < taken.size(); first += 7) {
            for (std::size_t last = first; last < taken.size(); last += 11) {
                const std::chrono::duration<double> window = taken[last] - taken[first];
                REQUIRE(static_cast<double>(last - first + 1) <= burst + rate * window.count() + 1e-6);
            }
        }
    }
}
