#pragma once
// What the three destinations must believe, judged by what the sandbox's Lever believes.
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "tests/support/stack.hpp"

namespace hirewire::testing {

class Oracle {
public:
    explicit Oracle(const Stack& stack) : stack_{stack} {}

    // This opportunity carries Cluster's link; no other is Cluster's business.
    void expect_at_cluster(const std::string& opportunity) { linked_.insert(opportunity); }

    // What differs, in one line; "" when CLARA and Cluster have every opportunity's effective status and Cleary has
    // each hired person once, with name, start date and no access. Cleary may keep people who are no longer hired.
    // What CLARA and Cluster believe of the opportunities in `behind` does not matter.
    [[nodiscard]] std::string difference(const std::set<std::string>& behind = {}) const;
    // What the destinations called forbidden; "" when nothing.
    [[nodiscard]] std::string violations() const;
    // All that the destinations believe, as text: the same before and after means that nothing changed.
    [[nodiscard]] std::string states() const;
    // How many requests the destination was sent so far.
    [[nodiscard]] std::size_t requests(std::string_view destination) const;

private:
    const Stack& stack_;
    std::set<std::string> linked_;
};

}  // namespace hirewire::testing
