#pragma once
// CLARA: an idempotent PUT of an opportunity's status. The contract is this project's own (README.md beside this).
#include <memory>
#include <string>
#include <vector>

#include "common/sync/destination.hpp"
#include "common/sync/status_names.hpp"

namespace hirewire::clara {

struct Settings {
    // Off: no call at all.
    bool map_status = true;
    // Only jobs that are published on the external job site, and if there is a list, of these only the listed ones.
    bool external_only = true;
    std::vector<std::string> postings{};
    // Who was rejected before this moment (ISO 8601, UTC) is not processed. Empty: everybody is.
    std::string skip_rejected_before{};
    // Stages and archive reasons (names, ids, id:<id>) whose entering makes CLARA ask the candidate something.
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
    // What the entries of the two are known to mean by Lever's lists; learnt, not configured.
    sync::StatusNames known_follow_ups{};
    sync::StatusNames known_statuses{};
};

sync::Plan put_status(const v1::Change& change, const sync::Situation& situation, const Settings& settings);

std::unique_ptr<sync::Destination> make_destination();

}  // namespace hirewire::clara
