#pragma once
// What a run amounted to, for people and for programs.
#include <optional>
#include <string>

#include "tools/loadgen/check.hpp"
#include "tools/loadgen/sender.hpp"

namespace hirewire::loadgen {

std::string table(const Load& load, const Sent& sent, const std::optional<Stored>& stored);
std::string json_text(const Load& load, const Sent& sent, const std::optional<Stored>& stored);

}  // namespace hirewire::loadgen
