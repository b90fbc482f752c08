#pragma once
// The receiver as a service: one thread per core, each with a listener of its own on the same port.
#include <memory>
#include <string>
#include <vector>

#include "common/runtime/service.hpp"
#include "services/receiver/settings.hpp"

namespace hirewire::receiver {

class Receiver final : public runtime::Service {
public:
    Receiver();
    ~Receiver() override;
    void declare(config::Schema& schema) override;
    [[nodiscard]] runtime::Endpoint admin() const override;
    boost::asio::awaitable<void> start(runtime::Runtime& runtime) override;
    boost::asio::awaitable<void> stop() override;
    void reload() override;
    [[nodiscard]] std::optional<std::uint16_t> port() const override;

private:
    class Worker;
    Settings settings_;
    std::unique_ptr<redis::Store> probe_;
    std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace hirewire::receiver
