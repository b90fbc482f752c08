#pragma once
// `hirewire-sandbox day`: plays a short hiring day at a running sandbox, candidates and a posting, watches Hirewire's
// topics for what becomes of each transition, and prints who heard of what, and how soon.
#include <string>
#include <vector>

#include "common/core/time.hpp"

namespace hirewire::sandbox {

struct DaySettings {
    std::string lever_url{};
    std::string brokers{};
    std::string topic_prefix{};
    std::vector<std::string> destinations{"clara", "cluster", "cleary", "clinch", "theorg"};
    Milliseconds patience{60'000};  // for one transition, until it has arrived everywhere
};

// Answers the exit status: 0 when everything arrived and every destination says what Lever says. Throws
// std::runtime_error when the sandbox or the broker cannot be reached.
int play_day(const DaySettings& settings);

}  // namespace hirewire::sandbox
