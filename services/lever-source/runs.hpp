#pragma once
// hiring.runs: what it says of lever-source's past.
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "common/kafka/settings.hpp"
#include "common/runtime/rounds.hpp"
#include "common/runtime/run_book.hpp"
#include "hirewire/v1/run.pb.h"

namespace hirewire::source {

// Kinds of runs. A sweep, a walk and a re-reading of hires are reasons of hints, too.
inline constexpr std::string_view sweep_kind = "sweep";
inline constexpr std::string_view walk_kind = "walk";
inline constexpr std::string_view hires_kind = "hires";
inline constexpr std::string_view postings_kind = "postings";

struct RunsSoFar {
    std::int64_t covered_until_ms = 0;  // by a finished sweep or walk; 0 = there never was one
    std::int64_t walked_at_ms = 0;      // when the last finished walk began
    std::string walk_id{};              // of a walk that was broken off, with where it stood
    std::string walk_offset{};
    std::int64_t walk_began_ms = 0;
    std::int64_t hires_read_at_ms = 0;  // when the open hires were last read again
    std::int64_t listed_at_ms = 0;      // when the last complete listing of the postings began
    std::set<std::string> missed{};     // the known postings that it lacked
};
void add_run(RunsSoFar& so_far, const v1::Run& run);
// From hiring.runs. Blocks; throws std::runtime_error when Kafka does not answer.
RunsSoFar read_runs(const kafka::Settings& settings);

// The checkpoint of a finished listing of postings.
std::string missed_text(const std::set<std::string>& missed);

using runtime::Counts;
using runtime::Rounds;
using runtime::RunBook;

}  // namespace hirewire::source
