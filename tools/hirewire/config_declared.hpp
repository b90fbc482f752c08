#pragma once
// What each program declares of the configuration, without the program: for verbs that look at a file. Values are
// read into targets that live as long as this does; secrets are left alone, since the operator has not all of them.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/config/schema.hpp"
#include "common/sync/destination.hpp"

namespace hirewire::cli {

struct Declared {
    std::string program{};  // "sync-clara"
    // The section by which a file says that it has this program: "clara".
    std::string section{};
    std::shared_ptr<config::Schema> schema{};
    // What is wrong with what was loaded that no single key shows; "" = nothing.
    std::function<std::string()> fault{};
    std::shared_ptr<sync::Destination> destination{};  // of a sync daemon that tells of changes
    std::shared_ptr<void> targets{};
};

// Of every program that reads the installation's configuration.
std::vector<Declared> declarations();

// The destinations that are told of changes, unconfigured.
std::vector<std::shared_ptr<sync::Destination>> destinations();

// Loads the file. Throws config::Error with what is wrong, faults that no single key shows included.
void load(const Declared& declared, const std::string& file);

// Whether the file has this destination told of Lever's postings; without a file, or its section, whether it would be
// by the defaults. False for one that is not known. Throws config::Error when the file cannot be read.
bool wants_postings(const std::string& destination, const std::string& file);

// The names of the sections, and of the keys before the first one, that a file has.
std::vector<std::string> sections_of(const std::string& file);

}  // namespace hirewire::cli
