#pragma once
// The status object that CLARA and Cluster take. How the configuration names and maps statuses is in
// status_names.hpp.
#include <optional>
#include <string>

#include "common/json/writer.hpp"
#include "common/sync/status_names.hpp"
#include "hirewire/v1/change.pb.h"

namespace hirewire::sync {

// Writes {"kind":…,"id":…,"name":…[,"mapped":…]}, or null for no status.
void write_status(json::Writer& out, const v1::Status& status, const std::optional<std::string>& mapped = {});

}  // namespace hirewire::sync
