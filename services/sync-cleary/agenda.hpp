#pragma once
// Which run is next, from what hiring.runs holds, pure. A run has one id from the moment that it is asked for or due
// to its end, whatever processes it takes: who finds it begun goes on with it.
//
// The daily run of a date has an id that follows from the date, so it is done once, whoever does it: at its time, or
// as soon as somebody is there again.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "common/core/time.hpp"
#include "hirewire/v1/run.pb.h"
#include "services/sync-cleary/rules.hpp"

namespace hirewire::cleary {

inline constexpr std::string_view run_kind = "cleary";

struct Agenda {
    std::map<std::string, v1::Run> open{};  // asked for or begun, as they were told last, by id
    std::set<std::string> ended{};
    std::int64_t last_began_ms = 0;  // of the last one that was finished; 0 = there was none
};
// May be told of the same record twice. Runs of other kinds are not on the agenda.
void add_run(Agenda& agenda, const v1::Run& run);

// One that is asked for while another is under way gets that one's end. It is told so as a checkpoint.
std::string joins(const std::string& run_id);
// The run that this one has joined, "" = none.
std::string joined_by(const v1::Run& run);

std::string daily_id(const std::string& account, const std::string& day);

// Under which a run has hires told and their outcomes name it.
std::string replay_id(const std::string& run_id);

// What is to be done now: as it was told last, with nothing but an id when it is new. Throws std::runtime_error when
// the machine does not know the time zone.
std::optional<v1::Run> next_run(
    const Agenda& agenda, const std::string& account, Timestamp now, const Settings& settings);

}  // namespace hirewire::cleary
