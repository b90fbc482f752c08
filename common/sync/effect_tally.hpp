#pragma once
// The totals of a dry run, and the one place that says by which words the report of the real run counts what a dry
// run foresees. Pure.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "common/sync/effect.hpp"

namespace hirewire::sync {

// By name, as in the report of a replay; what is applied and what is unchanged are one, since only the destination
// knows which of the two it will be.
using Expected = std::map<std::string, std::int64_t>;
inline constexpr std::string_view applied_or_unchanged = "applied_or_unchanged";
std::string expected_word(v1::OutcomeKind outcome);
// The counts of a real run in the same words: found, sent, calls, created and updated are left out, and so is what
// counts nothing.
Expected in_expected_words(const std::map<std::string, std::int64_t>& report);

class EffectTally {
public:
    // Records that are wanted, and those of them that a newer one of their opportunity speaks for.
    void found(std::int64_t wanted, std::int64_t overtaken);
    void add(const Effect& effect);

    [[nodiscard]] std::int64_t wanted() const { return wanted_; }
    [[nodiscard]] std::int64_t overtaken() const { return overtaken_; }
    [[nodiscard]] std::int64_t resources() const { return resources_; }
    [[nodiscard]] std::int64_t count(EffectKind kind) const;
    // What the real run's report will show on a quiet system, and beside it the undecided, by whatever words; the
    // overtaken are among the superseded.
    [[nodiscard]] Expected expected() const;
    [[nodiscard]] std::int64_t calls() const { return calls_; }
    [[nodiscard]] bool more_calls() const { return more_calls_; }  // calls() is the least
    // Effects that rest on the ledger alone though something would be told.
    [[nodiscard]] std::int64_t assumed() const { return assumed_; }

private:
    std::map<EffectKind, std::int64_t> kinds_;
    Expected expected_;
    std::int64_t wanted_ = 0;
    std::int64_t overtaken_ = 0;
    std::int64_t resources_ = 0;
    std::int64_t calls_ = 0;
    std::int64_t assumed_ = 0;
    bool more_calls_ = false;
};

// How long it takes at these rates, in seconds; 0 = no rate limits it. `per_second` is the replay's own and counts
// records, `requests_per_second` the destination's and counts calls; 0 = none.
double seconds_at(const EffectTally& tally, double per_second, double requests_per_second);

}  // namespace hirewire::sync
