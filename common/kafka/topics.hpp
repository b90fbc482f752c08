#pragma once
// proto/topics.toml as values, and making the topics on a real Kafka.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/kafka/settings.hpp"

namespace hirewire::kafka {

struct Topic {
    std::string name{};
    int partitions = 0;
    int replication = 0;
    int min_insync_replicas = 0;
    std::optional<int> retention_days{};  // nothing = compacted
    std::optional<int> tombstone_days{};  // of a compacted one; nothing = as the broker has it
};

struct TopicOverrides {
    std::optional<int> partitions{};  // hiring.runs keeps its own
    std::optional<int> replication{};
    std::optional<int> min_insync_replicas{};
};

// Throws std::runtime_error with file and line on a list that cannot be read.
std::vector<Topic> load_topics(const std::string& file, const TopicOverrides& overrides = {});

// Makes the topics that are missing. Answers one line for each topic that exists with another partition count: keys
// would move, so nothing is changed then. Throws std::runtime_error when the broker refuses or does not answer.
std::vector<std::string> apply_topics(const Settings& settings, const std::vector<Topic>& topics);

// One line, with the remedy, for each topic that is there and forgets its tombstones sooner than the list says. Empty
// for a broker that does not tell its topics' settings. Throws std::runtime_error when the broker does not answer.
std::vector<std::string> short_tombstones(const Settings& settings, const std::vector<Topic>& topics);

// What is to be said of a topic whose delete.retention.ms is this; "" = nothing. Pure.
std::string tombstone_complaint(const Topic& topic, const std::string& full_name, std::int64_t delete_retention_ms);

// The topics that the broker has under the prefix, named without it, with their partition counts. Throws
// std::runtime_error when the broker does not answer.
std::map<std::string, int> existing_topics(const Settings& settings);

}  // namespace hirewire::kafka
