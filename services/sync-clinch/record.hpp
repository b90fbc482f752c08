#pragma once
// The record of a candidate's outcome, as it is sent and as Clinch gives it back: JSON:API, the type
// candidate_outcome, about a candidate and a job.
#include <cstdint>
#include <optional>
#include <string>

#include "common/http/message.hpp"
#include "hirewire/v1/change.pb.h"
#include "services/sync-clinch/states.hpp"

namespace hirewire::clinch {

// Where records are.
inline const std::string records = "/candidate_outcomes";
// The outcome that takes back a success or a failure.
inline const std::string reverted = "reverted";

// The id of the record that a change makes: the same at every attempt.
std::string record_id(const std::string& opportunity, std::int64_t version);

// A record as it is sent.
struct Draft {
    std::string id{};
    std::string outcome{};
    std::string state{};
    std::string ats_status{};
    std::string occurred_at{};
    std::string candidate{};
    std::string job{};
};

// All but the candidate.
Draft draft_of(const v1::Change& change, Standing standing);
std::string body(const Draft& draft, bool client_ids);

// A record as Clinch has it.
struct Recorded {
    std::string outcome{};
    std::string candidate{};
    std::string job{};
};
// Nothing when the answer is not this record.
std::optional<Recorded> read_record(const http::Reply& reply, const std::string& id);

}  // namespace hirewire::clinch
