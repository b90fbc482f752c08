#pragma once
// Whether a destination believes what Lever says, for the candidates of the day and for all postings. Pure.
#include <string>
#include <vector>

#include "common/json/value.hpp"

namespace hirewire::sandbox {

struct Subject {
    std::string label{};
    std::string opportunity{};
    std::string contact{};
    std::string address{};  // by which Clinch knows the person
    bool at_cluster = false;
    bool ever_hired = false;
};

// `lever` is the answer of /_sandbox/opportunities, `state` that of /_sandbox/{destination}/state. A sentence for
// each difference. Of Clinch it expects the lists that tools/up configures: hired and offer are success,
// Underqualified and Position closed are failure.
std::vector<std::string> differences(
    const std::string& destination, const std::vector<Subject>& subjects, json::Value lever, json::Value state);

// The same for Clinch's and The Org's jobs; `postings` is the answer of /_sandbox/postings. Others have none.
std::vector<std::string> job_differences(const std::string& destination, json::Value postings, json::Value state);

}  // namespace hirewire::sandbox
