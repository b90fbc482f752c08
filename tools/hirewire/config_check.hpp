#pragma once
// hirewire config check: a configuration held against what the programs declare and against Lever's own lists.
#include <string>

namespace hirewire::cli {

struct CheckCommand {
    std::string config_file{};
    // A saved answer of lever-source's GET /internal/vocabulary, in place of asking. "": it is asked.
    std::string vocabulary_file{};
    bool as_json = false;
};

// 0: nothing to be done; 1: there are findings. Throws config::Error when the file cannot be used or the token for
// lever-source is not there, and std::runtime_error when lever-source does not tell the lists.
int check_config(const CheckCommand& command);

}  // namespace hirewire::cli
