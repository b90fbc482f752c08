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
    // Until the service shows that it is there, longer than another process takes to lead; then until it shows more.
    Milliseconds patience_at_first{30'000};
    Milliseconds patience{std::chrono::minutes{10}};
    bool as_json = false;
    bool force = false;  // postings, theorg: also when more than half of them are gone; asks first
    bool yes = false;
};

// Answers the exit code (1: the run failed, has somebody to see to something, or was not meant). Throws config::Error
// when nobody can be asked whether it is meant, and std::runtime_error when nobody took the run up in time, with one
// sentence each.
int ask_for_run(const RunCommand& command);

}  // namespace hirewire::cli
