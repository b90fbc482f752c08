#pragma once
// What hirewire replay start --dry-run shows: a row for each opportunity, and what it comes to. Pure.
#include <cstddef>
#include <string>
#include <vector>

#include "common/sync/effect.hpp"
#include "common/sync/effect_tally.hpp"

namespace hirewire::cli {

// What the whole of a dry run was about.
struct DryRun {
    std::string destination{};
    std::string what{};  // the replay in words
    bool forced = false;
    bool asked = false;              // with --ask
    double per_second = 0;           // records, of the replay; 0 = no limit
    double requests_per_second = 0;  // calls, of the destination; 0 = no limit
    std::string waits{};             // why nothing is sent to it at present; "" = it is
    // With --ask: why questions were left out all the same, in one sentence without its full stop; "" = none was.
    std::string unasked{};
    // Why it is not known what the names in the configuration mean by Lever's lists; "" = it is, or there are none.
    std::string unresolved_names{};
};

// The rows that a person is shown: those that do something before those that do not.
class EffectRows {
public:
    explicit EffectRows(std::size_t most) : most_{most} {}
    void add(const sync::Effect& effect);
    [[nodiscard]] std::vector<sync::Effect> shown() const;

private:
    std::size_t most_;
    std::vector<sync::Effect> first_{};
    std::vector<sync::Effect> no_ops_{};
};

// "New applicant -> Offer", and what is neither told nor known has no arrow.
std::string change_words(const sync::Effect& effect);
std::string table_of(const std::vector<sync::Effect>& effects);
// One row by itself, for who wants all of them.
std::string line_of(const sync::Effect& effect);
std::string summary_of(const DryRun& run, const sync::EffectTally& tally);
// One line each: an effect, and last of all the summary, which alone has the member "dry_run".
std::string json_of(const sync::Effect& effect);
std::string json_of(const DryRun& run, const sync::EffectTally& tally);

}  // namespace hirewire::cli
