#pragma once
// hirewire snapshot --to DEST: hands the present state of every opportunity to one destination, as backfill, and of
// every posting when it is told of postings.
#include <string>

#include "common/kafka/settings.hpp"

namespace hirewire::cli {

struct SnapshotCommand {
    kafka::Settings kafka{};
    std::string destination{};
    std::string config_file{};  // says whether the destination is told of postings; "" = as by the defaults
    bool as_json = false;
};

// Answers the exit code. Throws config::Error for what cannot be meant, else std::runtime_error, with one sentence.
int take_snapshot(const SnapshotCommand& command);

}  // namespace hirewire::cli
