#pragma once
// hirewire tail TOPIC: what a topic holds, or what comes to it, decoded.
#include <cstdint>
#include <string>

#include "common/kafka/settings.hpp"

namespace hirewire::cli {

struct TailCommand {
    kafka::Settings kafka{};
    std::string topic{};
    std::string from{};      // a time, or how long ago; "" = what comes from now on
    std::int64_t count = 0;  // ends after so many; 0 = at Ctrl-C
    bool to_end = false;     // ends with what is there now
    bool as_json = false;
};

// Answers the exit code and throws config::Error or std::runtime_error with one sentence.
int tail_topic(const TailCommand& command);

}  // namespace hirewire::cli
