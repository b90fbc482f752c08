#pragma once
// What lever-source's internal API tells of a person, as rules read it. Pure.
#include <optional>
#include <string>

#include "common/sync/plan.hpp"

namespace hirewire::sync {

// Nothing when it cannot be read.
std::optional<Person> read_person(const std::string& body);

}  // namespace hirewire::sync
