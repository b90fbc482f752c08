#include "common/runtime/runs_listener.hpp"

#include <doctest/doctest.h>

using namespace hirewire;

namespace {

kafka::Record record(std::int32_t partition, kafka::Offset offset) {
    kafka::Record record;
    record.partition = {.topic = "hiring.runs", .number = partition};
    record.offset = offset;
    return record;
}

}  // namespace

TEST_CASE("runs listener: what is read again from the beginning after a failure is not heard again") {
    runtime::HeardOnce once;
    CHECK(once.is_new(record(0, 0)));
    CHECK(once.is_new(record(0, 1)));
    CHECK_FALSE(once.is_new(record(0, 0)));
    CHECK_FALSE(once.is_new(record(0, 1)));
    CHECK(once.is_new(record(0, 2)));
}

TEST_CASE("runs listener: partitions are counted apart, and what compaction took leaves no gap to wait for") {
    runtime::HeardOnce once;
    CHECK(once.is_new(record(0, 7)));
    CHECK(once.is_new(record(1, 3)));
    CHECK(once.is_new(record(0, 20)));
    CHECK_FALSE(once.is_new(record(0, 8)));
    CHECK_FALSE(once.is_new(record(1, 3)));
    CHECK(once.is_new(record(1, 4)));
}
