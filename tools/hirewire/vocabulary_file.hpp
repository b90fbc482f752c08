#pragma once
// A saved answer of lever-source's GET /internal/vocabulary.
#include <string>

#include "common/sync/vocabulary.hpp"

namespace hirewire::cli {

// Throws config::Error.
sync::Vocabulary read_vocabulary_file(const std::string& file);

}  // namespace hirewire::cli
