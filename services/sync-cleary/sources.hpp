#pragma once
// What Kafka holds of hires and of what came of them. Both block, and throw std::runtime_error when it does not
// answer.
#include <string>

#include "common/kafka/settings.hpp"
#include "services/sync-cleary/hires.hpp"
#include "services/sync-cleary/report.hpp"

namespace hirewire::cleary {

// From hiring.changes and hiring.opportunities: a change is written to the one before its opportunity's state is
// written to the other.
Hires read_hires(const kafka::Settings& settings);

// From the end of sync.outcomes, a run's being among the last that were written.
Endings read_endings(const kafka::Settings& settings, const std::string& run_id);

// What Cleary answered last of each hire, from all that sync.outcomes keeps.
Endings read_last_words(const kafka::Settings& settings);

}  // namespace hirewire::cleary
