#pragma once
// What an answer means for work beside the changes, as a value: what the courier does next, and what is reported.
#include <functional>
#include <string>

#include "common/core/time.hpp"
#include "common/http/message.hpp"
#include "common/sync/plan.hpp"
#include "hirewire/v1/outcome.pb.h"

namespace hirewire::sync {

enum class Next {
    done,
    again,     // not now, or nobody knows what came of it: the same bytes may be sent again
    refused,   // these bytes can never succeed
    doubtful,  // about this resource, or about all of them: for two in a row it is about all
    hold,      // nothing more is to be sent until somebody has seen to it
};
struct Judgement {
    Next next = Next::done;
    v1::OutcomeKind outcome = v1::OUTCOME_KIND_APPLIED;
    std::string reason{};
    Milliseconds at_least{0};  // of `again`: not earlier than this
    std::string effect{};      // what the destination says that it did: "created", "updated"; "" = it does not say
};
using Judge = std::function<Judgement(http::Method, const Answer&)>;
// What the shared contract (judge.hpp) reads in an answer, in these words. Never `doubtful`: a 403 is a hold.
Judgement judge_by_contract(http::Method method, const Answer& answer);

}  // namespace hirewire::sync
