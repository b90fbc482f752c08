#pragma once
// Lever's postings as Clinch's jobs: each under the posting's own id, told whole at every change, shown while Lever
// publishes it. Only what has a location is told; what loses it, or goes, is taken off the pages and kept. The form
// and the signature are the vendor's, the write itself is this project's own contract (README.md beside this).
#include <string>

#include "common/sync/destination.hpp"
#include "services/sync-clinch/settings.hpp"

namespace hirewire::clinch {

sync::Plan tell_job(const sync::PostingNews& news, const sync::Situation& situation, const Settings& settings);

// What is wrong with a company code, as a text that follows "expected"; "" when nothing is, or when there is none.
std::string fault_of_company_code(const std::string& code);

}  // namespace hirewire::clinch
