#pragma once
// Looks Cluster's candidates of the connected jobs up in Lever and marks those who are there, "Already in ATS", so
// that nobody exports them: at the start, every presence_interval, when a job is newly connected, and when somebody
// asks (`hirewire run cluster`). Nobody is ever unmarked.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "common/runtime/rounds.hpp"
#include "common/sync/leader_task.hpp"
#include "services/sync-cluster/presence.hpp"
#include "services/sync-cluster/rules.hpp"

namespace hirewire::cluster {

// Of hiring.runs: a look at all connected jobs.
inline constexpr std::string_view presence_kind = "cluster";

class PresenceTask final : public sync::LeaderTask {
public:
    // The settings outlive this. It looks at the clock every `look_interval`.
    explicit PresenceTask(const Settings& settings, Milliseconds look_interval = std::chrono::seconds{30});
    boost::asio::awaitable<void> run(sync::TaskTools& tools) override;
    void hear(const v1::Run& run) override;
    void reload() override;
    void stop() override;

private:
    // One look, from its beginning to its end.
    struct Course {
        v1::Run run{};
        std::set<std::string> asked{};  // the runs that it answers, beside its own
        std::int64_t checked = 0;       // candidates
        std::int64_t matched = 0;       // of those not marked before: Lever knows them
        std::int64_t marked = 0;
        std::int64_t failed = 0;
        std::int64_t malformed = 0;  // candidates that are not what the contract says; nobody can mark them
        int unanswered = 0;          // jobs in a row whose candidates could not be read
        std::string trouble{};       // why it is not complete; the first reason
        bool weather = false;        // what went wrong may be right soon
        bool over = false;           // nothing more is asked or marked
    };

    boost::asio::awaitable<void> round(sync::TaskTools& tools);
    boost::asio::awaitable<void> check_job(sync::TaskTools& tools, Course& course, std::string job);
    boost::asio::awaitable<std::optional<Page>> read_candidates(
        sync::TaskTools& tools, Course& course, std::string job, std::string cursor);
    boost::asio::awaitable<void> check_page(sync::TaskTools& tools, Course& course, std::string job, Page page);
    boost::asio::awaitable<void> mark(sync::TaskTools& tools, Course& course, std::string job, Mark one);
    boost::asio::awaitable<void> conclude(sync::TaskTools& tools, Course& course);
    [[nodiscard]] bool is_due(std::int64_t now_ms) const;

    const Settings& settings_;
    Milliseconds look_interval_;
    std::unique_ptr<runtime::Rounds> rounds_;
    std::map<std::string, v1::Run> open_{};  // asked for or begun, and not ended, by id
    std::set<std::string> ended_{};          // by us, and not heard of yet
    std::set<std::string> checked_jobs_{};   // of the last look
    std::int64_t next_ms_ = 0;
    bool stopped_ = false;
};

}  // namespace hirewire::cluster
