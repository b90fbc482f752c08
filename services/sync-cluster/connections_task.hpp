#pragma once
// Carries out what a changed configuration asks of Cluster: the purge of a job that is disconnected, and the telling
// of the present state when a job is connected or a posting is chosen for import. What is owed is written to
// hiring.runs first, so it is done after a restart, too.
#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/runtime/rounds.hpp"
#include "common/sync/leader_task.hpp"
#include "services/sync-cluster/connections.hpp"
#include "services/sync-cluster/retelling.hpp"
#include "services/sync-cluster/rules.hpp"

namespace hirewire::cluster {

class ConnectionsTask final : public sync::LeaderTask {
public:
    // The settings outlive this. `look_interval`: what could not be done is tried again so often.
    ConnectionsTask(
        const Settings& settings,
        std::unique_ptr<Retelling> retelling,
        Milliseconds look_interval = std::chrono::minutes{1});
    boost::asio::awaitable<void> run(sync::TaskTools& tools) override;
    void hear(const v1::Run& run) override;
    void reload() override;
    void stop() override;

private:
    boost::asio::awaitable<void> round(sync::TaskTools& tools);
    // What is owed, unless hiring.runs has it so.
    boost::asio::awaitable<void> remember(sync::TaskTools& tools);
    // Answers how it went; it is over when the job is forgotten.
    boost::asio::awaitable<sync::Next> purge(sync::TaskTools& tools, std::string job);
    boost::asio::awaitable<void> connect(sync::TaskTools& tools, std::vector<std::string> jobs);
    boost::asio::awaitable<void> import(sync::TaskTools& tools, std::vector<std::string> postings);
    // Says it once for each reason.
    void complain(const std::string& job, const sync::Delivered& delivered);

    const Settings& settings_;
    std::unique_ptr<Retelling> retelling_;
    Milliseconds look_interval_;
    bool hears_of_postings_;  // whether the daemon was told at its start to read them
    std::unique_ptr<runtime::Rounds> rounds_;
    const Clock* clock_ = nullptr;
    Connections connections_{};
    std::string remembered_{};                         // as hiring.runs has it
    std::map<std::string, std::string> complaints_{};  // by job: why its purge was not done
    bool leads_ = false;
    bool stopped_ = false;
};

}  // namespace hirewire::cluster
