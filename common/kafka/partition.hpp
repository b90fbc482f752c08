#pragma once
// Where a key lives: the same choice as the producer makes (murmur2, as Kafka's own Java clients), so that who looks
// for one key reads one partition.
#include <cstdint>
#include <string_view>

namespace hirewire::kafka {

// Of a topic with so many partitions, at least one. The key is not empty: records without one lie anywhere.
std::int32_t partition_of(std::string_view key, int partitions);

}  // namespace hirewire::kafka
