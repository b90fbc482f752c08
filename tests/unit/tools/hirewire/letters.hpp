#pragma once
// Dead letters and outcomes for tests, as a sync daemon writes them.
#include <string>

#include "common/core/time.hpp"
#include "common/kafka/record.hpp"
#include "common/sync/delivery.hpp"
#include "hirewire/v1/change.pb.h"
#include "hirewire/v1/outcome.pb.h"
#include "tests/support/change_builders.hpp"

namespace hirewire::testing {

inline constexpr std::int64_t noon = 1'772'463'905'123;  // 2026-03-02T15:05:05.123Z

inline kafka::Record letter_record(
    const v1::Change& change,
    kafka::Offset offset,
    const std::string& reason = "answered 422 invalid-status",
    std::int64_t dead_at_ms = noon) {
    kafka::Record record;
    record.partition = {.topic = "sync.clara.dlq", .number = 3};
    record.offset = offset;
    record.key = change.opportunity_id();
    record.value = change.SerializeAsString();
    record.timestamp_ms = dead_at_ms;
    record.headers = {
        {"ce_id", change.change_id()},
        {"hirewire-error-reason", reason},
        {"hirewire-error-at", iso_time(from_ms(dead_at_ms))},
        {"hirewire-error-status", "422"},
        {"hirewire-source-topic", "hiring.changes"},
        {"hirewire-source-partition", "3"},
        {"hirewire-source-offset", "77"},
        {"hirewire-error-attempts", "8"},
        {"hirewire-parked", "2"},
        {"hirewire-failing-since", std::to_string(dead_at_ms - 60'000)},
        {"hirewire-not-before", std::to_string(dead_at_ms - 1'000)}};
    return record;
}

inline kafka::Record outcome_record(const v1::Outcome& outcome, const std::string& key) {
    kafka::Record record;
    record.partition = {.topic = "sync.outcomes", .number = 3};
    record.key = key;
    record.value = outcome.SerializeAsString();
    record.headers = {{"ce_type", "hirewire.outcome." + std::string{sync::name_of(outcome.outcome())}}};
    return record;
}

inline kafka::Record outcome_record(
    const v1::Change& change, v1::OutcomeKind kind, const std::string& destination = "clara") {
    v1::Outcome outcome;
    outcome.set_destination(destination);
    outcome.set_opportunity_id(change.opportunity_id());
    outcome.set_resource(change.opportunity_id());
    outcome.set_version(change.version());
    outcome.set_outcome(kind);
    return outcome_record(outcome, change.opportunity_id());
}

}  // namespace hirewire::testing
