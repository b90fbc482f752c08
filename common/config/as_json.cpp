#include "common/config/as_json.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

#include "common/config/schema.hpp"

namespace hirewire::config {

std::string read_as_json(const std::string& file) {
    try {
        const toml::table root = toml::parse_file(file);
        std::ostringstream text;
        text << toml::json_formatter{root};
        return text.str();
    } catch (const toml::parse_error& e) {
        const auto line = e.source().begin.line;
        const std::string where = line > 0 ? file + ":" + std::to_string(line) : file;
        std::string what{e.description()};
        std::replace(what.begin(), what.end(), '\n', ' ');
        throw Error{where + ": not readable as TOML: " + what + "."};
    }
}

}  // namespace hirewire::config
