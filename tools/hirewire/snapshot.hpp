#pragma once
// hirewire snapshot --to DEST: hands the present state of every opportunity to one destination, as backfill.
#include <string>

#include "common/kafka/settings.hpp"

namespace hirewire::cli {

struct SnapshotCommand {
    kafka::Settings kafka{};
    std::string destination{};
    bool as_json = false;
};

// Answers the exit code and throws std::runtime_error with one sentence.
int take_snapshot(const SnapshotCommand& command);

}  // namespace hirewire::cli
