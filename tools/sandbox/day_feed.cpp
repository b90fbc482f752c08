#include "tools/sandbox/day_feed.hpp"

#include <algorithm>

#include "hirewire/v1/change.pb.h"
#include "hirewire/v1/outcome.pb.h"
#include "hirewire/v1/run.pb.h"

namespace hirewire::sandbox {
namespace {

std::string word_of(v1::ChangeKind kind) {
    switch (kind) {
        case v1::CHANGE_KIND_APPLIED:
            return "applied";
        case v1::CHANGE_KIND_STAGE_CHANGED:
            return "stage";
        case v1::CHANGE_KIND_ARCHIVED:
            return "archived";
        case v1::CHANGE_KIND_UNARCHIVED:
            return "unarchived";
        case v1::CHANGE_KIND_HIRED:
            return "hired";
        case v1::CHANGE_KIND_UNHIRED:
            return "unhired";
        default:
            return "other";
    }
}

// OUTCOME_KIND_NEEDS_MERGE -> "needs merge"
std::string word_of(v1::OutcomeKind kind) {
    std::string word = v1::OutcomeKind_Name(kind);
    constexpr std::string_view prefix = "OUTCOME_KIND_";
    if (word.starts_with(prefix)) word.erase(0, prefix.size());
    std::transform(word.begin(), word.end(), word.begin(), [](char c) {
        return c == '_' ? ' ' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return word;
}

std::optional<Notice> read_change(const std::string& bytes) {
    v1::Change change;
    if (!change.ParseFromString(bytes)) return std::nullopt;
    return Emitted{
        .change_id = change.change_id(),
        .opportunity = change.opportunity_id(),
        .kind = word_of(change.kind()),
        .occurred_at = change.occurred_at_ms()};
}

std::optional<Notice> read_outcome(const std::string& bytes) {
    v1::Outcome outcome;
    if (!outcome.ParseFromString(bytes)) return std::nullopt;
    const auto kind = outcome.outcome();
    return Decided{
        .change_id = outcome.change_id(),
        .resource = outcome.opportunity_id().empty() ? outcome.resource() : outcome.opportunity_id(),
        .destination = outcome.destination(),
        .outcome = word_of(kind),
        .final = kind != v1::OUTCOME_KIND_RETRYING && kind != v1::OUTCOME_KIND_HELD,
        .latency_ms = outcome.latency_ms(),
        .decided_at = outcome.decided_at_ms()};
}

std::optional<Notice> read_run(const std::string& bytes) {
    v1::Run run;
    if (!run.ParseFromString(bytes)) return std::nullopt;
    const bool finished = run.state() == v1::RUN_STATE_FINISHED;
    if (!finished && run.state() != v1::RUN_STATE_FAILED) return std::nullopt;
    return Ended{.run_id = run.run_id(), .finished = finished};
}

}  // namespace

Feed::Feed(const kafka::Settings& settings)
    : tail_{settings, {"hiring.changes", "sync.outcomes", "hiring.runs"}, kafka::Tail::From::end} {}

std::optional<Notice> Feed::next(Milliseconds wait) {
    const auto record = tail_.next(wait);
    if (!record || !record->value) return std::nullopt;
    if (record->partition.topic == "hiring.changes") return read_change(*record->value);
    if (record->partition.topic == "hiring.runs") return read_run(*record->value);
    return read_outcome(*record->value);
}

}  // namespace hirewire::sandbox
