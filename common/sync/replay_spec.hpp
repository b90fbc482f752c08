#pragma once
// What an operator asks to be replayed, as it stands in hiring.runs (Run.spec, JSON) and as words. Pure.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/time.hpp"
#include "common/sync/replay_terms.hpp"
#include "hirewire/v1/change.pb.h"

namespace hirewire::sync {

// Of hiring.runs: a replay that was asked for.
inline constexpr std::string_view replay_kind = "replay";

struct ReplaySpec {
    ReplaySource source = ReplaySource::changes;
    // By the time at which a record was written, epoch ms: not before the one and before the other.
    std::optional<std::int64_t> from_ms{};
    std::optional<std::int64_t> until_ms{};
    std::string opportunity{};                          // this one alone; "" = all
    v1::ChangeKind kind = v1::CHANGE_KIND_UNSPECIFIED;  // changes of this kind; unspecified = all
    std::string posting{};                              // candidates of this one, or this one; "" = all
    double per_second = 0;                              // 0 = no limit of its own
    bool forced = false;
};

std::string text_of(const ReplaySpec& spec);
// Nothing when it cannot be read, or asks for what this version does not know.
std::optional<ReplaySpec> read_replay_spec(std::string_view text);

// Whether a change is one of those asked for, but for its time.
bool wants(const ReplaySpec& spec, const v1::Change& change);
ReplayTerms terms_of(const ReplaySpec& spec, std::string run_id, std::string checkpoint);

// "changes of kind hired since 2026-03-02T15:04:05.000Z, at most 50/s, forced"
std::string words_of(const ReplaySpec& spec);

// "stage_changed"; nothing for a word that is none.
std::optional<v1::ChangeKind> read_kind(std::string_view word);
std::string word_of(v1::ChangeKind kind);
// "50/s", "50" or "600/m", as records a second; nothing for anything else and for less than one an hour.
std::optional<double> read_rate(std::string_view text);
// A date or time in UTC, or so long ago: "90s", "15m", "2h", "3d".
std::optional<Timestamp> read_moment(std::string_view text, Timestamp now);

}  // namespace hirewire::sync
