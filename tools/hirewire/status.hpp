#pragma once
// hirewire status: lag, freshness, circuits, holds, dead letters, runs and webhooks on one screen. Kafka is asked
// first and tells the most; what only the daemons know comes from their admin ports, if a configuration names them.
#include <string>

#include "common/kafka/settings.hpp"

namespace hirewire::cli {

struct StatusCommand {
    kafka::Settings kafka{};
    std::string config_file{};  // "" = the daemons are not asked
    bool watch = false;         // drawn anew every 2 s, until Ctrl-C
    bool as_json = false;
};

// Answers the exit code: 1 when something needs a person (see needs_of). Throws std::runtime_error with one sentence
// when Kafka does not answer; with `watch` only at first, and says it below the last drawing from then on.
int show_status(const StatusCommand& command);

}  // namespace hirewire::cli
