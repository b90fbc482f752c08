#include "tools/hirewire/replay_view.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>
#include <utility>

#include "common/config/schema.hpp"
#include "common/json/writer.hpp"
#include "common/sync/replay.hpp"
#include "common/sync/replay_reading.hpp"
#include "common/sync/replay_task.hpp"
#include "tools/hirewire/place.hpp"
#include "tools/hirewire/terminal.hpp"

namespace hirewire::cli {
namespace {

constexpr Milliseconds pace_window{30'000};

// Shown even when there are none.
constexpr std::array<const char*, 7> usual{
    "applied", "unchanged", "superseded", "skipped", "unmapped", "dead", "retrying"};

Timestamp moment(const std::string& flag, const std::string& text, Timestamp now) {
    const auto time = sync::read_moment(text, now);
    if (time) return *time;
    throw config::Error{
        flag + ": \"" + text +
        "\" is no time; give a date or time in UTC (2026-03-02, 2026-03-02T15:04:05Z) or how "
        "long ago (90s, 15m, 2h, 3d)"};
}

std::string kinds() {
    std::string words;
    for (int kind = v1::CHANGE_KIND_APPLIED; kind <= v1::CHANGE_KIND_DELETED; ++kind) {
        words += (words.empty() ? "" : ", ") + sync::word_of(static_cast<v1::ChangeKind>(kind));
    }
    return words;
}

std::string what_of(const v1::Run& replay) {
    const auto spec = sync::read_replay_spec(replay.spec());
    return spec ? sync::words_of(*spec) : "?";
}

std::string rate_words(const ReplayPace& pace, const v1::Run& replay) {
    std::string words;
    const auto rate = pace.per_second();
    if (!rate) return words;
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), ", %.*f/s", *rate < 10 ? 1 : 0, *rate);
    words = text.data();
    const auto left = pace.left(to_answer(replay) - answered(replay));
    if (left) words += ", " + span_words(*left) + " left";
    return words;
}

std::string row(const std::string& what, std::int64_t count, const std::string& note = {}) {
    std::array<char, 60> text{};
    std::snprintf(text.data(), text.size(), "  %-12s %10lld", clean(what).c_str(), static_cast<long long>(count));
    return text.data() + note + "\n";
}

void write(json::Writer& out, const ReplayList::Entry& entry) {
    const auto& run = entry.run;
    out.begin_object().member("run_id", run.run_id()).member("destination", run.destination());
    out.member("state", state_of(run)).member("what", what_of(run)).member("asked_at_ms", entry.asked_ms);
    out.member("began_ms", static_cast<std::int64_t>(run.began_ms()));
    out.member("at_ms", static_cast<std::int64_t>(run.at_ms()));
    if (const auto reason = why_of(run); !reason.empty()) out.member("reason", reason);
    out.key("counts").begin_object();
    const std::map<std::string, std::int64_t> counts{run.counts().begin(), run.counts().end()};
    for (const auto& [what, count] : counts) out.member(what, count);
    out.end_object().end_object();
}

}  // namespace

sync::ReplaySpec spec_of(const ReplayWords& words, Timestamp now) {
    sync::ReplaySpec spec;
    if (words.snapshot && words.postings) throw config::Error{"--postings: give it or --snapshot, not both"};
    if (words.postings && (!words.opportunity.empty() || !words.kind.empty())) {
        throw config::Error{
            "--postings: a posting has no opportunity and no kind of change; choose one by --posting"};
    }
    spec.source = words.snapshot   ? sync::ReplaySource::opportunities
                  : words.postings ? sync::ReplaySource::postings
                                   : sync::ReplaySource::changes;
    if (!words.from.empty()) spec.from_ms = to_ms(moment("--from", words.from, now));
    if (!words.until.empty()) spec.until_ms = to_ms(moment("--until", words.until, now));
    if (spec.from_ms && spec.until_ms && *spec.from_ms >= *spec.until_ms) {
        throw config::Error{"--until: must be later than --from, or nothing lies between them"};
    }
    if (!words.kind.empty()) {
        const auto kind = sync::read_kind(words.kind);
        if (!kind) throw config::Error{"--kind: \"" + words.kind + "\" is none; there are " + kinds()};
        spec.kind = *kind;
    }
    if (!words.rate.empty()) {
        const auto rate = sync::read_rate(words.rate);
        if (!rate)
            throw config::Error{
                "--rate: \"" + words.rate + "\" is none; give 50/s, or 600/m, and at least one an hour"};
        spec.per_second = *rate;
    }
    spec.opportunity = words.opportunity;
    spec.posting = words.posting;
    spec.forced = words.force;
    return spec;
}

void need_replay_topics(
    const std::map<std::string, int>& topics, const std::string& destination, sync::ReplaySource source) {
    need_topic(topics, sync::topic_of(source));
    // The newest of them have not come to hiring.opportunities yet.
    if (source == sync::ReplaySource::opportunities) need_topic(topics, sync::topic_of(sync::ReplaySource::changes));
    need_topic(topics, "sync." + destination + ".replay");
    need_topic(topics, "sync.outcomes");
}

bool has_ended(const v1::Run& replay) {
    return replay.state() == v1::RUN_STATE_FINISHED || replay.state() == v1::RUN_STATE_FAILED ||
           replay.state() == v1::RUN_STATE_CANCELLED;
}

void ReplayList::add(const v1::Run& run) {
    if (run.kind() != sync::replay_kind) return;
    auto& entry = entries_[run.run_id()];
    const bool known = entry.asked_ms != 0;
    // Nothing follows an end, and only a new request ends a pause.
    if (known && has_ended(entry.run) && !has_ended(run)) return;
    const bool still_paused = entry.run.state() == v1::RUN_STATE_PAUSED && run.state() != v1::RUN_STATE_ASKED;
    if (!known) entry.asked_ms = run.state() == v1::RUN_STATE_ASKED ? run.at_ms() : run.began_ms();
    v1::Run merged = run;
    if (merged.spec().empty()) merged.set_spec(entry.run.spec());
    if (known && still_paused && !has_ended(run)) merged.set_state(v1::RUN_STATE_PAUSED);
    entry.run = std::move(merged);
    if (entry.asked_ms == 0) entry.asked_ms = std::max<std::int64_t>(1, run.at_ms());
}

std::vector<ReplayList::Entry> ReplayList::all() const {
    std::vector<Entry> all;
    for (const auto& [id, entry] : entries_) all.push_back(entry);
    std::stable_sort(all.begin(), all.end(), [](const Entry& a, const Entry& b) { return a.asked_ms < b.asked_ms; });
    return all;
}

ReplayList::Entry ReplayList::find(const std::string& id) const {
    std::vector<Entry> found;
    for (const auto& [name, entry] : entries_) {
        if (id.empty() ? !has_ended(entry.run) : name.starts_with(id)) found.push_back(entry);
    }
    if (found.size() == 1) return found.front();
    const std::string hint = "; hirewire replay list shows all of them";
    if (id.empty()) {
        throw config::Error{
            (found.empty() ? "no replay is under way" : "more than one replay is under way: say which") + hint};
    }
    throw config::Error{
        (found.empty() ? "there is no replay " + id : "more than one replay begins with " + id) + hint};
}

std::string state_of(const v1::Run& replay) {
    switch (replay.state()) {
        case v1::RUN_STATE_ASKED:
            return "asked";
        case v1::RUN_STATE_STARTED:
        case v1::RUN_STATE_CHECKPOINT:
            return "running";
        case v1::RUN_STATE_PAUSED:
            return "paused";
        case v1::RUN_STATE_CANCELLED:
            return "cancelled";
        case v1::RUN_STATE_FINISHED:
            return "finished";
        case v1::RUN_STATE_FAILED:
            return "failed";
        default:
            return "?";
    }
}

std::int64_t count_of(const v1::Run& replay, const std::string& what) {
    const auto found = replay.counts().find(what);
    return found == replay.counts().end() ? 0 : found->second;
}

std::int64_t to_answer(const v1::Run& replay) {
    return std::max<std::int64_t>(0, count_of(replay, "found") - count_of(replay, "overtaken"));
}

std::int64_t answered(const v1::Run& replay) {
    std::int64_t sum = -count_of(replay, "overtaken");
    for (const auto& [what, count] : replay.counts()) {
        if (sync::is_outcome_count(what)) sum += count;
    }
    return std::max<std::int64_t>(0, sum);
}

std::string why_of(const v1::Run& replay) {
    switch (replay.state()) {
        case v1::RUN_STATE_FAILED:
            return replay.checkpoint();
        case v1::RUN_STATE_STARTED:
        case v1::RUN_STATE_CHECKPOINT:
            return sync::trouble_in(replay.checkpoint());
        default:
            return {};
    }
}

void ReplayPace::note(std::int64_t answered, Timestamp at) {
    sights_.push_back({.answered = answered, .at = at});
    // The last one outside the window is where it begins.
    while (sights_.size() > 2 && at - sights_[1].at >= pace_window) sights_.erase(sights_.begin());
}

std::optional<double> ReplayPace::per_second() const {
    if (sights_.size() < 2) return std::nullopt;
    const auto span = sights_.back().at - sights_.front().at;
    if (span <= Milliseconds{0}) return std::nullopt;
    const auto done = static_cast<double>(sights_.back().answered - sights_.front().answered);
    return std::max(0.0, done / std::chrono::duration<double>(span).count());
}

std::optional<Milliseconds> ReplayPace::left(std::int64_t records) const {
    const auto rate = per_second();
    if (!rate || *rate <= 0) return std::nullopt;
    const double seconds = static_cast<double>(std::max<std::int64_t>(0, records)) / *rate;
    return std::chrono::ceil<std::chrono::seconds>(std::chrono::duration<double>(std::min(seconds, 1e9)));
}

std::string span_words(Milliseconds span) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(span).count();
    if (seconds < 100) return std::to_string(seconds) + " s";
    const auto minutes = (seconds + 59) / 60;
    if (minutes < 100) return std::to_string(minutes) + " min";
    return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
}

std::string line_of(const v1::Run& replay, const ReplayPace& pace) {
    const auto of = to_answer(replay);
    if (of == 0) return "reading what is to be replayed";
    return std::to_string(answered(replay)) + " of " + std::to_string(of) + rate_words(pace, replay);
}

std::string bar_of(const v1::Run& replay) {
    return bar(answered(replay), to_answer(replay));
}

std::string outcome_report(const v1::Run& replay) {
    std::string text = "replay " + clean(replay.run_id()) + " to " + clean(replay.destination());
    text += " " + state_of(replay);
    if (has_ended(replay) && replay.began_ms() != 0) {
        text += " after " + span_words(Milliseconds{replay.at_ms() - replay.began_ms()});
    }
    text += ": " + clean(what_of(replay)) + "\n";
    if (const auto why = why_of(replay); !why.empty()) {
        text += (has_ended(replay) ? "  " : "  interrupted, and tried again soon: ") + clean(why) + "\n";
    }
    if (replay.state() == v1::RUN_STATE_FAILED && count_of(replay, "sent") == 0) return text;
    text += row("wanted", count_of(replay, "found"));
    text += row("sent", count_of(replay, "sent"));
    const auto created = count_of(replay, "created");
    const auto updated = count_of(replay, "updated");
    std::string effects;
    if (created > 0) effects += std::to_string(created) + " created";
    if (updated > 0) effects += (effects.empty() ? "" : ", ") + std::to_string(updated) + " updated";
    if (!effects.empty()) effects = "  (" + effects + ")";
    std::set<std::string> shown;
    for (const auto* what : usual) {
        const bool is_applied = std::string{"applied"} == what;
        text += row(what, count_of(replay, what), is_applied ? effects : std::string{});
        shown.insert(what);
    }
    const std::map<std::string, std::int64_t> counts{replay.counts().begin(), replay.counts().end()};
    for (const auto& [what, count] : counts) {
        if (sync::is_outcome_count(what) && !shown.contains(what) && count != 0) text += row(what, count);
    }
    return text + row("calls", count_of(replay, "calls"));
}

std::string table_of(const std::vector<ReplayList::Entry>& entries) {
    if (entries.empty()) return "No replay is known.\n";
    std::vector<std::vector<std::string>> rows{{"id", "to", "state", "asked at", "answered", "what"}};
    for (const auto& entry : entries) {
        const auto& run = entry.run;
        const auto of = to_answer(run);
        rows.push_back(
            {run.run_id(),
             run.destination(),
             state_of(run),
             iso_time(from_ms(entry.asked_ms)),
             of == 0 ? std::string{"-"} : std::to_string(answered(run)) + " of " + std::to_string(of),
             what_of(run)});
    }
    return aligned(std::move(rows));
}

std::string json_of(const ReplayList::Entry& entry) {
    json::Writer out;
    write(out, entry);
    return out.text();
}

std::string json_of(const std::vector<ReplayList::Entry>& entries) {
    json::Writer out;
    out.begin_array();
    for (const auto& entry : entries) write(out, entry);
    return out.end_array().text();
}

}  // namespace hirewire::cli
