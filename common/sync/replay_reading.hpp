#pragma once
// Reads from Kafka what a replay tells: the newest record of each opportunity or posting that is wanted. What a
// replay writes and what a dry run of it looks at is the same, since both read it here. Blocking.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/kafka/record.hpp"
#include "common/kafka/settings.hpp"
#include "common/sync/replay_terms.hpp"

namespace hirewire::sync {

// Where the records of a source are: "hiring.changes".
std::string topic_of(ReplaySource source);

struct ReplayReading {
    // At every record: throws to end the reading. May be empty.
    std::function<void()> check{};
    // How many are wanted, and how many of them another one speaks for; before the first is taken. May be empty.
    std::function<void(std::int64_t, std::int64_t)> found{};
    // Each that a replay tells.
    std::function<void(const kafka::Record&)> take{};
};

// Of all partitions, or of one. Throws std::runtime_error when Kafka does not answer.
void read_replay(
    const kafka::Settings& kafka,
    const ReplayTerms& terms,
    std::optional<std::int32_t> partition,
    const ReplayReading& reading);

}  // namespace hirewire::sync
