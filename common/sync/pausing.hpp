#pragma once
// Obeys hirewire pause and hirewire resume: what a process does about them. Nothing is attempted before it is known
// what holds, so a pause outlives the process that was running when it was said.
#include <functional>
#include <string>

#include "common/metrics/registry.hpp"
#include "common/sync/pause_book.hpp"

namespace hirewire::sync {

class Pausing {
public:
    struct Actions {
        std::function<void()> suspend{};  // nothing new is sent, until
        std::function<void()> resume{};
        std::function<void()> release_hold{};  // what waits for an operator's word goes on
    };
    // Suspends at once, until caught_up().
    Pausing(std::string destination, Actions actions, metrics::Registry& metrics);
    // Every record of hiring.runs.
    void hear(const v1::Run& run);
    // All records that were there at the start have been heard.
    void caught_up();
    // By an operator; not while it is still read what holds.
    [[nodiscard]] bool paused() const { return caught_up_ && book_.paused(); }

private:
    void tell_paused() const;

    std::string destination_;
    Actions actions_;
    metrics::Gauge gauge_;
    PauseBook book_;
    bool caught_up_ = false;
};

}  // namespace hirewire::sync
