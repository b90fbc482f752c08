#pragma once
// What a run reports, pure: what came of each hire, and where the people show in Cleary.
#include <cstdint>
#include <map>
#include <string>

#include "common/sync/replay_terms.hpp"
#include "hirewire/v1/outcome.pb.h"
#include "services/sync-cleary/buckets.hpp"
#include "services/sync-cleary/hires.hpp"

namespace hirewire::cleary {

// What came of one hire in a run.
struct Ending {
    v1::OutcomeKind outcome = v1::OUTCOME_KIND_UNSPECIFIED;
    std::string reason{};
    std::int64_t version = 0;
};
// By opportunity.
using Endings = std::map<std::string, Ending>;
// Outcomes of other runs and of live traffic are none of this run's; its id is the one that its outcomes have. In the
// order of the topic.
void add_outcome(Endings& endings, const v1::Outcome& outcome, const std::string& run_id);
// What Cleary itself answered last of each hire, in whatever run or none. In the order of the topic.
void add_last_word(Endings& endings, const v1::Outcome& outcome);
// Why an import must not write somebody: what the HRIS or another record of Cleary's has would be overwritten. "" =
// it may.
std::string why_not_imported(const Endings& last_words, const std::string& opportunity);
// Dead letters, and what is still repeated.
bool is_failure(v1::OutcomeKind outcome);

// By name. All of the first nine are there, whatever they are: added, changed, unchanged, failed, needs_merge,
// handed_over, not_visible, skipped, found. "superseded", "shadow" and "disabled" where there are such.
using Counts = std::map<std::string, std::int64_t>;
Counts counts_of(const sync::ReplayProgress& progress);

struct Days {
    std::string today{};
    std::string previous{};  // of the last run that was finished; "" = there was none
    Bucket on_the_day = Bucket::action_needed;
};
// Adds new_hires_preboarding, action_needed, passed_since_last_run and not_a_date: of those whom Cleary has in
// pre-boarding as far as the run has seen. Who was handed over, waits for a merge or was not told is in none of them.
void add_buckets(Counts& counts, const Selection& selection, const Endings& endings, const Days& days);

}  // namespace hirewire::cleary
