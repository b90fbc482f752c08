#pragma once
// The signed sample webhooks of proto/samples.
#include <string>
#include <vector>

namespace hirewire::testing {

inline const std::string sample_token = "sample-signature-token";

struct Sample {
    std::string event{};
    std::string body{};
};

// All ten, in the order of their names. Throws when the folder is not as it should be.
const std::vector<Sample>& samples();
const std::string& sample(const std::string& event);

}  // namespace hirewire::testing
