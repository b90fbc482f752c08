#pragma once
// hirewire topics apply|list: makes the topics of topics.toml on a Kafka, or shows which are there.
#include <string>

#include "common/kafka/settings.hpp"
#include "common/kafka/topics.hpp"

namespace hirewire::cli {

enum class Show { table, json };

struct TopicsCommand {
    kafka::Settings kafka{};
    std::string file{};
    kafka::TopicOverrides overrides{};
    Show show = Show::table;
};

// Both answer the exit code. They throw config::Error when the list is not there, else std::runtime_error, with one
// sentence each.
int apply_topics(const TopicsCommand& command);
int list_topics(const TopicsCommand& command);

}  // namespace hirewire::cli
