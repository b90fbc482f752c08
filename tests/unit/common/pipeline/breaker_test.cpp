#include "common/pipeline/breaker.hpp"

#include <doctest/doctest.h>

using namespace hirewire;
using namespace hirewire::pipeline;

namespace {

struct Bench {
    Breaker breaker{BreakerSettings{}};
    Instant now{std::chrono::hours{1}};

    void weather(int times, Milliseconds at_least = Milliseconds{0}) {
        for (int i = 0; i < times; ++i) breaker.on_weather(breaker.begin(), at_least, now);
    }
    void answered(int times) {
        for (int i = 0; i < times; ++i) breaker.on_answered(breaker.begin(), now);
    }
    void open() {
        weather(10);
        REQUIRE(breaker.open());
    }
    // What is left until the next probe.
    Milliseconds until_probe() {
        REQUIRE(breaker.wake_at());
        return std::chrono::duration_cast<Milliseconds>(*breaker.wake_at() - now);
    }
};

}  // namespace

TEST_CASE("breaker: half of the last calls failed, out of enough: open") {
    Bench b;
    SUBCASE("too few calls decide nothing") {
        b.weather(9);
        CHECK_FALSE(b.breaker.open());
        b.weather(1);
        CHECK(b.breaker.open());
    }
    SUBCASE("a bad share of a good stream does not") {
        for (int i = 0; i < 200; ++i) {
            b.answered(4);
            b.weather(1);
        }
        CHECK_FALSE(b.breaker.open());
    }
    SUBCASE("only the last twenty count") {
        b.answered(1'000);
        b.weather(9);
        CHECK_FALSE(b.breaker.open());
        b.weather(1);
        CHECK(b.breaker.open());
    }
    SUBCASE("what is older than a minute does not count") {
        b.weather(9);
        b.now += Milliseconds{60'001};
        b.weather(9);
        CHECK_FALSE(b.breaker.open());
    }
}

TEST_CASE(
    "breaker: open, it lets one probe through at a time, at growing distances, and closes at the first answer") {
    Bench b;
    b.open();
    CHECK_FALSE(b.breaker.admits(b.now));
    CHECK(b.until_probe() == Milliseconds{1'000});
    Milliseconds expected{1'000};
    for (int i = 0; i < 8; ++i) {
        b.now = *b.breaker.wake_at();
        REQUIRE(b.breaker.admits(b.now));
        REQUIRE(b.breaker.begin());
        CHECK_FALSE(b.breaker.admits(b.now + std::chrono::hours{1}));  // one at a time
        CHECK_FALSE(b.breaker.wake_at());
        b.breaker.on_weather(true, Milliseconds{0}, b.now);
        expected = std::min(expected * 2, Milliseconds{30'000});
        CHECK(b.until_probe() == expected);
    }
    b.now = *b.breaker.wake_at();
    REQUIRE(b.breaker.begin());
    b.breaker.on_answered(true, b.now);
    CHECK_FALSE(b.breaker.open());
    CHECK(b.breaker.admits(b.now));
    // Forgotten is what was before, the distances too.
    b.weather(9);
    CHECK_FALSE(b.breaker.open());
    b.weather(1);
    CHECK(b.until_probe() == Milliseconds{1'000});
}

TEST_CASE("breaker: late answers to calls from before the opening change nothing") {
    Bench b;
    b.open();
    const auto probe_at = *b.breaker.wake_at();
    b.now += Milliseconds{500};
    b.breaker.on_answered(false, b.now);
    CHECK(b.breaker.open());
    b.breaker.on_weather(false, Milliseconds{60'000}, b.now);
    CHECK(*b.breaker.wake_at() == probe_at);
}

TEST_CASE("breaker: a probe that never reached the destination is made again at once") {
    Bench b;
    b.open();
    b.now = *b.breaker.wake_at();
    REQUIRE(b.breaker.begin());
    b.breaker.on_nothing(true);
    CHECK(b.breaker.open());
    CHECK(b.breaker.admits(b.now));
}

TEST_CASE("breaker: the destination's wish puts the probe off, within reason") {
    Bench b;
    b.weather(9);
    b.weather(1, Milliseconds{20'000});
    CHECK(b.until_probe() == Milliseconds{20'000});
    b.now = *b.breaker.wake_at();
    REQUIRE(b.breaker.begin());
    b.breaker.on_weather(true, std::chrono::hours{24}, b.now);
    CHECK(b.until_probe() == std::chrono::minutes{5});
}
