#include "services/sync-cleary/agenda.hpp"

#include <algorithm>

#include "common/core/uuid.hpp"
#include "services/sync-cleary/calendar.hpp"

namespace hirewire::cleary {
namespace {

const std::string joins_word = "joins ";

bool has_begun(const v1::Run& run) {
    const bool told = run.state() == v1::RUN_STATE_STARTED || run.state() == v1::RUN_STATE_CHECKPOINT;
    return told && joined_by(run).empty();
}

bool is_end(v1::RunState state) {
    return state == v1::RUN_STATE_FINISHED || state == v1::RUN_STATE_FAILED || state == v1::RUN_STATE_CANCELLED;
}

}  // namespace

void add_run(Agenda& agenda, const v1::Run& run) {
    if (run.kind() != run_kind || run.run_id().empty()) return;
    if (run.state() == v1::RUN_STATE_FINISHED) {
        agenda.last_began_ms = std::max<std::int64_t>(agenda.last_began_ms, run.began_ms());
    }
    if (is_end(run.state())) {
        agenda.open.erase(run.run_id());
        agenda.ended.insert(run.run_id());
    } else if (!agenda.ended.contains(run.run_id())) {
        agenda.open[run.run_id()] = run;
    }
}

std::string joins(const std::string& run_id) {
    return joins_word + run_id;
}

std::string joined_by(const v1::Run& run) {
    return run.checkpoint().starts_with(joins_word) ? run.checkpoint().substr(joins_word.size()) : std::string{};
}

std::string daily_id(const std::string& account, const std::string& day) {
    return uuid_v5({account, "cleary.daily", day});
}

std::string replay_id(const std::string& run_id) {
    return std::string{run_prefix} + run_id;
}

std::optional<v1::Run> next_run(
    const Agenda& agenda, const std::string& account, Timestamp now, const Settings& settings) {
    const v1::Run* next = nullptr;
    for (const auto& [id, run] : agenda.open) {
        if (has_begun(run)) return run;
        if (next == nullptr || run.at_ms() < next->at_ms()) next = &run;
    }
    if (next != nullptr) {
        v1::Run asked = *next;
        // What it had joined has ended without it.
        asked.clear_checkpoint();
        return asked;
    }
    const auto time_of_day = read_time_of_day(settings.daily_at);
    if (!time_of_day) return std::nullopt;
    const auto id = daily_id(account, last_due(now, *time_of_day, settings.time_zone).day);
    if (agenda.ended.contains(id)) return std::nullopt;
    v1::Run daily;
    daily.set_run_id(id);
    return daily;
}

}  // namespace hirewire::cleary
