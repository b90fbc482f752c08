#pragma once
// CLARA: an idempotent PUT of an opportunity's status. The contract is this project's own (README.md beside this).
#include <memory>
#include <string>
#include <vector>

#include "common/sync/destination.hpp"
#include "common/sync/status_json.hpp"

namespace hirewire::clara {

struct Settings {
    // Off: no call at all.
    bool map_status = true;
    // Statuses (ids or names of stages and archive reasons) whose entering makes CLARA ask the candidate something.
    std::vector<std::string> follow_up_statuses{
        "New lead",
        "Reached out",
        "Responded",
        "New applicant",
        "On-site interview",
        "Reference check",
        "Offer",
        "Underqualified"};
    sync::StatusMap status_map{};
};

sync::Plan put_status(const v1::Change& change, const sync::Situation& situation, const Settings& settings);

std::unique_ptr<sync::Destination> make_destination();

}  // namespace hirewire::clara
