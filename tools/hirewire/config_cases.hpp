#pragma once
// Cases of a mapping, kept beside the configuration: what a destination is to make of a change. Each is tried on the
// destination's own rules. Pure; the form is told in README.md, with deploy/config/mapping-cases.toml as the example.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/sync/destination.hpp"
#include "common/sync/vocabulary.hpp"

namespace hirewire::cli {

struct MappingCase {
    std::string name{};
    std::string destination{};
    v1::Change change{};
    sync::Situation situation{};
    std::string expect{};                       // "send", or an outcome: "skipped", "unmapped", ...
    std::string reason{};                       // of the outcome; "" = any
    std::map<std::string, std::string> body{};  // of the first request, by path ("status.mapped"), as JSON
    std::vector<std::string> absent{};          // paths that the body must not have
};

struct CaseResult {
    bool passed = false;
    // For people: "skipped, map_status is off"; "send, status.mapped = \"interview\"".
    std::string expected{};
    std::string came{};
};

// `json` is the TOML file as JSON, `file` its name for errors. With `vocabulary`, stages and archive reasons get the
// ids and names that Lever has. Throws config::Error with the case and what is wrong with it.
std::vector<MappingCase> read_mapping_cases(
    const std::string& json, const std::string& file, const std::optional<sync::Vocabulary>& vocabulary);

// `confidential`: the destination's setting of that name.
CaseResult try_case(const MappingCase& mapping, const sync::Destination& destination, bool confidential);

}  // namespace hirewire::cli
