#pragma once
// Asks for runs as an operator does with `hirewire run`, through hiring.runs. Blocking.
#include <string>

#include "common/kafka/settings.hpp"

namespace hirewire::sandbox {

// Answers the run's id; its end is to be heard of in hiring.runs. Throws std::runtime_error when the broker does not
// take the request.
std::string ask_for_run(const kafka::Settings& kafka, const std::string& kind);

}  // namespace hirewire::sandbox
