#pragma once
// Lever's stages and archive reasons as lever-source's internal API tells them (GET /internal/vocabulary). The names
// in the configuration are held against these lists.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hirewire::sync {

struct Vocabulary {
    struct Stage {
        std::string id{};
        std::string name{};
        std::string pipeline{};  // "" when no pipeline shows it
        std::int64_t rank = 0;   // its place in the pipeline
        friend bool operator==(const Stage&, const Stage&) = default;
    };
    struct Reason {
        std::string id{};
        std::string name{};
        std::string type{};  // "hired" or "non-hired"
        friend bool operator==(const Reason&, const Reason&) = default;
    };
    std::vector<Stage> stages{};
    std::vector<Reason> reasons{};
    friend bool operator==(const Vocabulary&, const Vocabulary&) = default;
};

// Reads the answer's body. Nothing when it is not of that form, an entry without an id included: half of a list would
// make names of the configuration look wrong that are right.
std::optional<Vocabulary> read_vocabulary(const std::string& json);

}  // namespace hirewire::sync
