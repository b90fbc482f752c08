#pragma once
// hirewire run cleary --csv FILE: the people whom a run would tell Cleary of, as a file for Cleary's User Imports.
// Nothing is sent to Cleary. Names and addresses are asked of lever-source at this moment and end in the file alone.
#include <string>

#include "common/kafka/settings.hpp"

namespace hirewire::cli {

struct ClearyCsvCommand {
    kafka::Settings kafka{};
    std::string config_file{};
    std::string file{};
    bool as_json = false;
};

// Answers the exit code: 1 when somebody could not be written, with the opportunity and the reason on standard error.
// Throws std::runtime_error or config::Error with one sentence.
int write_cleary_csv(const ClearyCsvCommand& command);

}  // namespace hirewire::cli
