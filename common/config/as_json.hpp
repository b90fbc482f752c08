#pragma once
// A TOML file as JSON text, for tools that look at a whole file: cases of a mapping, which sections there are.
// Settings are read by schema.hpp, which knows their types and defaults and refuses what it does not know.
#include <string>

namespace hirewire::config {

// Throws Error with file and line when it cannot be read. Dates and times become texts.
std::string read_as_json(const std::string& file);

}  // namespace hirewire::config
