#pragma once
// What came of one attempt at one job, in the engine's words. A service's handler says which; the engine decides what
// follows.
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "common/core/time.hpp"

namespace hirewire::pipeline {

// Finished, in whatever way: applied, unchanged, skipped, superseded.
struct Done {};
// Something about this one: repeating it may help. Spends an attempt; not before `at_least` when the other side said
// so.
struct Retry {
    std::string reason{};
    Milliseconds at_least{0};
};
// The other side is not able, whatever it is asked: no answer, 5xx, 429. Spends an attempt like Retry, but when it
// comes too often it is an outage, and an outage spends none.
struct Weather {
    std::string reason{};
    Milliseconds at_least{0};
};
// The other side does not know of it yet: asked again after a long pause.
struct NotYet {
    std::string reason{};
};
// Our own side is not able: Redis away, an outcome not written, a lease held elsewhere. Spends no attempt.
struct Wait {
    std::string reason{};
    Milliseconds at_least{0};
    bool all = false;  // nobody else's turn comes sooner: nothing is started before
};
// Can never succeed: dead letter at once.
struct Refused {
    std::string reason{};
};
// The credential is refused: everything of this destination waits, no attempt is spent.
struct Hold {
    std::string reason{};
};

using Verdict = std::variant<Done, Retry, Weather, NotYet, Wait, Refused, Hold>;

// A verdict, and whether the other side answered at all: much is decided without asking, and says nothing about it.
struct Attempted {
    Attempted() = default;
    template <typename V>
    requires std::constructible_from<Verdict, V> Attempted(V v)
        : verdict{std::move(v)} {}  // NOLINT(google-explicit-constructor): a verdict alone is one, too
    Attempted(Verdict v, bool a, int s = 0) : verdict{std::move(v)}, answered{a}, status{s} {}

    Verdict verdict{};
    bool answered = false;
    int status = 0;  // the last answer's, for who reads of the failure; 0 = there was none
    // The order of the record whose request may have arrived, though nobody said so.
    std::optional<std::int64_t> unsure{};
    // The job's records up to this order are finished, whatever the verdict is on the others.
    std::optional<std::int64_t> through{};
    // Requests that were sent for the job and that nobody has been told of. The job keeps them for its next attempt.
    int untold_calls = 0;
};

}  // namespace hirewire::pipeline
