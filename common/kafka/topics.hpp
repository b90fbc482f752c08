#pragma once
// proto/topics.toml as values, and making the topics on a real Kafka.
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

// The topics that the broker has under the prefix, named without it, with their partition counts. Throws
// std::runtime_error when the broker does not answer.
std::map<std::string, int> existing_topics(const Settings& settings);

}  // namespace hirewire::kafka
