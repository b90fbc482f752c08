#pragma once
// The hiring day as a table. Pure: what happened goes in, text comes out.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/sandbox/day_script.hpp"

namespace hirewire::sandbox {

struct Arrival {
    std::string outcome{};
    std::int64_t ms = 0;  // from the transition to the outcome
};

struct Transition {
    Step step{};
    std::int64_t at = 0;  // 0 = never made, because the one before did not arrive
    std::string change_id{};
    std::map<std::string, Arrival> arrivals{};  // by destination
};

struct Story {
    std::string label{};
    std::vector<Transition> transitions{};
};

struct Verdict {
    std::string destination{};
    std::vector<std::string> differences{};  // from Lever's state, a sentence each
    std::size_t violations = 0;
};

enum class Colour { no, yes };

std::string table(
    const std::vector<Story>& stories,
    const std::vector<std::string>& destinations,
    Milliseconds took,
    Colour colour);
std::string summary(const std::vector<Story>& stories, const std::vector<Verdict>& verdicts, Colour colour);
// A sentence for each transition that is missing somewhere; empty when all has arrived.
std::vector<std::string> missing(const std::vector<Story>& stories, const std::vector<std::string>& destinations);

}  // namespace hirewire::sandbox
