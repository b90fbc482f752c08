#include "tools/hirewire/vocabulary_file.hpp"

#include <fstream>
#include <sstream>
#include <utility>

#include "common/config/schema.hpp"

namespace hirewire::cli {

sync::Vocabulary read_vocabulary_file(const std::string& file) {
    std::ifstream in{file};
    if (!in) throw config::Error{"cannot read the file " + file + "."};
    std::ostringstream text;
    text << in.rdbuf();
    auto vocabulary = sync::read_vocabulary(text.str());
    if (!vocabulary) {
        throw config::Error{file + ": not an answer of GET /internal/vocabulary; save what lever-source answers."};
    }
    return std::move(*vocabulary);
}

}  // namespace hirewire::cli
