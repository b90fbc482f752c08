#pragma once
// Which replays of a destination are asked for, under way, paused, ended, by what hiring.runs says. Pure.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "common/core/time.hpp"
#include "hirewire/v1/run.pb.h"

namespace hirewire::sync {

class ReplayBook {
public:
    explicit ReplayBook(std::string destination) : destination_{std::move(destination)} {}
    // Every record, in order. Those that are no replays of this destination are left out.
    void hear(const v1::Run& run);
    // The one to be run now: of those that have not ended and are not paused the one that was asked for first.
    [[nodiscard]] std::optional<v1::Run> next() const;

    enum class Wish { run, pause, none };  // none: cancelled or ended
    [[nodiscard]] Wish wish(const std::string& run_id) const;

    // It was tried and failed, having come so far in all: records written and answered. True when it is to be given
    // up: it has failed five times in a row and got no further meanwhile. What fails again within ten seconds counts
    // once: somebody woke it before what is wrong had its time.
    bool has_failed(const std::string& run_id, std::int64_t reached, Instant now);

private:
    struct Entry {
        v1::Run run{};  // as it was told last
        bool paused = false;
        std::uint64_t order = 0;
        int failures = 0;
        std::optional<Instant> failed_at{};  // the last of them that counted
        std::int64_t reached = 0;            // at the failures
    };
    std::string destination_;
    std::map<std::string, Entry> open_;
    std::set<std::string> ended_;
    std::uint64_t next_order_ = 0;
};

}  // namespace hirewire::sync
