#pragma once
#include <cstdint>
#include <string>

#include "common/core/time.hpp"

namespace hirewire::redis {

struct Settings {
    std::string host = "127.0.0.1";
    std::uint16_t port = 6379;
    std::string password{};
    std::string prefix = "hirewire:";
    Milliseconds command_deadline{1'000};
};

}  // namespace hirewire::redis
