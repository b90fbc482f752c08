#include "common/pipeline/lanes.hpp"

#include <doctest/doctest.h>

using namespace hirewire;
using pipeline::Lanes;
using pipeline::Place;
using pipeline::Received;

namespace {

Received record(kafka::Offset offset, std::string topic = "t") {
    Received received;
    received.record.partition.topic = std::move(topic);
    received.record.offset = offset;
    return received;
}

Place place(std::string lane, std::string group = "g") {
    return {.lane = std::move(lane), .group = std::move(group)};
}

std::vector<kafka::Offset> offsets(const std::vector<Received>& records) {
    std::vector<kafka::Offset> result;
    for (const auto& r : records) result.push_back(r.record.offset);
    return result;
}

using Offsets = std::vector<kafka::Offset>;

}  // namespace

TEST_CASE("lanes: a lane that is worked on starts nothing, the others do") {
    Lanes lanes;
    lanes.add(place("a"), record(1));
    lanes.add(place("b"), record(2));
    const auto first = lanes.start();
    REQUIRE(first);
    CHECK(first->place.lane == "a");
    lanes.add(place("a"), record(3));
    const auto second = lanes.start();
    REQUIRE(second);
    CHECK(second->place.lane == "b");
    CHECK_FALSE(lanes.start());
    lanes.release("a");
    const auto third = lanes.start();
    REQUIRE(third);
    CHECK(offsets(third->records) == Offsets{3});
}

TEST_CASE("lanes: what waits of one group is taken together, in the order of reading") {
    Lanes lanes;
    lanes.add(place("person", "hire 1"), record(1));
    lanes.add(place("person", "hire 2"), record(2));
    lanes.add(place("person", "hire 1"), record(3));
    const auto batch = lanes.start();
    REQUIRE(batch);
    CHECK(batch->place.group == "hire 1");
    CHECK(offsets(batch->records) == Offsets{1, 3});
    CHECK(lanes.waiting() == 1);
    CHECK_FALSE(lanes.start());  // another group of the same lane waits its turn
    lanes.release("person");
    const auto next = lanes.start();
    REQUIRE(next);
    CHECK(next->place.group == "hire 2");
}

TEST_CASE("lanes: what comes meanwhile for the group that is worked on can be taken, what comes for others cannot") {
    Lanes lanes;
    lanes.add(place("a", "x"), record(1));
    REQUIRE(lanes.start());
    lanes.add(place("a", "y"), record(2));
    lanes.add(place("a", "x"), record(3));
    CHECK(offsets(lanes.take_more(place("a", "x"))) == Offsets{3});
    CHECK(lanes.waiting() == 1);
    CHECK(lanes.take_more(place("nobody")).empty());
}

TEST_CASE("lanes: lanes take turns in the order in which they became runnable") {
    Lanes lanes;
    for (kafka::Offset o = 0; o < 3; ++o) {
        lanes.add(place("busy one"), record(10 + o));
        lanes.add(place("lane " + std::to_string(o)), record(o));
    }
    std::vector<std::string> order;
    while (auto batch = lanes.start()) {
        order.push_back(batch->place.lane);
        if (batch->place.lane == "busy one" && order.size() == 1) {
            lanes.release("busy one");
            lanes.add(place("busy one"), record(20));
        }
    }
    CHECK(order == std::vector<std::string>{"busy one", "lane 0", "lane 1", "lane 2", "busy one"});
}

TEST_CASE("lanes: nothing is left of a lane that is done") {
    Lanes lanes;
    lanes.add(place("a"), record(1));
    REQUIRE(lanes.start());
    CHECK(lanes.lanes() == 1);
    lanes.release("a");
    CHECK(lanes.lanes() == 0);
    CHECK(lanes.waiting() == 0);
    lanes.release("a");
    lanes.release("never was");
}

TEST_CASE("lanes: dropped records are gone, the others stay in order") {
    Lanes lanes;
    lanes.add(place("a"), record(1, "revoked"));
    lanes.add(place("a"), record(2, "kept"));
    lanes.add(place("b"), record(3, "revoked"));
    lanes.add(place("busy"), record(4, "kept"));
    lanes.drop([](const Received& r) { return r.record.partition.topic == "revoked"; });
    CHECK(lanes.waiting() == 2);
    CHECK(lanes.lanes() == 2);
    const auto batch = lanes.start();
    REQUIRE(batch);
    CHECK(offsets(batch->records) == Offsets{2});
    const auto other = lanes.start();
    REQUIRE(other);
    CHECK(other->place.lane == "busy");
    CHECK_FALSE(lanes.start());
}

TEST_CASE("lanes: a lane that was dropped and comes again starts once") {
    Lanes lanes;
    lanes.add(place("a"), record(1, "revoked"));
    lanes.drop([](const Received&) { return true; });
    lanes.add(place("a"), record(2));
    REQUIRE(lanes.start());
    lanes.add(place("a"), record(3));
    CHECK_FALSE(lanes.start());
}

TEST_CASE("lanes: backfill is started when nothing else waits, and moves up with the first record that is live") {
    Lanes lanes;
    const auto backfill = [](std::string lane, std::string group = "g") {
        Place p = place(std::move(lane), std::move(group));
        p.backfill = true;
        return p;
    };
    lanes.add(backfill("old"), record(1));
    lanes.add(backfill("moving up"), record(2));
    lanes.add(backfill("mixed", "first"), record(3));
    lanes.add(place("mixed", "second"), record(4));
    lanes.add(place("new"), record(5));
    lanes.add(place("moving up"), record(6));
    CHECK(lanes.runnable() == 4);
    std::vector<Offsets> order;
    while (auto batch = lanes.start()) {
        order.push_back(offsets(batch->records));
        lanes.release(batch->place.lane);
    }
    CHECK(order == std::vector<Offsets>{{4}, {5}, {2, 6}, {1}, {3}});
    CHECK(lanes.runnable() == 0);
    CHECK(lanes.lanes() == 0);
}

TEST_CASE("lanes: backfill that is dropped leaves the count of what is live as it is") {
    Lanes lanes;
    Place old = place("a", "x");
    old.backfill = true;
    lanes.add(old, record(1, "replay"));
    lanes.add(place("a", "y"), record(2));
    lanes.add(place("b", "z"), record(3));
    lanes.drop([](const Received& r) { return r.record.partition.topic == "replay"; });
    CHECK(lanes.runnable() == 2);
    REQUIRE(lanes.start());
    REQUIRE(lanes.start());
    CHECK_FALSE(lanes.start());
}
