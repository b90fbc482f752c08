#include "common/sync/replay.hpp"

#include <doctest/doctest.h>

using namespace hirewire;
using namespace hirewire::sync;

// Protects live changes from what a standstill of the destination has kept back.
TEST_CASE("replay: no more is open than is due in two seconds, and never more than two thousand") {
    CHECK(most_open_at(50) == 100);
    CHECK(most_open_at(2.2) == 5);
    CHECK(most_open_at(1.0 / 3'600) == 1);
    CHECK(most_open_at(1'000) == 2'000);
    CHECK(most_open_at(1e300) == 2'000);
    CHECK(most_open_at(0) == 2'000);
}

// Protects a slow replay from a few resources that the destination cannot take: each is repeated for a minute.
TEST_CASE("replay: what failed and is repeated at once holds up no other, but for the two thousand of all") {
    CHECK(counted_open(2, 0) == 2);
    CHECK(counted_open(2, 2) == 0);
    CHECK(counted_open(1'999, 1'998) == 1);
    CHECK(counted_open(2'000, 1'999) == 2'000);
}

TEST_CASE("replay: a checkpoint says where to go on and, for who looks on, why it was interrupted") {
    const auto began = from_ms(1'772'463'905'123);
    const auto plain = replay_checkpoint(began);
    CHECK(read_replay_checkpoint(plain) == began);
    CHECK(trouble_in(plain).empty());
    const auto troubled = replay_checkpoint(began, "topic \"x\" cannot be read");
    CHECK(read_replay_checkpoint(troubled) == began);
    CHECK(trouble_in(troubled) == "topic \"x\" cannot be read");
    for (const auto* text : {"", "[]", "some other word", "{}"}) {
        CAPTURE(text);
        CHECK_FALSE(read_replay_checkpoint(text));
        CHECK(trouble_in(text).empty());
    }
}
