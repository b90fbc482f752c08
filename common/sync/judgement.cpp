#include "common/sync/judgement.hpp"

#include <utility>
#include <variant>

#include "common/core/overloaded.hpp"
#include "common/sync/judge.hpp"

namespace hirewire::sync {
namespace {

Judgement not_done(Next next, v1::OutcomeKind outcome, std::string reason, Milliseconds at_least = Milliseconds{0}) {
    Judgement judgement;
    judgement.next = next;
    judgement.outcome = outcome;
    judgement.reason = std::move(reason);
    judgement.at_least = at_least;
    return judgement;
}

Judgement not_now(std::string reason, Milliseconds at_least) {
    return not_done(Next::again, v1::OUTCOME_KIND_RETRYING, std::move(reason), at_least);
}

Judgement from_verdict(const pipeline::Verdict& verdict) {
    return std::visit(
        overloaded{
            [](const pipeline::Done&) { return Judgement{}; },
            [](const pipeline::Retry& v) { return not_now(v.reason, v.at_least); },
            [](const pipeline::Weather& v) { return not_now(v.reason, v.at_least); },
            [](const pipeline::NotYet& v) { return not_now(v.reason, Milliseconds{0}); },
            [](const pipeline::Wait& v) { return not_now(v.reason, v.at_least); },
            [](const pipeline::Refused& v) { return not_done(Next::refused, v1::OUTCOME_KIND_DEAD, v.reason); },
            [](const pipeline::Hold& v) { return not_done(Next::hold, v1::OUTCOME_KIND_HELD, v.reason); }},
        verdict);
}

}  // namespace

Judgement judge_by_contract(http::Method method, const Answer& answer) {
    // What is not there needs no deleting. The table is about what is written and speaks of no method.
    if (method == http::Method::del && answer && (answer->status == 404 || answer->status == 410)) {
        Judgement gone;
        gone.outcome = v1::OUTCOME_KIND_UNCHANGED;
        gone.reason = "it was not there any more";
        return gone;
    }
    const Plan plan = judge(answer, false);
    if (const auto* failed = std::get_if<Fail>(&plan.step)) return from_verdict(failed->verdict);
    Judgement judgement;
    if (const auto* settled = std::get_if<Settle>(&plan.step)) {
        judgement.outcome = settled->outcome;
        judgement.reason = settled->reason;
        judgement.effect = settled->effect;
    }
    return judgement;
}

}  // namespace hirewire::sync
