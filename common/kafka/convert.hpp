#pragma once
// A message of librdkafka's as a record of ours. Included by this folder's .cpp files only.
#include <librdkafka/rdkafka.h>

#include <cstddef>

#include "common/kafka/record.hpp"

namespace hirewire::kafka::detail {

// `prefix_size` characters of the topic's name are the installation's prefix and are left out.
Record to_record(const rd_kafka_message_t& message, std::size_t prefix_size);

}  // namespace hirewire::kafka::detail
