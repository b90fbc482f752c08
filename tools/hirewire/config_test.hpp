#pragma once
// hirewire config test: the mapping cases of a file, tried on the destinations as a configuration makes them.
#include <string>

namespace hirewire::cli {

struct TestCommand {
    std::string cases_file{};
    std::string config_file{};
    // A saved answer of GET /internal/vocabulary: cases then have Lever's ids. "": names are all that they have.
    std::string vocabulary_file{};
    bool as_json = false;
};

// 0: all cases pass; 1: some do not. Throws config::Error when a file cannot be used.
int test_config(const TestCommand& command);

}  // namespace hirewire::cli
