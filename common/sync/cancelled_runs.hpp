#pragma once
// Which replays were cancelled, by what hiring.runs says: what one of them has written already need not be told any
// more. Pure.
#include <cstddef>
#include <deque>
#include <string>
#include <unordered_set>
#include <vector>

#include "hirewire/v1/run.pb.h"

namespace hirewire::sync {

class CancelledRuns {
public:
    // What an older one has written is worked off, or has left the topic, long since.
    static constexpr std::size_t most_remembered = 1'000;

    // Every record, of whatever run.
    void hear(const v1::Run& run);
    // Whether there is at least one id, and each is a cancelled replay's.
    [[nodiscard]] bool all_cancelled(const std::vector<std::string>& run_ids) const;

private:
    std::unordered_set<std::string> ids_;
    std::deque<std::string> order_;  // the oldest first
};

}  // namespace hirewire::sync
