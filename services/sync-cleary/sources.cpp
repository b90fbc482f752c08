#include "services/sync-cleary/sources.hpp"

#include "common/kafka/reader.hpp"
#include "services/sync-cleary/agenda.hpp"

namespace hirewire::cleary {
namespace {

// Of each partition; what a run of a few thousand people and the live traffic beside it write.
constexpr std::int64_t last_outcomes = 200'000;

}  // namespace

Hires read_hires(const kafka::Settings& settings) {
    Hires hires;
    const auto add = [&hires](const kafka::Record& record) {
        v1::Change change;
        if (record.value && change.ParseFromString(*record.value)) hires.add(change);
    };
    kafka::read_all(settings, "hiring.changes", add);
    kafka::read_all(settings, "hiring.opportunities", add);
    return hires;
}

Endings read_endings(const kafka::Settings& settings, const std::string& run_id) {
    Endings endings;
    const auto add = [&endings, id = replay_id(run_id)](const kafka::Record& record) {
        v1::Outcome outcome;
        if (record.value && outcome.ParseFromString(*record.value)) add_outcome(endings, outcome, id);
    };
    kafka::ReadTerms terms;
    terms.last = last_outcomes;
    kafka::read_all(settings, "sync.outcomes", add, terms);
    return endings;
}

Endings read_last_words(const kafka::Settings& settings) {
    Endings endings;
    const auto add = [&endings](const kafka::Record& record) {
        v1::Outcome outcome;
        if (record.value && outcome.ParseFromString(*record.value)) add_last_word(endings, outcome);
    };
    kafka::read_all(settings, "sync.outcomes", add);
    return endings;
}

}  // namespace hirewire::cleary
