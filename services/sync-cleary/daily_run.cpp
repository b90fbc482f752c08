#include "services/sync-cleary/daily_run.hpp"

#include <utility>

#include "services/sync-cleary/sources.hpp"

namespace hirewire::cleary {

boost::asio::awaitable<void> DailyRun::run(sync::TaskTools& tools) {
    if (stopped_) co_return;
    replay_ =
        std::make_unique<sync::Replay>(tools.executor, tools.kafka, tools.producer, tools.clock, tools.destination);
    RunMeans means;
    means.account = tools.account;
    means.hires = [kafka = tools.kafka] { return read_hires(kafka); };
    means.endings = [kafka = tools.kafka](const std::string& run_id) { return read_endings(kafka, run_id); };
    means.replay = [this](sync::ReplayTerms terms, RunMeans::Tell tell) {
        return replay_->run(std::move(terms), std::move(tell));
    };
    means.stop_replay = [this] { replay_->stop(); };
    runner_ = std::make_unique<Runner>(
        tools.executor, settings_, std::move(means), std::move(heard_), tools.runs, tools.clock, tools.metrics);
    co_await runner_->run();
}

void DailyRun::hear(const v1::Run& run) {
    if (runner_) {
        runner_->hear(run);
    } else {
        add_run(heard_, run);
    }
}

void DailyRun::reload() {
    if (runner_) runner_->look_again();
}

void DailyRun::stop() {
    stopped_ = true;
    if (runner_) runner_->stop();
}

}  // namespace hirewire::cleary
