#include "common/sync/replay_reading.hpp"

#include <unordered_map>

#include "common/kafka/reader.hpp"
#include "common/sync/posting_change.hpp"
#include "common/sync/replay_selection.hpp"

namespace hirewire::sync {
namespace {

// More than lever-source has under way at once: a change is written to hiring.changes before its opportunity's state
// is written to hiring.opportunities.
constexpr std::int64_t last_changes = 5'000;

}  // namespace

std::string topic_of(ReplaySource source) {
    switch (source) {
        case ReplaySource::changes:
            return "hiring.changes";
        case ReplaySource::postings:
            return postings_topic;
        default:
            return "hiring.opportunities";
    }
}

void read_replay(
    const kafka::Settings& kafka,
    const ReplayTerms& terms,
    std::optional<std::int32_t> partition,
    const ReplayReading& reading) {
    const std::string source = topic_of(terms.source);
    const auto check = [&reading] {
        if (reading.check) reading.check();
    };
    kafka::ReadTerms where;
    where.partition = partition;
    where.from_ms = terms.from_ms;
    ReplaySelection selection{terms};
    std::unordered_map<std::string, kafka::Record> just_changed;
    if (terms.source == ReplaySource::opportunities) {
        const auto keep = [&](const kafka::Record& record) {
            check();
            if (selection.add(record)) just_changed[record.key] = record;
        };
        kafka::ReadTerms end = where;
        end.last = last_changes;
        kafka::read_all(kafka, "hiring.changes", keep, end);
    }
    const auto find = [&](const kafka::Record& record) {
        check();
        selection.add(record);
    };
    kafka::read_all(kafka, source, find, where);
    selection.close();
    // Writing may take hours, and these are whole records.
    selection.keep_chosen(just_changed);
    if (reading.found) reading.found(selection.found(), selection.overtaken());
    const auto take = [&](const kafka::Record& record) {
        check();
        if (selection.chosen(record)) reading.take(record);
    };
    kafka::read_all(kafka, source, take, where);
    for (const auto& [key, record] : just_changed) reading.take(record);
}

}  // namespace hirewire::sync
