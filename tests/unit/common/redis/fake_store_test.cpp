// The fake must promise what the real store promises, or the tests over it prove nothing.
#include <doctest/doctest.h>

#include "tests/support/fake_store.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"
#include "tests/support/store_contract.hpp"

using namespace hirewire;

namespace {

struct Bench {
    testing::ManualClock clock;
    testing::FakeStore store{clock};
};

const auto wait_for = [](auto answer) { return testing::finish(std::move(answer)); };

}  // namespace

TEST_CASE("fake store: deliveries") {
    Bench b;
    testing::check_deliveries(b.store, wait_for, [&](Milliseconds t) { b.clock.advance(t); });
}

TEST_CASE("fake store: the ledger") {
    Bench b;
    testing::check_ledger(b.store, wait_for, [&](Milliseconds t) { b.clock.advance(t); });
}

TEST_CASE("fake store: a destination's pace") {
    Bench b;
    testing::check_pace(b.store, wait_for, [&](Milliseconds t) { b.clock.advance(t); });
}

TEST_CASE("fake store: the memory of changes, and losing it") {
    Bench b;
    testing::check_memory(b.store, wait_for);
    b.store.empty();
    CHECK_FALSE(testing::finish(b.store.last_change("o-1")).value().trustworthy);
    b.store.away = true;
    CHECK_FALSE(testing::finish(b.store.last_change("o-1")).has_value());
}
