#pragma once
// The sandbox as a running process: Lever's side on one port, the destinations on another, one thread for all.
#include <cstdint>
#include <string>

#include "common/core/time.hpp"

namespace hirewire::sandbox {

struct ServeSettings {
    std::string address = "127.0.0.1";
    std::uint16_t lever_port = 8090;  // 0 = any free one, as below
    std::uint16_t destinations_port = 8091;
    std::string receiver_url = "http://127.0.0.1:8080/webhooks/lever";
    bool rate_limit = true;
    std::uint64_t seed = 0;
    Milliseconds retry_first{1'000};
};

// Serves until SIGTERM or SIGINT. Reads its secrets from the environment; throws std::runtime_error with one sentence
// when one is missing or a port is taken.
void serve(const ServeSettings& settings);

}  // namespace hirewire::sandbox
