#pragma once
// The replays of a destination: carries out, one after the other, those that hiring.runs says were asked for, and
// says there how far each has come. What another process left unfinished goes on here. Every daemon with an engine
// has one.
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>

#include "common/runtime/rounds.hpp"
#include "common/sync/leader_task.hpp"
#include "common/sync/replay.hpp"
#include "common/sync/replay_book.hpp"

namespace hirewire::sync {

// What a run's record counts, by the names that `hirewire replay` shows: found, sent, calls, created, updated, and
// each outcome by its own.
runtime::Counts counts_of(const ReplayProgress& progress);

class ReplayTask final : public LeaderTask {
public:
    explicit ReplayTask(std::string destination) : book_{std::move(destination)} {}
    boost::asio::awaitable<void> run(TaskTools& tools) override;
    void hear(const v1::Run& run) override;
    void stop() override;

private:
    // Works off all that are asked for.
    boost::asio::awaitable<void> round();
    boost::asio::awaitable<void> carry_out(v1::Run run);
    // Says how far it has come, now and then.
    boost::asio::awaitable<void> note(ReplayProgress progress);
    boost::asio::awaitable<void> end(ReplayProgress progress);

    ReplayBook book_;
    TaskTools* tools_ = nullptr;
    std::unique_ptr<runtime::Rounds> rounds_;
    std::unique_ptr<Replay> replay_;
    std::optional<v1::Run> current_{};
    runtime::Counts told_{};
    Instant told_at_{};
    bool stopped_ = false;
};

}  // namespace hirewire::sync
