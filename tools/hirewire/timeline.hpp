#pragma once
// hirewire timeline OPPORTUNITY: why does a destination say what it says of her? Reads, of each topic, only the
// partition in which the opportunity's records lie.
#include <string>

#include "common/kafka/settings.hpp"

namespace hirewire::cli {

struct TimelineCommand {
    kafka::Settings kafka{};
    std::string opportunity{};
    std::string from{};         // a time, or how long ago; "" = all that Kafka has
    std::string destination{};  // of the destinations this one alone; "" = all
    bool as_json = false;
};

// Answers the exit code (1: Kafka has nothing of it). Throws config::Error for what cannot be meant, else
// std::runtime_error, with one sentence.
int show_timeline(const TimelineCommand& command);

}  // namespace hirewire::cli
