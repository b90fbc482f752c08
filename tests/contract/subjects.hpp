#pragma once
// Whom the contract suite is about. A sixth destination is one line in subjects.cpp, and its section in hirewire.toml
// beside it.
#include <memory>
#include <string>
#include <vector>

#include "common/sync/destination.hpp"

namespace hirewire::contract {

struct Subject {
    std::unique_ptr<sync::Destination> destination{};
    // All that it may ask of its server: "PUT /jobs/*", without the query; * is one segment of the path.
    std::vector<std::string> calls{};

    [[nodiscard]] std::string name() const { return std::string{destination->name()}; }
    [[nodiscard]] bool may_call(const http::Request& request) const;
};

// Made and configured anew.
std::vector<Subject> subjects();

}  // namespace hirewire::contract
