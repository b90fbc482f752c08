#include "tests/support/samples.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace hirewire::testing {

const std::vector<Sample>& samples() {
    static const std::vector<Sample> all = [] {
        std::vector<Sample> found;
        for (const auto& entry : std::filesystem::directory_iterator{HIREWIRE_SOURCE_DIR "/proto/samples"}) {
            if (entry.path().extension() != ".json") continue;
            std::ostringstream body;
            body << std::ifstream{entry.path()}.rdbuf();
            found.push_back(Sample{.event = entry.path().stem().string(), .body = body.str()});
        }
        std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.event < b.event; });
        if (found.size() != 10) throw std::runtime_error("proto/samples should hold ten webhooks");
        return found;
    }();
    return all;
}

const std::string& sample(const std::string& event) {
    for (const auto& one : samples()) {
        if (one.event == event) return one.body;
    }
    throw std::runtime_error("there is no sample of " + event);
}

}  // namespace hirewire::testing
