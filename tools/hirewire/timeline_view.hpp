#pragma once
// The life of one opportunity, as Kafka's records tell it: what Lever announced, what was emitted, and what came of
// it at each destination. Pure; ids only.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/kafka/record.hpp"

namespace hirewire::cli {

struct Moment {
    std::int64_t at_ms = 0;  // epoch: when it was received, emitted, decided or set aside
    std::string where{};     // "lever", "lever-source", or a destination
    std::string what{};      // "webhook candidateHired", "emitted hired", "applied", "retry 10m", "dead letter"
    std::string status{};    // of the candidate, or the destination's last answer
    std::string reason{};
    // From the transition (for a webhook: from Lever's sending it) to this, where that is known.
    std::optional<std::int64_t> latency_ms{};
    std::int64_t version = 0;  // of the change that it is about; 0 = none
    std::string topic{};       // where to find the record
    std::int32_t partition = 0;
    kafka::Offset offset = 0;
};

// Nothing for a record of a topic that tells of no opportunity, and for one that cannot be read and names no event.
std::optional<Moment> moment_of(const kafka::Record& record);

// The topics that may hold something of an opportunity, each with the partition of its key, given how many partitions
// each topic has. `destination`: of the destinations' own topics those of this one; "" = of all.
std::vector<kafka::Partition> places_of(
    const std::string& opportunity, const std::map<std::string, int>& topics, const std::string& destination = {});

// Whether it is of this destination, or of what leads to all of them; "" = any.
bool is_about(const Moment& moment, const std::string& destination);

// By time; of the same moment, what causes comes before what is caused.
void put_in_order(std::vector<Moment>& moments);

// `colours` for a terminal; not wider than `width` where that is possible.
std::string table_of(const std::vector<Moment>& moments, std::size_t width, bool colours);
std::string json_of(const std::string& opportunity, const std::vector<Moment>& moments);

// "+0.8 s", "+3 min", "+2 d 4 h"
std::string span_of(std::int64_t ms);

}  // namespace hirewire::cli
