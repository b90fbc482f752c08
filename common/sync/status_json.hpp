#pragma once
// The status object that CLARA and Cluster take, and the map from Lever's statuses to the customer's names.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/json/writer.hpp"
#include "hirewire/v1/change.pb.h"

namespace hirewire::sync {

// Keys name stages and archive reasons: by id, plain or as "id:<id>", or by name, where neither case nor how much
// white space there is matters. Ids win.
using StatusMap = std::map<std::string, std::string>;

std::optional<std::string> mapped(const StatusMap& map, const v1::Status& status);
// Whether the list names the status; its entries are like a map's keys.
bool names(const std::vector<std::string>& list, const v1::Status& status);

// Writes {"kind":…,"id":…,"name":…[,"mapped":…]}, or null for no status.
void write_status(json::Writer& out, const v1::Status& status, const std::optional<std::string>& mapped = {});

}  // namespace hirewire::sync
