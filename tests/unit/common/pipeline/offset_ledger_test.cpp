#include "common/pipeline/offset_ledger.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/support/seed.hpp"

using namespace hirewire;
using pipeline::OffsetLedger;

TEST_CASE("ledger: an open offset holds back every later one") {
    OffsetLedger ledger;
    for (kafka::Offset o = 10; o < 14; ++o) ledger.open(o, o * 100, 1);
    ledger.settle(11);
    ledger.settle(13);
    CHECK_FALSE(ledger.take_committable());
    ledger.settle(10);
    CHECK(ledger.take_committable() == 12);
    ledger.settle(12);
    CHECK(ledger.take_committable() == 14);
    CHECK(ledger.open_count() == 0);
}

TEST_CASE("ledger: a position is told once, until it moves again") {
    OffsetLedger ledger;
    ledger.open(1, 0, 1);
    ledger.settle(1);
    CHECK(ledger.take_committable() == 2);
    CHECK_FALSE(ledger.take_committable());
}

TEST_CASE("ledger: gaps in the offsets (compaction, control records) need no code") {
    OffsetLedger ledger;
    for (const kafka::Offset o : {5, 9, 1'000'000}) ledger.open(o, 0, 1);
    ledger.settle(5);
    CHECK(ledger.take_committable() == 6);
    ledger.settle(1'000'000);
    CHECK_FALSE(ledger.take_committable());
    ledger.settle(9);
    CHECK(ledger.take_committable() == 1'000'001);
}

TEST_CASE("ledger: what was never opened, or is settled twice, changes nothing") {
    OffsetLedger ledger;
    ledger.open(5, 0, 1);
    ledger.open(6, 0, 1);
    ledger.settle(4);
    ledger.settle(7);
    ledger.settle(6);
    ledger.settle(6);
    CHECK(ledger.open_count() == 1);
    CHECK_FALSE(ledger.take_committable());
}

TEST_CASE("ledger: the oldest open one is the first unfinished in the order of reading") {
    OffsetLedger ledger;
    CHECK_FALSE(ledger.oldest_open());
    ledger.open(1, 700, 1);
    ledger.open(2, 300, 1);
    CHECK(ledger.oldest_open() == 700);
    ledger.settle(2);
    CHECK(ledger.oldest_open() == 700);
    ledger.settle(1);
    CHECK_FALSE(ledger.oldest_open());
}

TEST_CASE("ledger: settled in any order, the position is always the oldest open offset") {
    INFO(testing::how_to_repeat());
    testing::Dice dice{testing::seed()};
    for (int round = 0; round < 200; ++round) {
        OffsetLedger ledger;
        std::set<kafka::Offset> open;
        std::vector<kafka::Offset> all;
        kafka::Offset next = dice.below(100);
        std::optional<kafka::Offset> position;
        for (int step = 0; step < 60; ++step) {
            if (open.empty() || dice.one_in(2)) {
                next += 1 + dice.below(3);
                ledger.open(next, 0, 1);
                open.insert(next);
                all.push_back(next);
            } else {
                const auto victim = std::next(open.begin(), dice.below(static_cast<int>(open.size())));
                ledger.settle(*victim);
                open.erase(victim);
            }
            if (const auto moved = ledger.take_committable()) position = moved;
            REQUIRE(ledger.open_count() == open.size());
            if (!position) continue;
            // Nothing open is passed, and nothing that could be passed is not.
            for (const auto o : open) REQUIRE(o >= *position);
            for (const auto o : all) {
                if (open.empty() || o < *open.begin()) REQUIRE(o < *position);
            }
        }
    }
}

TEST_CASE("ledger: what is open and what is remembered are counted apart") {
    OffsetLedger ledger;
    for (kafka::Offset o = 0; o < 10; ++o) ledger.open(o, 0, 100);
    for (kafka::Offset o = 1; o < 10; ++o) ledger.settle(o);
    CHECK(ledger.open_count() == 1);
    CHECK(ledger.open_bytes() == 100);
    CHECK(ledger.span() == 10);
    ledger.settle(0);
    CHECK(ledger.open_bytes() == 0);
    CHECK(ledger.span() == 0);
}
