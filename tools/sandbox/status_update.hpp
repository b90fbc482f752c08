#pragma once
// The body that CLARA and Cluster are sent for a change of status, read as strictly as their contracts are meant.
#include <optional>
#include <string>

#include "tools/sandbox/strict_object.hpp"

namespace hirewire::sandbox {

struct StatusFacts {
    std::string kind{};  // stage, archive_reason
    std::string id{};
    std::string name{};
    std::string mapped{};
    std::string normalized{};

    friend bool operator==(const StatusFacts&, const StatusFacts&) = default;
};

struct StatusUpdate {
    StatusFacts status{};
    std::optional<StatusFacts> previous{};
    std::string posting{};  // empty: none
    std::string occurred_at{};
    bool hired = false;
    bool backfill = false;
};

// Reads the members that both contracts have; the caller reads its own and finishes.
StatusUpdate read_status_update(StrictObject& body, Wrongs& wrongs);

}  // namespace hirewire::sandbox
