#include "common/sync/effect.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "common/core/overloaded.hpp"
#include "common/core/time.hpp"
#include "common/sync/delivery.hpp"
#include "common/sync/ledger_rebuild.hpp"

namespace hirewire::sync {
namespace {

constexpr std::int64_t disconnected_for_ms = Milliseconds{disconnected_for}.count();

// Whether the destination has answered something else than a refusal of our credential. One that met weather has
// learnt nothing of it, whereas any other answer ends a hold, though the change is tried again.
bool ends_hold(const v1::Outcome& outcome) {
    const int status = outcome.http_status();
    if (status == 0) return false;
    if (outcome.outcome() != v1::OUTCOME_KIND_RETRYING) return true;
    return status < 500 && status != 408 && status != 425 && status != 429;
}

Effect begin_effect(const v1::Change& change, const LedgerView::Known& known) {
    Effect effect;
    effect.opportunity = change.opportunity_id();
    effect.version = change.version();
    if (known.told == 0) {
        effect.before = "nothing";
    } else {
        effect.before = known.status.empty() ? "a state that Kafka has no more" : known.status;
    }
    effect.after = status_words(change);
    return effect;
}

void decide(Effect& effect, EffectKind kind, v1::OutcomeKind outcome, std::string reason) {
    effect.kind = kind;
    effect.outcome = outcome;
    effect.reason = std::move(reason);
}

EffectKind kind_of(v1::OutcomeKind outcome) {
    switch (outcome) {
        case v1::OUTCOME_KIND_APPLIED:
        case v1::OUTCOME_KIND_UNCHANGED:
            return EffectKind::no_op;
        case v1::OUTCOME_KIND_SUPERSEDED:
            return EffectKind::superseded;
        case v1::OUTCOME_KIND_UNMAPPED:
            return EffectKind::unmapped;
        case v1::OUTCOME_KIND_SHADOW:
            return EffectKind::held;
        case v1::OUTCOME_KIND_SKIPPED:
        case v1::OUTCOME_KIND_NOT_VISIBLE:
        case v1::OUTCOME_KIND_NEEDS_MERGE:
        case v1::OUTCOME_KIND_HANDED_OVER:
        case v1::OUTCOME_KIND_DISABLED:
            return EffectKind::skipped;
        default:
            return EffectKind::unknown;
    }
}

// The rules have failed; what that means to the engine.
void decide_failure(Effect& effect, const pipeline::Verdict& verdict) {
    std::visit(
        overloaded{
            [&](const pipeline::Refused& refused) {
                decide(effect, EffectKind::dead, v1::OUTCOME_KIND_DEAD, refused.reason);
            },
            [&](const pipeline::Hold& hold) { decide(effect, EffectKind::held, v1::OUTCOME_KIND_HELD, hold.reason); },
            [&](const pipeline::Done&) {
                decide(effect, EffectKind::unknown, v1::OUTCOME_KIND_UNSPECIFIED, "the rules say nothing");
            },
            [&](const auto& later) { decide(effect, EffectKind::unknown, v1::OUTCOME_KIND_RETRYING, later.reason); }},
        verdict);
}

// A request that tells it of the change would go out.
void decide_telling(Effect& effect, bool has_it) {
    effect.calls += 1;
    if (has_it && !effect.asked) {
        decide(effect, EffectKind::no_op, v1::OUTCOME_KIND_APPLIED, "would be sent again, no change expected");
        return;
    }
    std::string reason;
    if (effect.asked) {
        reason = "by what it answered";
    } else if (effect.before == effect.after) {
        reason = "the same status, newer details";
    }
    decide(effect, EffectKind::would_change, v1::OUTCOME_KIND_APPLIED, std::move(reason));
}

// A question comes first. Whoever is not asked may know nobody of that name, a newer state or the very same one: none
// of the outcomes is likelier than the others, also when the ledger says that this was told before.
void decide_question(Effect& effect, bool has_it, std::string question) {
    if (has_it) question += "; it was told this before";
    decide(effect, EffectKind::undecided, v1::OUTCOME_KIND_UNSPECIFIED, std::move(question));
}

// The destination gets not even a question then; lever-source does.
void decide_shadow(Effect& effect, const std::string& reason) {
    effect.calls = 0;
    decide(effect, EffectKind::held, v1::OUTCOME_KIND_SHADOW, "shadow: " + reason);
}

bool is_question(const http::Request& request) {
    return request.method == http::Method::get || request.method == http::Method::head;
}

// Whatever it is, it waits with the destination.
void wait_with(Effect& effect, const std::string& waits) {
    if (waits.empty()) return;
    std::string then = "; then: " + std::string{word_of(effect.kind)};
    if (!effect.reason.empty()) then += " (" + effect.reason + ")";
    decide(effect, EffectKind::held, v1::OUTCOME_KIND_HELD, waits + then);
}

}  // namespace

std::string_view word_of(EffectKind kind) {
    switch (kind) {
        case EffectKind::would_change:
            return "would change";
        case EffectKind::undecided:
            return "undecided";
        case EffectKind::no_op:
            return "no-op";
        case EffectKind::superseded:
            return "superseded";
        case EffectKind::unmapped:
            return "unmapped";
        case EffectKind::skipped:
            return "skipped";
        case EffectKind::held:
            return "held";
        case EffectKind::dead:
            return "would die";
        case EffectKind::unknown:
            break;
    }
    return "unknown";
}

const std::vector<EffectKind>& all_effect_kinds() {
    static const std::vector<EffectKind> all{
        EffectKind::would_change,
        EffectKind::undecided,
        EffectKind::no_op,
        EffectKind::superseded,
        EffectKind::unmapped,
        EffectKind::skipped,
        EffectKind::held,
        EffectKind::dead,
        EffectKind::unknown};
    return all;
}

void LedgerView::hear(const v1::Outcome& outcome) {
    if (outcome.destination() != destination_) return;
    const auto kind = outcome.outcome();
    if (kind == v1::OUTCOME_KIND_HELD) {
        held_ms_ = std::max(held_ms_, outcome.decided_at_ms());
    } else if (ends_hold(outcome)) {
        answered_ms_ = std::max(answered_ms_, outcome.decided_at_ms());
    }
    if (!is_state(kind)) return;
    auto& known = known_[outcome.opportunity_id()];
    known.version = std::max(known.version, outcome.version());
    if (kind == v1::OUTCOME_KIND_APPLIED || kind == v1::OUTCOME_KIND_UNCHANGED) {
        known.told = std::max(known.told, outcome.version());
    }
    if (kind == v1::OUTCOME_KIND_DISABLED && outcome.http_status() != 0) {
        const auto until = outcome.decided_at_ms() + disconnected_for_ms;
        known.disconnected_until_ms = std::max(known.disconnected_until_ms, until);
    }
}

void LedgerView::learn(const v1::Change& change) {
    const auto found = known_.find(change.opportunity_id());
    if (found == known_.end() || found->second.told != change.version()) return;
    found->second.status = status_words(change);
}

LedgerView::Known LedgerView::of(const std::string& opportunity) const {
    const auto found = known_.find(opportunity);
    return found == known_.end() ? Known{} : found->second;
}

std::string waits_of(const PauseBook& pauses, std::string_view standing, std::int64_t held_since_ms) {
    if (pauses.paused()) {
        return "paused by " + pauses.who() + " at " + iso_time(from_ms(pauses.at_ms()));
    }
    if (standing == name_of(Mode::off)) return "its mode is off";
    // An operator's resume ends a hold, too.
    if (held_since_ms > pauses.at_ms()) {
        return "it refused us at " + iso_time(from_ms(held_since_ms)) + " and has answered nothing since";
    }
    return {};
}

std::string status_words(const v1::Change& change) {
    if (change.mark().deleted()) return "deleted in Lever";
    if (change.mark().anonymized()) return "anonymized in Lever";
    if (change.kind() == v1::CHANGE_KIND_POSTING) {
        return change.posting().state().empty() ? "gone" : change.posting().state();
    }
    const auto& status = change.status();
    const std::string words = status.name().empty() ? status.id() : status.name();
    if (words.empty()) return "no status";
    return change.hired() ? words + " (hired)" : words;
}

Situation replayed_situation(const LedgerView::Known& known) {
    Situation situation;
    situation.backfill = true;
    situation.first_sync = true;
    situation.late = true;
    situation.applied_version = known.version;
    situation.run_ids.emplace_back("dry-run");  // somebody asks for it, as they will then
    return situation;
}

std::optional<Effect> decided_before(
    const v1::Change& change, const LedgerView::Known& known, const EffectTerms& terms) {
    Effect effect = begin_effect(change, known);
    if (change.version() < known.version) {
        decide(effect, EffectKind::superseded, v1::OUTCOME_KIND_SUPERSEDED, "it was told a newer state");
    } else if (change.version() == known.version && !terms.forced) {
        decide(effect, EffectKind::no_op, v1::OUTCOME_KIND_UNCHANGED, "applied before");
    } else if (known.disconnected_until_ms > terms.now_ms && !terms.forced) {
        const char* reason = "disconnected, and not asked again yet";
        decide(effect, EffectKind::skipped, v1::OUTCOME_KIND_DISABLED, reason);
    } else if (change.confidential() && !terms.confidential) {
        decide(effect, EffectKind::skipped, v1::OUTCOME_KIND_SKIPPED, "confidential");
    } else {
        return std::nullopt;
    }
    wait_with(effect, terms.waits);
    return effect;
}

Effect foresee(
    const v1::Change& change, const LedgerView::Known& known, const Course& course, const EffectTerms& terms) {
    Effect effect = begin_effect(change, known);
    effect.calls = course.calls;
    effect.asked = course.asked;
    const bool has_it = known.told == change.version();
    const bool shadow = terms.mode == Mode::shadow;
    if (const auto* settled = std::get_if<Settle>(&course.plan.step)) {
        decide(effect, kind_of(settled->outcome), settled->outcome, settled->reason);
    } else if (const auto* failed = std::get_if<Fail>(&course.plan.step)) {
        decide_failure(effect, failed->verdict);
    } else if (const auto* send = std::get_if<Send>(&course.plan.step)) {
        if (shadow) {
            decide_shadow(effect, would_send(send->request));
        } else if (is_question(send->request)) {
            effect.calls += 1;
            effect.more_calls = true;
            decide_question(effect, has_it, would_send(send->request));
        } else {
            decide_telling(effect, has_it);
        }
    } else {
        // Nothing need go out at all: Lever may not show the person.
        effect.more_calls = !shadow;
        decide_question(effect, has_it, "would ask lever-source who this is");
    }
    wait_with(effect, terms.waits);
    return effect;
}

}  // namespace hirewire::sync
