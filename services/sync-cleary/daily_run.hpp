#pragma once
// The runs of sync-cleary as a task of the process that leads.
#include <memory>

#include "common/sync/leader_task.hpp"
#include "common/sync/replay.hpp"
#include "services/sync-cleary/agenda.hpp"
#include "services/sync-cleary/runner.hpp"

namespace hirewire::cleary {

class DailyRun final : public sync::LeaderTask {
public:
    // `settings` outlive it.
    explicit DailyRun(const Settings& settings) : settings_{settings} {}
    boost::asio::awaitable<void> run(sync::TaskTools& tools) override;
    void hear(const v1::Run& run) override;
    void reload() override;
    void stop() override;

private:
    const Settings& settings_;
    bool stopped_ = false;
    Agenda heard_{};  // until it leads
    std::unique_ptr<sync::Replay> replay_;
    std::unique_ptr<Runner> runner_;
};

}  // namespace hirewire::cleary
