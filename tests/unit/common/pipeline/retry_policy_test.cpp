#include "common/pipeline/retry_policy.hpp"

#include <doctest/doctest.h>

using namespace hirewire;
using pipeline::RetryPolicy;
using pipeline::RetrySettings;

namespace {

RetryPolicy policy(double random, RetrySettings settings = {}) {
    return RetryPolicy{settings, [random] { return random; }};
}

}  // namespace

TEST_CASE("retry: pauses double from the first one, between half and the whole of it") {
    auto shortest = policy(0.0);
    auto longest = policy(0.999999);
    double whole = 500;
    for (int attempts = 1; attempts < 7; ++attempts, whole *= 2) {
        CHECK(static_cast<double>(shortest.after(attempts, Milliseconds{0})->count()) == whole / 2);
        CHECK(longest.after(attempts, Milliseconds{0})->count() == doctest::Approx(whole).epsilon(0.01));
    }
}

TEST_CASE("retry: no pause is longer than the ceiling, however often") {
    auto p = policy(0.999999, {.max_attempts = 10'000});
    for (const int attempts : {8, 31, 64, 1'000, 9'999}) {
        CHECK(*p.after(attempts, Milliseconds{0}) <= Milliseconds{60'000});
        CHECK(*p.after(attempts, Milliseconds{0}) >= Milliseconds{59'000});
    }
    CHECK(p.pause(1'000'000, Milliseconds{0}) <= Milliseconds{60'000});
}

TEST_CASE("retry: attempts are spent at the configured number, not before and not after") {
    auto p = policy(0.5, {.max_attempts = 3});
    CHECK(p.after(1, Milliseconds{0}));
    CHECK(p.after(2, Milliseconds{0}));
    CHECK_FALSE(p.after(3, Milliseconds{0}));
    CHECK_FALSE(p.after(4, Milliseconds{0}));
    CHECK(p.after_not_yet(2));
    CHECK_FALSE(p.after_not_yet(3));
}

TEST_CASE("retry: a Retry-After is never undercut, up to a quarter of an hour") {
    auto p = policy(0.0);
    CHECK(*p.after(1, Milliseconds{7'000}) == Milliseconds{7'000});
    CHECK(*p.after(1, std::chrono::hours{24}) == std::chrono::minutes{15});
    CHECK(*p.after(1, Milliseconds{10}) == Milliseconds{250});
    CHECK(p.pause(0, Milliseconds{7'000}) == Milliseconds{7'000});
}

TEST_CASE("retry: somebody not known there yet is asked about in longer pauses") {
    auto p = policy(0.999999);
    CHECK(p.after_not_yet(1)->count() == doctest::Approx(5'000).epsilon(0.01));
    CHECK(p.after_not_yet(2)->count() == doctest::Approx(10'000).epsilon(0.01));
}
