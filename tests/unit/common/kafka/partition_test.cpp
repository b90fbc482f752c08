#include "common/kafka/partition.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hirewire::kafka;

// Protects who looks for one opportunity from looking in the wrong partition: the hashes are those of Kafka's own
// tests of murmur2 (21: -973932308, foobar: -790332482, ...), with the sign bit off, modulo the partitions.
TEST_CASE("partition: a key lies where Kafka's own clients put it") {
    CHECK(partition_of("21", 12) == 0);
    CHECK(partition_of("foobar", 12) == 6);
    CHECK(partition_of("a-little-bit-long-string", 12) == 8);
    CHECK(partition_of("a-little-bit-longer-string", 12) == 11);
    CHECK(partition_of("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", 12) == 5);
    CHECK(partition_of("abc", 12) == 3);
    CHECK(partition_of("a-little-bit-long-string", 3) == 2);
    CHECK(partition_of("foobar", 1) == 0);
}
