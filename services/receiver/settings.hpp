#pragma once
// The [receiver] section.
#include <cstdint>
#include <string>

#include "common/config/schema.hpp"
#include "common/core/time.hpp"

namespace hirewire::receiver {

struct Settings {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080;
    std::uint16_t admin_port = 9100;
    unsigned threads = 0;  // 0 = one per core
    std::string signature_tokens{};
    std::size_t max_body_bytes = 64U << 10U;
    std::size_t max_header_bytes = 8U << 10U;
    std::size_t max_connections = 1024;  // per thread
    std::size_t max_in_flight = 1024;    // per thread
    Milliseconds read_deadline{10'000};
    Milliseconds accept_past{std::chrono::hours{24 * 7}};
    Milliseconds accept_future{std::chrono::minutes{5}};
    Milliseconds claim_lease{10'000};
    Milliseconds remember{std::chrono::hours{24 * 8}};
    std::string certificate_file{};
    std::string key_file{};
};

void declare(config::Schema& schema, Settings& settings);

}  // namespace hirewire::receiver
