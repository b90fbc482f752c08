#include "services/sync-cleary/report.hpp"

#include <algorithm>

namespace hirewire::cleary {
namespace {

std::int64_t count_in(const std::map<std::string, std::int64_t>& counts, const std::string& name) {
    const auto found = counts.find(name);
    return found == counts.end() ? 0 : found->second;
}

// Nobody knows of those whose outcome is not at hand; most of them are there.
bool is_in_preboarding(const Endings& endings, const std::string& opportunity) {
    const auto found = endings.find(opportunity);
    if (found == endings.end()) return true;
    switch (found->second.outcome) {
        case v1::OUTCOME_KIND_HANDED_OVER:
        case v1::OUTCOME_KIND_NEEDS_MERGE:
        case v1::OUTCOME_KIND_NOT_VISIBLE:
        case v1::OUTCOME_KIND_SKIPPED:
        case v1::OUTCOME_KIND_DEAD:
            return false;
        default:
            return true;
    }
}

}  // namespace

void add_outcome(Endings& endings, const v1::Outcome& outcome, const std::string& run_id) {
    if (outcome.destination() != "cleary") return;
    const auto& runs = outcome.run_ids();
    if (std::find(runs.begin(), runs.end(), run_id) == runs.end()) return;
    auto& ending = endings[outcome.opportunity_id()];
    if (outcome.version() < ending.version) return;
    ending.outcome = outcome.outcome();
    ending.reason = outcome.reason();
    ending.version = outcome.version();
}

void add_last_word(Endings& endings, const v1::Outcome& outcome) {
    if (outcome.destination() != "cleary") return;
    const auto kind = outcome.outcome();
    // Without an answer it says that the ledger knew of it, whatever came of it then.
    const bool confirmed =
        (kind == v1::OUTCOME_KIND_APPLIED || kind == v1::OUTCOME_KIND_UNCHANGED) && outcome.http_status() != 0;
    if (!confirmed && kind != v1::OUTCOME_KIND_HANDED_OVER && kind != v1::OUTCOME_KIND_NEEDS_MERGE) return;
    auto& ending = endings[outcome.opportunity_id()];
    ending.outcome = kind;
    ending.reason = outcome.reason();
    ending.version = outcome.version();
}

std::string why_not_imported(const Endings& last_words, const std::string& opportunity) {
    const auto found = last_words.find(opportunity);
    if (found == last_words.end()) return {};
    if (found->second.outcome == v1::OUTCOME_KIND_HANDED_OVER) return "handed over: " + found->second.reason;
    if (found->second.outcome == v1::OUTCOME_KIND_NEEDS_MERGE) return "needs a merge: " + found->second.reason;
    return {};
}

bool is_failure(v1::OutcomeKind outcome) {
    return outcome == v1::OUTCOME_KIND_DEAD || outcome == v1::OUTCOME_KIND_RETRYING ||
           outcome == v1::OUTCOME_KIND_HELD;
}

Counts counts_of(const sync::ReplayProgress& progress) {
    const auto& outcomes = progress.outcomes;
    Counts counts;
    counts["found"] = progress.found;
    counts["added"] = count_in(progress.effects, "created");
    // Also where it is not known which of the two it was.
    counts["changed"] = std::max<std::int64_t>(0, count_in(outcomes, "applied") - counts["added"]);
    counts["unchanged"] = count_in(outcomes, "unchanged");
    counts["failed"] = count_in(outcomes, "dead") + count_in(outcomes, "retrying") + count_in(outcomes, "held");
    for (const char* name : {"needs_merge", "handed_over", "not_visible", "skipped"}) {
        counts[name] = count_in(outcomes, name);
    }
    for (const char* name : {"superseded", "shadow", "disabled"}) {
        if (const auto count = count_in(outcomes, name); count != 0) counts[name] = count;
    }
    return counts;
}

void add_buckets(Counts& counts, const Selection& selection, const Endings& endings, const Days& days) {
    for (const char* name : {"new_hires_preboarding", "action_needed", "passed_since_last_run", "not_a_date"}) {
        counts[name] = 0;
    }
    for (const auto& hire : selection.governing) {
        if (!is_in_preboarding(endings, hire.opportunity_id)) continue;
        const Place place = place_of(hire.start_date, days.today, days.on_the_day);
        ++counts[name_of(place.bucket)];
        if (place.not_a_date) ++counts["not_a_date"];
        if (has_passed(hire.start_date, days.previous, days.today, days.on_the_day))
            ++counts["passed_since_last_run"];
    }
}

}  // namespace hirewire::cleary
