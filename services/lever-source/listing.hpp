#pragma once
// Which postings are gone, pure. A complete listing and what was known before it give the postings to bury: those
// that Lever lists as deleted, and those that a second complete listing in a row lacks. An incomplete listing is no
// listing.
#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace hirewire::source {

struct Listing {
    std::set<std::string> listed{};   // all ids that it showed, whatever their state
    std::set<std::string> deleted{};  // ids that Lever lists as deleted
};

enum class Guard { on, off };

struct Repairs {
    std::vector<std::string> gone{};
    std::set<std::string> missed{};  // lacked for the first time: gone, if the next listing lacks them too
    std::size_t vanished = 0;        // lacked without an explanation
    // More than half of all vanished: rather Lever's fault or the key's than the truth. Nothing is gone then.
    bool implausible = false;
};

Repairs compare(
    const std::set<std::string>& known, const std::set<std::string>& missed_before, const Listing& now, Guard guard);

}  // namespace hirewire::source
