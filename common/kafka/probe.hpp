#pragma once
// Whether there is a Kafka to talk to, found out fast: for tools, whose user waits.
#include "common/core/time.hpp"
#include "common/kafka/settings.hpp"

namespace hirewire::kafka {

// Blocks until a broker answers. Throws std::runtime_error with one sentence when none does within `patience`, and at
// once when the credentials are refused.
void check_broker(const Settings& settings, Milliseconds patience = Milliseconds{4'000});

}  // namespace hirewire::kafka
