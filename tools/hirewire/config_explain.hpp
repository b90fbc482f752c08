#pragma once
// hirewire config explain: what a key of the configuration means, its default, and what is in force.
#include <string>
#include <vector>

#include "common/config/schema.hpp"

namespace hirewire::cli {

struct ExplainCommand {
    std::string key{};          // "clara.status_map", or a section: "clara"
    std::string config_file{};  // "": only what is declared
    bool as_json = false;
};

// Throws config::Error for a key that no program declares, with those that it may be meant for.
int explain_config(const ExplainCommand& command);

// The key of that name, or all of the section of that name; none when it is neither.
std::vector<config::KeyNote> notes_about(const std::string& key, const std::vector<config::KeyNote>& all);

// Keys that somebody may mean who writes `key`: those with the same last word, else those of the same section.
std::vector<std::string> near(const std::string& key, const std::vector<config::KeyNote>& all);

}  // namespace hirewire::cli
