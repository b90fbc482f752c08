#include "common/sync/effect_tally.hpp"

#include <algorithm>

#include "common/sync/delivery.hpp"
#include "common/sync/replay_task.hpp"

namespace hirewire::sync {
namespace {

std::string word_for(std::string_view name) {
    const bool one = name == name_of(v1::OUTCOME_KIND_APPLIED) || name == name_of(v1::OUTCOME_KIND_UNCHANGED);
    return std::string{one ? applied_or_unchanged : name};
}

}  // namespace

std::string expected_word(v1::OutcomeKind outcome) {
    return word_for(name_of(outcome));
}

Expected in_expected_words(const std::map<std::string, std::int64_t>& report) {
    Expected expected;
    for (const auto& [name, count] : report) {
        if (count != 0 && is_outcome_count(name)) expected[word_for(name)] += count;
    }
    return expected;
}

void EffectTally::found(std::int64_t wanted, std::int64_t overtaken) {
    wanted_ = wanted;
    overtaken_ = overtaken;
}

void EffectTally::add(const Effect& effect) {
    ++resources_;
    ++kinds_[effect.kind];
    if (effect.kind != EffectKind::undecided) ++expected_[expected_word(effect.outcome)];
    calls_ += effect.calls;
    more_calls_ = more_calls_ || effect.more_calls;
    // What begins with a question is either undecided or answered.
    if (effect.calls > 0 && !effect.asked && !effect.more_calls) ++assumed_;
}

std::int64_t EffectTally::count(EffectKind kind) const {
    const auto found = kinds_.find(kind);
    return found == kinds_.end() ? 0 : found->second;
}

Expected EffectTally::expected() const {
    Expected expected = expected_;
    if (overtaken_ > 0) expected[std::string{name_of(v1::OUTCOME_KIND_SUPERSEDED)}] += overtaken_;
    return expected;
}

double seconds_at(const EffectTally& tally, double per_second, double requests_per_second) {
    double seconds = 0;
    if (per_second > 0) seconds = std::max(seconds, static_cast<double>(tally.resources()) / per_second);
    if (requests_per_second > 0) {
        seconds = std::max(seconds, static_cast<double>(tally.calls()) / requests_per_second);
    }
    return seconds;
}

}  // namespace hirewire::sync
