#pragma once
// Remembers in hiring.runs how a destination stands (mode.hpp), and when it is told again, after a time in which it
// was not, hands it a snapshot. So it does when another of its processes asks for one. Every destination has this
// task.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "common/runtime/rounds.hpp"
#include "common/sync/leader_task.hpp"
#include "common/sync/snapshot.hpp"

namespace hirewire::sync {

// Of hiring.runs. The key and run id is "mode.<destination>", the checkpoint how it stands.
inline constexpr const char* mode_kind = "mode";

class ModeTask final : public LeaderTask {
public:
    // Writes one part of the snapshot, the opportunities or the postings, and answers how many are in it; throws when
    // it cannot.
    using TakeSnapshot = std::function<boost::asio::awaitable<std::int64_t>(TaskTools&, ReplaySource)>;

    // `standing` answers how the destination stands by the settings in force, `wants_postings` whether it is told of
    // postings. Without `take` it is a Snapshot.
    ModeTask(
        std::string destination,
        std::function<std::string()> standing,
        std::function<bool()> wants_postings,
        TakeSnapshot take = {});

    boost::asio::awaitable<void> run(TaskTools& tools) override;
    void hear(const v1::Run& run) override;
    void reload() override;
    void stop() override;

    // One look: takes the snapshot that is owed and writes down how the destination stands now. The record comes
    // last, so that who dies in between takes the snapshot again, which the ledger makes harmless.
    boost::asio::awaitable<void> look(TaskTools& tools);

private:
    boost::asio::awaitable<std::int64_t> take_snapshot(TaskTools& tools, ReplaySource source);
    boost::asio::awaitable<void> hand_over(TaskTools& tools, std::string because);

    std::string destination_;
    std::string key_;
    std::function<std::string()> standing_;
    std::function<bool()> wants_postings_;
    TakeSnapshot take_;
    std::unique_ptr<Snapshot> snapshot_;
    std::unique_ptr<runtime::Rounds> rounds_;
    std::string before_;                    // as hiring.runs has it; "" = it has nothing
    std::map<std::string, v1::Run> asked_;  // snapshots that were asked for, and are not taken yet
    bool stopping_ = false;
};

}  // namespace hirewire::sync
