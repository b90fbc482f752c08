#pragma once
// What hirewire run cleary prints of a finished run: its counts, and who failed and why, by opportunity. Pure.
#include <string>

#include "hirewire/v1/run.pb.h"
#include "services/sync-cleary/report.hpp"

namespace hirewire::cli {

// Whether somebody has to see to one of them: who failed, or waits for a merge.
bool needs_somebody(const cleary::Endings& endings);
// For people; of the failures no more than twenty.
std::string cleary_table(const v1::Run& run, const cleary::Endings& endings);
// For programs; all of them.
std::string cleary_json(const v1::Run& run, const cleary::Endings& endings);

}  // namespace hirewire::cli
