#pragma once
// hirewire run sweep: asks the active lever-source for a run now, and waits for its report.
#include <string>

#include "common/core/time.hpp"
#include "common/kafka/settings.hpp"

namespace hirewire::cli {

struct RunCommand {
    kafka::Settings kafka{};
    std::string kind{};
    Milliseconds patience{std::chrono::minutes{10}};
    bool as_json = false;
    bool force = false;  // postings: also when more than half of them are gone
};

// Answers the exit code (1: the run failed, or nobody took it up in time) and throws std::runtime_error with one
// sentence.
int ask_for_run(const RunCommand& command);

}  // namespace hirewire::cli
