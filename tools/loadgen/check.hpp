#pragma once
// Whether Kafka holds what the receiver said it holds: every webhook that was answered with 2xx, once.
#include <cstdint>
#include <string>
#include <vector>

#include "common/kafka/settings.hpp"
#include "tools/loadgen/sender.hpp"
#include "tools/loadgen/webhooks.hpp"

namespace hirewire::loadgen {

struct Stored {
    std::uint64_t accepted = 0;  // answered with 2xx
    std::uint64_t missing = 0;   // of these, not in Kafka
    std::uint64_t doubled = 0;   // of these, there more than once
    std::uint64_t extra = 0;     // there without a 2xx: allowed, the answer may have been lost
    std::uint64_t dropped = 0;   // records that the broker no longer keeps: an embedded one keeps 5 MiB a partition
};

// The topics that hold webhooks.
const std::vector<std::string>& raw_topics();

// Throws std::runtime_error when the broker does not answer.
Stored check(const kafka::Settings& kafka, const Webhooks& webhooks, const std::vector<Answer>& answers);

}  // namespace hirewire::loadgen
