#pragma once
// What every service with an engine has in common: readiness, the gauges of the engine, and an end with a reason when
// Kafka is lost for good.
#include <functional>
#include <string>

#include "common/kafka/consumer.hpp"
#include "common/pipeline/engine.hpp"
#include "common/runtime/service.hpp"

namespace hirewire::runtime {

// Spawns engine.run(). `destination` labels the gauges. `held_too` tells of a reason to count as held that the engine
// does not know.
void run_engine(
    Runtime& runtime,
    pipeline::Engine& engine,
    kafka::Consumer& consumer,
    const std::string& destination,
    std::function<bool()> held_too = [] { return false; });

}  // namespace hirewire::runtime
