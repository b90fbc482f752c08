#pragma once
// What came of one attempt at one job, in the engine's words. A service's handler says which; the engine decides what
// follows.
#include <string>
#include <variant>

#include "common/core/time.hpp"

namespace hirewire::pipeline {

// Finished, in whatever way: applied, unchanged, skipped, superseded.
struct Done {};
// Weather: repeating the same may help. Spends an attempt; not before `at_least` when the other side said so.
struct Retry {
    std::string reason{};
    Milliseconds at_least{0};
};
// The other side does not know of it yet. Spends an attempt, with longer pauses.
struct NotYet {
    std::string reason{};
};
// Our own side is not able: Redis away, an outcome not written, a lease held elsewhere. Spends no attempt.
struct Wait {
    std::string reason{};
    Milliseconds at_least{0};
};
// Can never succeed: dead letter at once.
struct Refused {
    std::string reason{};
};
// The credential is refused: everything of this destination waits, no attempt is spent.
struct Hold {
    std::string reason{};
};

using Verdict = std::variant<Done, Retry, NotYet, Wait, Refused, Hold>;

}  // namespace hirewire::pipeline
