#include "common/kafka/group_lag.hpp"

#include <doctest/doctest.h>

using namespace hirewire;

TEST_CASE("group lag: of two topics the records are one sum, and the older age is the age") {
    kafka::GroupLag changes;
    changes.known = true;
    changes.records = 3;
    changes.missed = 1;
    changes.oldest_ms = 2'000;
    kafka::GroupLag postings;
    postings.records = 4;
    postings.oldest_ms = 1'000;
    const auto both = kafka::together(changes, postings);
    CHECK(both.known);
    CHECK(both.records == 7);
    CHECK(both.missed == 1);
    CHECK(both.oldest_ms == 1'000);
    CHECK(kafka::together(postings, changes).oldest_ms == 1'000);
}

TEST_CASE("group lag: what is worked off has no age") {
    const kafka::GroupLag none;
    kafka::GroupLag some;
    some.oldest_ms = 5;
    CHECK(kafka::together(none, some).oldest_ms == 5);
    CHECK(kafka::together(some, none).oldest_ms == 5);
    CHECK_FALSE(kafka::together(none, none).oldest_ms);
}
