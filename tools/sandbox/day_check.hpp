#pragma once
// Whether a destination believes what Lever says, for the candidates of the day. Pure.
#include <string>
#include <vector>

#include "common/json/value.hpp"

namespace hirewire::sandbox {

struct Subject {
    std::string label{};
    std::string opportunity{};
    std::string contact{};
    bool at_cluster = false;
    bool ever_hired = false;
};

// `lever` is the answer of /_sandbox/opportunities, `state` that of /_sandbox/{destination}/state. A sentence for
// each difference.
std::vector<std::string> differences(
    const std::string& destination, const std::vector<Subject>& subjects, json::Value lever, json::Value state);

}  // namespace hirewire::sandbox
