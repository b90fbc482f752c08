#pragma once
// What a destination wants done about a change, as a value: send this and decide on the answer, ask who the person is
// and decide on that, or stop here with a result. Rules build plans and know nothing of HTTP clients, Kafka or time.
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/core/result.hpp"
#include "common/core/time.hpp"
#include "common/http/message.hpp"
#include "common/pipeline/verdict.hpp"
#include "hirewire/v1/change.pb.h"
#include "hirewire/v1/outcome.pb.h"

namespace hirewire::sync {

struct Plan;

// The destination's answer, or why there was none.
using Answer = Result<http::Reply>;

// Who the candidate is, read from Lever through lever-source a moment ago.
struct Person {
    std::string name{};
    std::vector<std::string> emails{};
    std::vector<std::string> phones{};
    std::string location{};
    std::string headline{};
    std::string start_date{};  // ISO date or empty
};

struct Send {
    http::Request request{};
    std::function<Plan(const Answer&)> then{};
    // A GET whose good answer may be used again for so long, in place of asking.
    std::optional<Milliseconds> remember{};
};

struct AskPerson {
    // Nothing when Lever does not show the person.
    std::function<Plan(const std::optional<Person>&)> then{};
};

// Decided: reported, and recorded as the resource's state when the destination now knows it.
struct Settle {
    v1::OutcomeKind outcome = v1::OUTCOME_KIND_APPLIED;
    std::string reason{};
    std::string effect{};  // what the destination says that it did: "created", "updated"; empty when it does not say
};

// Not decided now; the engine's word says what follows.
struct Fail {
    pipeline::Verdict verdict = pipeline::Done{};
};

struct Plan {
    std::variant<Send, AskPerson, Settle, Fail> step;
};

// A find-then-write sequence is a handful of steps; more is a rule that runs in circles.
inline constexpr int most_plan_steps = 12;

}  // namespace hirewire::sync
