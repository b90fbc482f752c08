#pragma once
// Clinch Talent: an outcome, success or failure, for each candidate who enters a status that the customer counts as
// one, and `reverted` when that is taken back. Recorded under an id that we make, so that it is recorded once. Host,
// form and signature are the vendor's; the record itself is this project's own contract (README.md beside this). Jobs
// are in jobs.hpp.
#include <memory>

#include "common/sync/destination.hpp"
#include "services/sync-clinch/record.hpp"
#include "services/sync-clinch/settings.hpp"
#include "services/sync-clinch/states.hpp"

namespace hirewire::clinch {

// What Lever's lists have told of the entries of the two lists.
struct Learnt {
    sync::StatusNames success{&comparable};
    sync::StatusNames failure{&comparable};
};

StateLists lists_of(const Settings& settings, const Learnt& learnt);

sync::Plan record_outcome(
    const v1::Change& change, const sync::Situation& situation, const Settings& settings, const Learnt& learnt = {});

std::unique_ptr<sync::Destination> make_destination();

}  // namespace hirewire::clinch
