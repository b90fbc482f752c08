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
    std::int64_t at = 0;                        // 0 = never made, because the one before did not arrive
    std::string change_id{};                    // of a posting: the run that listed it
    std::map<std::string, Arrival> arrivals{};  // by destination
};

struct Story {
    std::string label{};
    std::vector<Transition> transitions{};
};

// Stories of one sort, and the destinations that hear of them.
struct Act {
    std::string subject{};  // candidate
    std::vector<std::string> destinations{};
    std::vector<Story> stories{};
};

struct Verdict {
    std::string destination{};
    std::vector<std::string> differences{};  // from Lever's state, a sentence each
    std::size_t violations = 0;
};

enum class Colour { no, yes };

// Everything, in one line.
std::string headline(const std::vector<Act>& acts, Milliseconds took, Colour colour);
// A row for each transition of the act.
std::string table(const Act& act, Colour colour);
// A row for each destination.
std::string summary(const std::vector<Act>& acts, const std::vector<Verdict>& verdicts, Colour colour);
// A sentence for each transition that is missing somewhere; empty when all has arrived.
std::vector<std::string> missing(const Act& act);

}  // namespace hirewire::sandbox
