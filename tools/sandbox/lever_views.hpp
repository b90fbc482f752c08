#pragma once
// The whole of the sandbox's Lever at a glance: what tests hold the destinations against.
#include <string>

#include "tools/sandbox/lever_model.hpp"

namespace hirewire::sandbox {

// A JSON array: each opportunity with its effective status, deleted ones too.
std::string all_opportunities(const LeverModel& model);
// A JSON array: everybody who ever was in here, under every name and address.
std::string all_people(const LeverModel& model);
// A JSON array: each posting as Lever's API shows it, deleted ones too: {"id", "deleted", "posting": {…}}.
std::string all_postings(const LeverModel& model);

}  // namespace hirewire::sandbox
