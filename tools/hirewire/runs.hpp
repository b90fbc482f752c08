#pragma once
// hiring.runs, as the command line writes it.
#include "common/kafka/settings.hpp"
#include "hirewire/v1/run.pb.h"

namespace hirewire::cli {

// Answers when it is acknowledged; throws std::runtime_error when it is not.
void write_run(const kafka::Settings& kafka, const v1::Run& run);

}  // namespace hirewire::cli
