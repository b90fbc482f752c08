#pragma once
// What is to be replayed, and how far it has come.
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "hirewire/v1/change.pb.h"

namespace hirewire::sync {

enum class ReplaySource {
    opportunities,  // hiring.opportunities: the present state of each
    changes,        // hiring.changes: the present state of those of which a change is wanted
    postings,       // hiring.postings: each as it is, also those that are gone
};

struct ReplayTerms {
    std::string run_id{};  // the key epoch, too, when forced
    ReplaySource source = ReplaySource::opportunities;
    std::function<bool(const v1::Change&)> wants{};  // empty = all; called on a thread of its own
    // Sent again although it is applied, under a key epoch of its own; never lowers a version, never bothers a
    // person.
    bool forced = false;
    double per_second = 0;     // 0 = no limit of its own
    std::string checkpoint{};  // where an earlier process left off; "" = from the beginning
    // By the time at which a record was written, epoch ms: not before the one and before the other.
    std::optional<std::int64_t> from_ms{};
    std::optional<std::int64_t> until_ms{};
};

struct ReplayProgress {
    std::int64_t found = 0;      // records that are wanted; known once reading is through
    std::int64_t overtaken = 0;  // those of them for which a newer one of the same opportunity speaks
    std::int64_t sent = 0;       // written to sync.<dest>.replay
    // By name ("applied", "unchanged", "superseded", "skipped", "unmapped", "retrying", "dead", ...), each record
    // that is wanted once. A change that a newer one of its opportunity overtakes is superseded without being sent.
    std::map<std::string, std::int64_t> outcomes{};
    std::map<std::string, std::int64_t> effects{};  // "created", "updated"
    std::int64_t calls = 0;                         // requests that the destination was sent
    std::string checkpoint{};
    bool done = false;
};

}  // namespace hirewire::sync
