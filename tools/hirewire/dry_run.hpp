#pragma once
// hirewire replay start --dry-run: what the replay would do, by the destination's own rules over what the replay
// would read. Sends nothing, and writes nothing to Kafka.
#include <string>

#include "common/kafka/settings.hpp"
#include "common/sync/replay_spec.hpp"

namespace hirewire::cli {

struct DryRunCommand {
    kafka::Settings kafka{};
    std::string destination{};
    sync::ReplaySpec spec{};
    std::string config_file{};      // the rules are what it says
    std::string vocabulary_file{};  // a saved answer of GET /internal/vocabulary; "" = lever-source is asked for it
    bool ask = false;               // the destination is asked where its rules would ask, with its own credential
    bool all = false;               // a line for each opportunity, and not for some
    bool as_json = false;
};

// Answers the exit code. Throws config::Error for what cannot be meant, else std::runtime_error, with one sentence.
int dry_run(const DryRunCommand& command);

}  // namespace hirewire::cli
