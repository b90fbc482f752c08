#include "common/sync/replay_tally.hpp"

#include <algorithm>
#include <utility>

#include "common/sync/delivery.hpp"
#include "common/sync/ledger_rebuild.hpp"

namespace hirewire::sync {

bool is_answer(const v1::Outcome& outcome) {
    if (outcome.outcome() == v1::OUTCOME_KIND_RETRYING) return outcome.parked() > 0;
    return outcome.outcome() != v1::OUTCOME_KIND_HELD && outcome.outcome() != v1::OUTCOME_KIND_UNSPECIFIED;
}

void ReplayTally::found(std::int64_t wanted, std::int64_t overtaken) {
    found_ = wanted;
    overtaken_ = overtaken;
}

bool ReplayTally::add_sent(const std::string& opportunity, std::int64_t version) {
    Entry entry;
    entry.version = version;
    return entries_.try_emplace(opportunity, entry).second;
}

bool ReplayTally::add(const v1::Outcome& outcome) {
    const auto& runs = outcome.run_ids();
    if (outcome.destination() != destination_) return false;
    if (std::find(runs.begin(), runs.end(), run_id_) == runs.end()) return false;
    // One that is not known was written by an earlier process, and its record is gone.
    if (is_answer(outcome)) add_sent(outcome.opportunity_id(), outcome.version());
    const auto found = entries_.find(outcome.opportunity_id());
    if (found == entries_.end() || found->second.version != outcome.version()) return true;
    auto& entry = found->second;
    add_calls(entry, outcome);
    const bool known = entry.outcome != v1::OUTCOME_KIND_UNSPECIFIED;
    if (!is_answer(outcome)) {
        // One that is held after a failure is still one of those.
        if (!known) mark(entry, entry.retrying || outcome.outcome() == v1::OUTCOME_KIND_RETRYING);
        return true;
    }
    // A second copy of a record is met by what the first one did: that is no news.
    const bool unasked = outcome.http_status() == 0;
    const bool repeated = unasked && (outcome.outcome() == v1::OUTCOME_KIND_UNCHANGED ||
                                      outcome.outcome() == v1::OUTCOME_KIND_SUPERSEDED);
    if (repeated && is_state(entry.outcome)) return true;
    if (known) {
        count(entry, -1);
    } else {
        ++answered_;
        mark(entry, false);
    }
    entry.outcome = outcome.outcome();
    entry.effect = outcome.effect() == "created"   ? Effect::created
                   : outcome.effect() == "updated" ? Effect::updated
                                                   : Effect::none;
    count(entry, 1);
    return true;
}

// The outcomes of one record come in order: what is told again is no younger than what was told last.
void ReplayTally::add_calls(Entry& entry, const v1::Outcome& outcome) {
    std::int32_t calls = entry.calls;
    if (!outcome.has_calls()) {
        // An earlier version tells of attempts, each time of all of them.
        const bool asked = outcome.http_status() != 0 && is_answer(outcome);
        if (asked) calls = std::max({calls, outcome.attempts(), 1});
    } else if (outcome.decided_at_ms() > entry.told_ms) {
        entry.told_ms = outcome.decided_at_ms();
        calls += outcome.calls();
    }
    calls_ += calls - entry.calls;
    entry.calls = calls;
}

void ReplayTally::mark(Entry& entry, bool retrying) {
    if (std::exchange(entry.retrying, retrying) != retrying) retrying_ += retrying ? 1 : -1;
}

void ReplayTally::count(const Entry& entry, std::int64_t by) {
    outcomes_[entry.outcome] += by;
    if (entry.effect == Effect::created) created_ += by;
    if (entry.effect == Effect::updated) updated_ += by;
}

std::unordered_set<std::string> ReplayTally::keys() const {
    std::unordered_set<std::string> keys;
    keys.reserve(entries_.size());
    for (const auto& [key, entry] : entries_) keys.insert(key);
    return keys;
}

ReplayProgress ReplayTally::progress() const {
    ReplayProgress progress;
    // Who goes on with a run looks anew for what is wanted, and may want less by now than what was written before.
    if (found_) progress.found = std::max(*found_, sent() + overtaken_);
    progress.overtaken = overtaken_;
    progress.sent = sent();
    progress.calls = calls_;
    for (const auto& [outcome, count] : outcomes_) {
        if (count > 0) progress.outcomes[std::string{name_of(outcome)}] += count;
    }
    if (overtaken_ > 0) progress.outcomes["superseded"] += overtaken_;
    if (created_ > 0) progress.effects["created"] = created_;
    if (updated_ > 0) progress.effects["updated"] = updated_;
    return progress;
}

}  // namespace hirewire::sync
