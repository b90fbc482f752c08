#pragma once
// A posting's record as a Change, so that the engine, the ledger, the retry topics and the dead letters treat it as
// any other: kind CHANGE_KIND_POSTING, with the posting's id for an opportunity's, and a version that grows with the
// time at which the record was written.
#include <optional>
#include <string>

#include "common/kafka/record.hpp"
#include "common/sync/destination.hpp"
#include "hirewire/v1/change.pb.h"

namespace hirewire::sync {

inline const std::string postings_topic = "hiring.postings";

// What a record says that came from hiring.changes, hiring.opportunities or hiring.postings, however often it was set
// aside or replayed since; nothing when it cannot be read. The same record gives the same change each time.
std::optional<v1::Change> read_change(const kafka::Record& record);

// What a record says that came from hiring.postings: its key's posting is so now, or is gone. Nothing when it came
// from elsewhere or cannot be read.
std::optional<PostingNews> read_posting(const kafka::Record& record);

}  // namespace hirewire::sync
