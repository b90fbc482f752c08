#pragma once
// The counting of a replay: what was written, what sync.outcomes says came of it, each record once. Pure.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "common/sync/replay_terms.hpp"
#include "hirewire/v1/outcome.pb.h"

namespace hirewire::sync {

// Whether a run need not wait for another word about the record. What is repeated at once, or held, will have one;
// what is set aside in a retry topic may take days, and is counted as it is.
bool is_answer(const v1::Outcome& outcome);

class ReplayTally {
public:
    ReplayTally(std::string run_id, std::string destination)
        : run_id_{std::move(run_id)}, destination_{std::move(destination)} {}
    // How many are wanted, and how many of them a newer one overtakes that is wanted, too.
    void found(std::int64_t wanted, std::int64_t overtaken);
    // A record is about to be written. False when one of its resource was written before.
    bool add_sent(const std::string& opportunity, std::int64_t version);
    // Answers whether it is about this run. May be told the same twice.
    bool add(const v1::Outcome& outcome);
    // Written, and without an answer.
    [[nodiscard]] std::int64_t open() const { return sent() - answered_; }
    // Those of the open ones that failed and are repeated at once.
    [[nodiscard]] std::int64_t retrying() const { return retrying_; }
    [[nodiscard]] std::int64_t sent() const { return static_cast<std::int64_t>(entries_.size()); }
    // The opportunities and postings of which a record was written.
    [[nodiscard]] std::unordered_set<std::string> keys() const;
    // All but the checkpoint and the end.
    [[nodiscard]] ReplayProgress progress() const;

private:
    enum class Effect : std::uint8_t { none, created, updated };
    struct Entry {
        std::int64_t version = 0;
        v1::OutcomeKind outcome = v1::OUTCOME_KIND_UNSPECIFIED;  // unspecified = no answer yet
        Effect effect = Effect::none;
        bool retrying = false;
        std::int32_t calls = 0;    // of all its outcomes
        std::int64_t told_ms = 0;  // when the last of them was decided
    };
    void add_calls(Entry& entry, const v1::Outcome& outcome);
    void mark(Entry& entry, bool retrying);
    void count(const Entry& entry, std::int64_t by);

    std::string run_id_;
    std::string destination_;
    std::unordered_map<std::string, Entry> entries_;
    std::map<v1::OutcomeKind, std::int64_t> outcomes_;
    std::int64_t answered_ = 0;
    std::int64_t retrying_ = 0;
    std::optional<std::int64_t> found_{};
    std::int64_t overtaken_ = 0;
    std::int64_t created_ = 0;
    std::int64_t updated_ = 0;
    std::int64_t calls_ = 0;
};

}  // namespace hirewire::sync
