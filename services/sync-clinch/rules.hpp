#pragma once
// Clinch Talent: an outcome, success or failure, for each candidate who enters a status that the customer counts as
// one, and `reverted` when that is taken back. Recorded under an id that we make, so that it is recorded once. Host,
// form and signature are the vendor's; the record itself is this project's own contract (README.md beside this).
#include <cstdint>
#include <memory>
#include <string>

#include "common/sync/destination.hpp"
#include "services/sync-clinch/signature.hpp"

namespace hirewire::clinch {

struct Settings {
    // In the form of states.hpp; no entry is in both.
    std::string success_states{};
    std::string failure_states{};
    // The query parameter by which Clinch finds a candidate by e-mail.
    std::string email_filter = "filter[email]";
    // Whether a record's id is ours. Else it is Clinch's, and only the Idempotency-Key tells a repeat.
    bool client_ids = true;
    // "method_first" or "without_method".
    std::string signature = "method_first";
    bool content_md5 = true;
};

sync::Plan record_outcome(const v1::Change& change, const sync::Situation& situation, const Settings& settings);

// The id of the record that a change makes: the same at every attempt.
std::string record_id(const std::string& opportunity, std::int64_t version);

std::unique_ptr<sync::Destination> make_destination();

}  // namespace hirewire::clinch
