#pragma once
// Who is hired, from what hiring.changes and hiring.opportunities hold, pure. It remembers hires only, and those that
// were taken back.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "hirewire/v1/change.pb.h"
#include "services/sync-cleary/rules.hpp"

namespace hirewire::cleary {

// One standing hire.
struct Hire {
    std::string opportunity_id{};
    std::string contact_id{};
    std::int64_t version = 0;
    std::int64_t hired_at_ms = 0;
    std::string start_date{};
    std::string title{};
    std::string department{};
    bool confidential = false;
};

class Hires {
public:
    // In any order of topics, and the records of one opportunity in a topic in theirs; the newest version holds.
    void add(const v1::Change& change);
    // By opportunity.
    [[nodiscard]] std::vector<Hire> standing() const;
    // How many hires were taken back after that moment and stand taken back.
    [[nodiscard]] std::int64_t unhired_since(std::int64_t ms) const;

private:
    struct State {
        Hire hire{};
        bool stands = false;
        std::int64_t unhired_at_ms = 0;  // 0 = it was not, or the person is deleted or anonymized
    };
    std::map<std::string, State> states_;
};

// Those that a run tells of.
struct Selection {
    std::vector<Hire> governing{};   // of each person the newest hire
    std::int64_t not_governing = 0;  // older hires of the same people
    std::int64_t hired_before = 0;   // before cleary.hired_since
    [[nodiscard]] std::set<std::string> opportunities() const;
};
Selection select(const std::vector<Hire>& standing, const Settings& settings);

}  // namespace hirewire::cleary
