#pragma once
// sync-theorg as a service. It consumes no changes: it does runs, on one thread, in the one process that leads.
#include <cstdint>
#include <memory>
#include <string>

#include "common/http/client.hpp"
#include "common/kafka/producer.hpp"
#include "common/redis/store.hpp"
#include "common/runtime/leadership.hpp"
#include "common/runtime/runs_listener.hpp"
#include "common/runtime/service.hpp"
#include "common/sync/courier.hpp"
#include "common/sync/mode.hpp"
#include "common/sync/pausing.hpp"
#include "common/sync/standstill.hpp"
#include "services/sync-theorg/access.hpp"
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
    // At the start, and whenever the settings were read anew.
    void use_mode();
    // An operator's pause is for whoever leads, or will.
    void obey_pauses(runtime::Runtime& runtime);

    std::string address_ = "127.0.0.1";
    std::uint16_t admin_port_ = 9114;
    std::string base_url_{};
    RunnerSettings settings_{};
    sync::CourierSettings courier_settings_ = standard_courier();
    std::string api_key_{};
    std::string mode_{sync::name_of(sync::Mode::live)};
    std::string standing_{};
    metrics::Registry* metrics_ = nullptr;
    bool going_ = false;
    // In the order of dependence.
    std::unique_ptr<redis::Store> store_;
    std::unique_ptr<kafka::Producer> producer_;
    std::unique_ptr<http::Client> client_;
    std::unique_ptr<sync::Courier> courier_;
    std::unique_ptr<runtime::RunBook> book_;
    std::unique_ptr<Runner> runner_;
    // Of the runs and of what is sent.
    sync::Standstill standstill_{sync::Standstill::Engine{
        .suspend =
            [this] {
                runner_->suspend();
                courier_->suspend();
            },
        .resume =
            [this] {
                courier_->resume();
                runner_->resume();
            },
    }};
    std::unique_ptr<sync::Pausing> pausing_;
    std::unique_ptr<runtime::RunsListener> runs_;
    std::unique_ptr<runtime::Leadership> leadership_;
};

}  // namespace hirewire::theorg
