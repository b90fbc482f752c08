#pragma once
// sync-theorg as a service. It consumes no changes: it does runs, on one thread, in the one process that leads.
#include <cstdint>
#include <memory>
#include <string>

#include "common/http/client.hpp"
#include "common/kafka/producer.hpp"
#include "common/redis/store.hpp"
#include "common/runtime/leadership.hpp"
#include "common/runtime/service.hpp"
#include "services/sync-theorg/courier.hpp"
#include "services/sync-theorg/runner.hpp"

namespace hirewire::theorg {

class TheOrg final : public runtime::Service {
public:
    void declare(config::Schema& schema) override;
    [[nodiscard]] std::string fault() const override;
    [[nodiscard]] runtime::Endpoint admin() const override { return {.address = address_, .port = admin_port_}; }
    boost::asio::awaitable<void> start(runtime::Runtime& runtime) override;
    boost::asio::awaitable<void> stop() override;
    void reload() override;

private:
    [[nodiscard]] RunnerSettings runner_settings() const;

    std::string address_ = "127.0.0.1";
    std::uint16_t admin_port_ = 9114;
    std::string base_url_{};
    RunnerSettings settings_{};
    CourierSettings courier_settings_{};
    bool going_ = false;
    // In the order of dependence.
    std::unique_ptr<redis::Store> store_;
    std::unique_ptr<kafka::Producer> producer_;
    std::unique_ptr<http::Client> client_;
    std::unique_ptr<Courier> courier_;
    std::unique_ptr<runtime::RunBook> book_;
    std::unique_ptr<Runner> runner_;
    std::unique_ptr<runtime::Leadership> leadership_;
};

}  // namespace hirewire::theorg
