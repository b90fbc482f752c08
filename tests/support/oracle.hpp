#pragma once
// What the destinations must believe, judged by what the sandbox's Lever believes.
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/stack.hpp"

namespace hirewire::testing {

class Oracle {
public:
    explicit Oracle(const Stack& stack) : stack_{stack} {}

    static const std::vector<std::string>& destinations();

    // This opportunity carries Cluster's link; no other is Cluster's business.
    void expect_at_cluster(const std::string& opportunity) { linked_.insert(opportunity); }

    // Who was hired before this date, in UTC, is not Cleary's business.
    void expect_hired_since(const std::string& date) { hired_since_ = date; }
    // Clinch knows nobody with this address (lower case).
    void expect_unknown_at_clinch(const std::string& address) { unknown_at_clinch_.insert(address); }

    // What differs, in one line; "" when CLARA and Cluster have every opportunity's effective status and Cleary has
    // each hired person once, with name, start date and no access. Cleary may keep people who are no longer hired.
    // What CLARA and Cluster believe of the opportunities in `behind` does not matter.
    // Where the stack runs their daemons: Clinch holds as success or failure who counts as that, and has taken back
    // what does not count any more; its jobs are published when Lever's are; The Org has the open postings with their
    // seven facts.
    [[nodiscard]] std::string difference(const std::set<std::string>& behind = {}) const;
    // What the destinations called forbidden, and writes to Lever; "" when nothing.
    [[nodiscard]] std::string violations() const;
    // All that the destinations believe, as text: the same before and after means that nothing changed.
    [[nodiscard]] std::string states() const;
    // How many requests the destination was sent so far.
    [[nodiscard]] std::size_t requests(std::string_view destination) const;
    // Of all destinations.
    [[nodiscard]] std::size_t requests() const;

private:
    const Stack& stack_;
    std::set<std::string> linked_;
    std::string hired_since_;
    std::set<std::string> unknown_at_clinch_;
};

}  // namespace hirewire::testing
