#include "common/kafka/partition.hpp"

#include <librdkafka/rdkafka.h>

namespace hirewire::kafka {

std::int32_t partition_of(std::string_view key, int partitions) {
    // Neither the topic nor the opaque pointers are looked at by this partitioner.
    return rd_kafka_msg_partitioner_murmur2(nullptr, key.data(), key.size(), partitions, nullptr, nullptr);
}

}  // namespace hirewire::kafka
