#pragma once
// A Kafka to write to, in memory: everything acknowledged in order, or refused when told.
#include <functional>
#include <string>
#include <vector>

#include "common/kafka/producer.hpp"

namespace hirewire::testing {

class FakeProducer final : public kafka::Producer {
public:
    boost::asio::awaitable<Result<kafka::Written>> write(kafka::Message message) override;
    [[nodiscard]] bool healthy() const override { return true; }

    [[nodiscard]] std::vector<kafka::Message> of(const std::string& topic) const;

    std::vector<kafka::Message> messages{};  // acknowledged
    int writes = 0;                          // tried
    // Asked before each write; a true answer refuses it. Also the place to look at the order of things.
    std::function<bool(const kafka::Message&)> fails{};
};

}  // namespace hirewire::testing
