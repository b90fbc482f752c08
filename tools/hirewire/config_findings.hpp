#pragma once
// What is to be said about the names of stages and archive reasons in a configuration, held against Lever's lists.
// Pure.
#include <string>
#include <string_view>
#include <vector>

#include "common/sync/status_names.hpp"
#include "common/sync/vocabulary.hpp"

namespace hirewire::cli {

enum class FindingKind {
    unknown,        // Lever has no such name or id
    ambiguous,      // names several statuses of Lever's
    twice,          // two entries name one status, and say the same
    contradiction,  // two entries name one status, and say different things
    unmapped,       // Lever has it, the map does not, and so it is not told
    goes_through    // Lever has it, the map does not, and so it is told by Lever's own name: a note
};
std::string_view name_of(FindingKind kind);

struct Finding {
    FindingKind kind = FindingKind::unknown;
    std::string key{};     // "clara.status_map"
    std::string what{};    // the entry's words, or Lever's name of the status
    std::string remark{};  // one sentence: what it means, what to do
    friend bool operator==(const Finding&, const Finding&) = default;
};
// Whether somebody should do something about it.
bool counts(const Finding& finding);

// In the order of the keys. `section` is the destination's.
std::vector<Finding> findings_of(
    const std::string& section, const std::vector<sync::NamedStatuses>& names, const sync::Vocabulary& vocabulary);

}  // namespace hirewire::cli
