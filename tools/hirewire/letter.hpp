#pragma once
// One dead letter as a value: what a record of sync.<dest>.dlq says of itself, which of them an operator means, and
// how it goes back to work. Pure.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/kafka/record.hpp"
#include "hirewire/v1/change.pb.h"
#include "hirewire/v1/outcome.pb.h"

namespace hirewire::cli {

struct Letter {
    std::int32_t partition = 0;
    kafka::Offset offset = 0;
    std::string key{};          // of the record: the opportunity or posting
    bool readable = true;       // whether there is a change in it; without one there are no version and no kind
    std::string opportunity{};  // with the kind POSTING, the posting
    std::string change_id{};
    std::int64_t version = 0;
    v1::ChangeKind kind = v1::CHANGE_KIND_UNSPECIFIED;
    std::string reason{};
    int status = 0;               // that the reason names; 0 = none
    std::int64_t dead_at_ms = 0;  // epoch
    int attempts = 0;
    std::optional<std::int64_t> failing_since_ms{};
    std::string run{};  // the last that asked for it, as a redrive does; "" = none
};
Letter read_letter(const kafka::Record& record);

// "stage_changed", "posting"; "?" for none.
std::string kind_name(v1::ChangeKind kind);
// "3/1042": the partition and the offset, by which an operator names one.
std::string id_of(const Letter& letter);

struct LetterId {
    std::int32_t partition = 0;
    kafka::Offset offset = 0;
};
// Out of what id_of() writes; nothing out of anything else.
std::optional<LetterId> read_id(std::string_view text);

struct LetterFilter {
    std::string id{};      // this one alone; "" = all
    std::string reason{};  // a part of the reason; "" = all
    int status = 0;        // 0 = all
    std::string opportunity{};
    std::optional<std::int64_t> from_ms{};   // by the time of its death: not before this
    std::optional<std::int64_t> until_ms{};  // and before that
};
bool matches(const LetterFilter& filter, const Letter& letter);
// Whether it means all of them.
bool is_empty(const LetterFilter& filter);

// What is done with letters.
struct LetterTask {
    std::string destination{};
    v1::OutcomeKind word = v1::OUTCOME_KIND_REDRIVEN;  // or DISCARDED
    std::string run_id{};                              // of what is redriven
    std::string why{};                                 // who, for the audit trail
    double per_second = 0;                             // 0 = as fast as Kafka takes them
};

// The record as it is worked off once more: by the run `run_id`, behind all that is live, without a word to a person,
// and as young as a new one. What a forced run asked for is forced once more, with this run as its key epoch. What is
// known of its death stays in it, as hirewire-redriven-...
kafka::Message redriven(const kafka::Record& letter, const std::string& destination, const std::string& run_id);

// An operator's word on a letter, for sync.outcomes. `outcome` is DISCARDED or REDRIVEN; `why` says who. With a
// letter that cannot be read, its resource is "unreadable:" and the letter's id.
v1::Outcome word_on(
    const Letter& letter,
    const std::string& destination,
    v1::OutcomeKind outcome,
    const std::string& why,
    std::int64_t now_ms);

}  // namespace hirewire::cli
