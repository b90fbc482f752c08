#pragma once
// What a sync daemon reads of the configuration: [internal], [sync] and its destination's own section. Declared here,
// apart from the daemon, so that `hirewire config` holds a file against the same declarations.
#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "common/config/schema.hpp"
#include "common/core/time.hpp"
#include "common/pipeline/core.hpp"
#include "common/sync/delivery.hpp"
#include "common/sync/destination.hpp"
#include "common/sync/mode.hpp"

namespace hirewire::sync {

struct DaemonSettings {
    std::string base_url{};
    std::string internal_url = "http://127.0.0.1:8085";
    std::string address = "127.0.0.1";
    std::uint16_t admin_port = 0;
    std::string mode{name_of(Mode::live)};
    DeliverySettings delivery{};
    pipeline::CoreSettings core{};
    Milliseconds changes_retention{std::chrono::hours{24 * 30}};
    std::array<Milliseconds, 3> tier_delay{std::chrono::minutes{1}, std::chrono::minutes{10}, std::chrono::hours{1}};
};

DaemonSettings standard_settings(const Destination& destination);

// All three sections. Both targets outlive the schema.
void declare(config::Schema& schema, Destination& destination, DaemonSettings& settings);

// What is wrong that no single key shows, in one sentence; "" when nothing is.
std::string fault_of(const DaemonSettings& settings);

}  // namespace hirewire::sync
