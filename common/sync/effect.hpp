#pragma once
// What a replay would do to one opportunity at a destination, found out by the destination's own rules without
// sending anything: a change and what is known of the destination in, an effect out. Pure.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/sync/destination.hpp"
#include "common/sync/mode.hpp"
#include "common/sync/pause_book.hpp"
#include "common/sync/plan.hpp"
#include "hirewire/v1/change.pb.h"
#include "hirewire/v1/outcome.pb.h"

namespace hirewire::sync {

enum class EffectKind {
    would_change,  // it would be told a state that it is not known to have
    undecided,     // an answer decides that nobody was asked for: of lever-source, or of the destination
    no_op,         // it has the state, whether or not it is sent again
    superseded,    // it has a newer one
    unmapped,
    skipped,
    held,     // nothing is sent at present: paused, held, switched off, or a shadow
    dead,     // the rules refuse it for good
    unknown,  // what would decide was asked, and not answered
};
// "would change", "no-op", ...; and all of them in the order of a table.
std::string_view word_of(EffectKind kind);
const std::vector<EffectKind>& all_effect_kinds();

struct Effect {
    EffectKind kind = EffectKind::unknown;
    // By what the report of the real run counts it; APPLIED stands for UNCHANGED, too (effect_tally.hpp). Of what is
    // undecided it says nothing.
    v1::OutcomeKind outcome = v1::OUTCOME_KIND_UNSPECIFIED;
    std::string opportunity{};
    std::int64_t version = 0;
    std::string before{};     // the status that the destination is known to have
    std::string after{};      // the status that it would have
    std::string reason{};     // one sentence of ours; holds nothing of a person
    int calls = 0;            // that the destination would get at least
    bool more_calls = false;  // what is answered may ask for more of them
    bool asked = false;       // the destination was asked; else what it has is assumed from the ledger
};

// What sync.outcomes, hiring.changes and hiring.opportunities tell of what the destination has. A few hundred bytes
// for each opportunity.
class LedgerView {
public:
    explicit LedgerView(std::string destination) : destination_{std::move(destination)} {}
    // Every outcome, before the first change; those of others are left out.
    void hear(const v1::Outcome& outcome);
    // Every change, of both topics: the words for the states that were told.
    void learn(const v1::Change& change);

    struct Known {
        std::int64_t version = 0;  // decided on, as the daemon's own ledger has it; 0 = never
        std::int64_t told = 0;     // the last version that the destination has for certain; 0 = none
        std::string status{};      // the words for that one; "" = Kafka does not have it any more
        std::int64_t disconnected_until_ms = 0;
    };
    [[nodiscard]] Known of(const std::string& opportunity) const;
    // When the destination began to refuse our credential, epoch ms; 0 = it has answered since, or never did.
    [[nodiscard]] std::int64_t held_since_ms() const { return held_ms_ > answered_ms_ ? held_ms_ : 0; }

private:
    std::string destination_;
    std::unordered_map<std::string, Known> known_;
    std::int64_t held_ms_ = 0;
    std::int64_t answered_ms_ = 0;
};

struct EffectTerms {
    bool forced = false;        // what it has is sent again
    bool confidential = false;  // whether confidential candidates are sent
    Mode mode = Mode::live;
    std::string waits{};  // why nothing is sent at present; "" = it is
    std::int64_t now_ms = 0;
};

// Why nothing is sent to the destination at present, "" when it is: by the operators' words, by how it stands in the
// words of mode.hpp, by when it began to refuse us.
std::string waits_of(const PauseBook& pauses, std::string_view standing, std::int64_t held_since_ms);

// The status in words: "Offer", "Hired (hired)", "deleted in Lever", "no status"; a posting's state, or "gone".
std::string status_words(const v1::Change& change);

// What the rules are told of a replayed change.
Situation replayed_situation(const LedgerView::Known& known);

// What is decided before the rules are asked, as the daemon does it: by the ledger, by a disconnection, by
// confidentiality. Nothing: the rules decide.
std::optional<Effect> decided_before(
    const v1::Change& change, const LedgerView::Known& known, const EffectTerms& terms);

// How far somebody has followed the rules' plan, asking and never telling.
struct Course {
    Plan plan{};         // a decision, or a step that was not taken
    int calls = 0;       // questions that the destination was asked
    bool asked = false;  // it has answered one, for this opportunity or for all
};
Effect foresee(
    const v1::Change& change, const LedgerView::Known& known, const Course& course, const EffectTerms& terms);

}  // namespace hirewire::sync
