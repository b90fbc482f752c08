#pragma once
// Cluster: the status of a candidate that Cluster itself put a link on. Opportunities without that link are none of
// its business. The contract is this project's own (README.md beside this).
#include <memory>

#include "common/sync/destination.hpp"
#include "common/sync/status_json.hpp"

namespace hirewire::cluster {

struct Settings {
    sync::StatusMap status_map{};
};

sync::Plan put_ats_status(const v1::Change& change, const sync::Situation& situation, const Settings& settings);

std::unique_ptr<sync::Destination> make_destination();

}  // namespace hirewire::cluster
