#pragma once
// The replays of a destination: carries out, one after the other, those that hiring.runs says were asked for, and
// says there how far each has come. What another process left unfinished goes on here, and so does one that has
// failed; one that fails time and again ends with the reason. Every daemon with an engine has one.
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "common/runtime/rounds.hpp"
#include "common/sync/leader_task.hpp"
#include "common/sync/replay.hpp"
#include "common/sync/replay_book.hpp"

namespace hirewire::sync {

// What a run's record counts, by the names that `hirewire replay` shows: found, overtaken, sent, calls, created,
// updated, and each outcome by its own.
runtime::Counts counts_of(const ReplayProgress& progress);
// Whether one of these names is an outcome's.
bool is_outcome_count(std::string_view name);

class ReplayTask final : public LeaderTask {
public:
    // What does the work; empty = a Replay.
    using Make = std::function<std::unique_ptr<Replaying>(TaskTools&)>;

    explicit ReplayTask(std::string destination, Make make = {})
        : book_{std::move(destination)}, make_{std::move(make)} {}
    boost::asio::awaitable<void> run(TaskTools& tools) override;
    void hear(const v1::Run& run) override;
    void stop() override;

private:
    // Works off all that are asked for.
    boost::asio::awaitable<void> round();
    boost::asio::awaitable<void> carry_out(v1::Run run);
    // Says how far it has come, now and then.
    boost::asio::awaitable<void> note(ReplayProgress progress);
    // Says why it has failed. Throws when it is to be tried again.
    boost::asio::awaitable<void> interrupted(std::string reason);
    boost::asio::awaitable<void> end(ReplayProgress progress);
    // As long as nothing was told of the progress, with the counts that the run's record has.
    boost::asio::awaitable<void> say(v1::RunState state, ReplayProgress progress);
    // Whether it is a word of ours that has not been heard yet; it is from now on.
    bool take_own_word(const std::string& run_id, v1::RunState state);

    ReplayBook book_;
    Make make_;
    TaskTools* tools_ = nullptr;
    std::unique_ptr<runtime::Rounds> rounds_;
    std::unique_ptr<Replaying> replay_;
    std::optional<v1::Run> current_{};
    // What the current one told last. Nothing yet while the past is read: what is counted by then is a part of it.
    std::optional<ReplayProgress> seen_{};
    runtime::Counts told_{};
    Instant told_at_{};
    // Said here in an operator's words; when they are heard from Kafka they are nobody's wish.
    std::multiset<std::pair<std::string, v1::RunState>> own_words_{};
    bool stopped_ = false;
};

}  // namespace hirewire::sync
