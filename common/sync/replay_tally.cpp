#include "common/sync/replay_tally.hpp"

#include <algorithm>

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
    if (!is_answer(outcome)) return true;
    // One that is not known was written by an earlier process, and its record is gone.
    add_sent(outcome.opportunity_id(), outcome.version());
    auto& entry = entries_.at(outcome.opportunity_id());
    if (entry.version != outcome.version()) return true;
    // A second copy of a record is met by what the first one did: that is no news.
    const bool unasked = outcome.http_status() == 0;
    const bool repeated = unasked && (outcome.outcome() == v1::OUTCOME_KIND_UNCHANGED ||
                                      outcome.outcome() == v1::OUTCOME_KIND_SUPERSEDED);
    if (repeated && is_state(entry.outcome)) return true;
    const bool known = entry.outcome != v1::OUTCOME_KIND_UNSPECIFIED;
    if (known) {
        count(entry, -1);
    } else {
        ++answered_;
    }
    entry.outcome = outcome.outcome();
    entry.calls = outcome.http_status() != 0 ? std::max(1, outcome.attempts()) : 0;
    entry.effect = outcome.effect() == "created"   ? Effect::created
                   : outcome.effect() == "updated" ? Effect::updated
                                                   : Effect::none;
    count(entry, 1);
    return true;
}

void ReplayTally::count(const Entry& entry, std::int64_t by) {
    outcomes_[entry.outcome] += by;
    calls_ += by * entry.calls;
    if (entry.effect == Effect::created) created_ += by;
    if (entry.effect == Effect::updated) updated_ += by;
}

ReplayProgress ReplayTally::progress() const {
    ReplayProgress progress;
    progress.found = found_;
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
