#pragma once
// hirewire run sweep|postings|theorg|...: asks the service that does such runs (the active lever-source, or the
// leading daemon of a destination) for one now, and waits for its report.
#include <string>

#include "common/core/time.hpp"
#include "common/kafka/settings.hpp"

namespace hirewire::cli {

struct RunCommand {
    kafka::Settings kafka{};
    std::string kind{};
    Milliseconds patience{std::chrono::minutes{10}};
    bool as_json = false;
    bool force = false;  // postings, theorg: also when more than half of them are gone
};

// Answers the exit code (1: the run failed, or nobody took it up in time) and throws std::runtime_error with one
// sentence.
int ask_for_run(const RunCommand& command);

}  // namespace hirewire::cli
