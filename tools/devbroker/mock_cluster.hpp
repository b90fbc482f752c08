#pragma once
// librdkafka's mock cluster: one broker in this process, on a free port of 127.0.0.1, that keeps the newest 5 MiB of
// each partition in memory. For development and tests; what it cannot do is in the README beside this file.
#include <memory>
#include <string>
#include <vector>

#include "common/kafka/topics.hpp"

namespace hirewire::devbroker {

class MockCluster {
public:
    // Throws std::runtime_error when librdkafka refuses.
    MockCluster(const std::vector<kafka::Topic>& topics, const std::string& prefix);
    ~MockCluster();
    MockCluster(const MockCluster&) = delete;
    MockCluster& operator=(const MockCluster&) = delete;

    [[nodiscard]] std::string brokers() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hirewire::devbroker
