#pragma once
#include <doctest/doctest.h>

#include <vector>

#include "hirewire/v1/run.pb.h"
#include "tests/support/fake_producer.hpp"

namespace hirewire::testing {

// What was told in hiring.runs of this state, in order.
inline std::vector<v1::Run> runs_of(const FakeProducer& producer, v1::RunState state) {
    std::vector<v1::Run> all;
    for (const auto& message : producer.of("hiring.runs")) {
        v1::Run run;
        REQUIRE(run.ParseFromString(*message.value));
        if (run.state() == state) all.push_back(run);
    }
    return all;
}

}  // namespace hirewire::testing
