#include "tools/hirewire/status_view.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "common/core/time.hpp"
#include "common/json/writer.hpp"
#include "common/metrics/names.hpp"
#include "tools/hirewire/replay_view.hpp"
#include "tools/hirewire/terminal.hpp"

namespace hirewire::cli {
namespace {

// Runs that an operator knows; hiring.runs also keeps words and memories under other kinds.
constexpr std::array<std::string_view, 9> kinds{
    "sweep", "walk", "hires", "postings", "cleary", "theorg", "cluster", "snapshot", "replay"};
constexpr double half_of_retention = 0.5;
// Of 30 days, for an installation whose daemons are not asked: half of that is 15 days.
constexpr std::int64_t long_behind_ms = 15LL * 24 * 3'600 * 1'000;
constexpr std::size_t reasons_shown = 2;
constexpr std::size_t reason_width = 44;
constexpr std::size_t longest_need = 400;

std::string age_of(std::int64_t now_ms, std::int64_t then_ms) {
    return span_words(Milliseconds{std::max<std::int64_t>(0, now_ms - then_ms)});
}

bool is_off(const DestinationStatus& d) {
    return d.daemon && d.daemon->mode == "off";
}

// Held against somebody's will: what is paused or off stands still because somebody wanted it so, whatever else keeps
// it, and a hold is tried anew when it goes on.
bool is_held(const DestinationStatus& d) {
    return d.daemon && d.daemon->held && !d.paused_by && !is_off(d);
}

// What keeps it, in a word or two.
std::string state_of(const DestinationStatus& d) {
    if (is_held(d)) return "HELD";
    if (d.paused_by) return "paused";
    if (d.daemon && d.daemon->mode != "live" && !d.daemon->mode.empty()) return d.daemon->mode;
    if (d.daemon && d.daemon->circuit_open) return "down";
    if (!d.daemon) return d.asked ? "no answer" : "?";
    return "ok";
}

Colour colour_of(const std::string& state) {
    if (state == "HELD" || state == "no answer") return Colour::red;
    if (state == "ok") return Colour::green;
    return Colour::yellow;
}

std::string dead_words(const DestinationStatus& d) {
    std::string words;
    for (std::size_t i = 0; i < d.dead_by_reason.size() && i < reasons_shown; ++i) {
        const auto& group = d.dead_by_reason[i];
        words += (i == 0 ? "" : ", ") + grouped(group.count) + " " + clipped(group.reason, reason_width);
    }
    if (d.dead_by_reason.size() > reasons_shown) words += ", ...";
    return words;
}

std::string counts_words(const RunStatus& run) {
    std::string words;
    for (const auto& [what, count] : run.counts) {
        if (count != 0) words += (words.empty() ? "" : ", ") + grouped(count) + " " + what;
    }
    return words;
}

std::vector<std::string> row_of(const DestinationStatus& d, const Overview& overview) {
    const bool counts = d.begun && !d.by_runs;
    return {
        d.name,
        state_of(d),
        counts ? grouped(d.behind) : "-",
        counts && d.oldest_ms ? age_of(overview.now_ms, *d.oldest_ms) : "-",
        d.to_replay > 0 ? grouped(d.to_replay) : "-",
        d.daemon ? grouped(d.daemon->parked) : "?",
        grouped(d.dead),
        d.paused_by ? "by " + *d.paused_by : dead_words(d)};
}

// The table's lines, each in the colour of its destination's state.
std::string destinations_of(const Overview& overview, bool colours) {
    std::vector<std::vector<std::string>> rows{
        {"DESTINATION", "STATE", "BEHIND", "OLDEST", "TO REPLAY", "PARKED", "DEAD", ""}};
    for (const auto& destination : overview.destinations) rows.push_back(row_of(destination, overview));
    const std::string plain = aligned(rows);
    if (!colours) return plain;
    std::string text;
    std::size_t at = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto end = plain.find('\n', at);
        const auto colour = i == 0 ? Colour::bold : colour_of(rows[i][1]);
        text += painted(std::string_view{plain}.substr(at, end - at), colour, true) + "\n";
        at = end + 1;
    }
    return text;
}

std::string webhooks_words(const Overview& overview) {
    if (!overview.webhooks) return "webhooks: not known (lever-source was not asked, or does not watch them)\n";
    std::string words;
    for (const auto& [state, count] : *overview.webhooks) {
        if (count > 0) words += (words.empty() ? "" : ", ") + std::to_string(count) + " " + state;
    }
    return "webhooks: " + (words.empty() ? "none is expected" : words) + "\n";
}

std::string runs_of(const Overview& overview) {
    if (overview.runs.empty()) return {};
    std::vector<std::vector<std::string>> rows{{"LAST RUN", "OF", "STATE", "AGO", "COUNTS"}};
    for (const auto& run : overview.runs) {
        const auto counts = clipped(counts_words(run), 80);
        rows.push_back(
            {run.kind,
             run.destination.empty() ? "-" : run.destination,
             run.state,
             age_of(overview.now_ms, run.at_ms),
             counts});
    }
    return "\n" + aligned(rows);
}

void need_of_destination(const DestinationStatus& d, const Overview& overview, std::vector<std::string>& needs) {
    const auto& name = d.name;
    if (is_held(d)) {
        needs.push_back(
            name + " is held: it refuses its credential, or has missed changes; the log of sync-" + name +
            " says which. Renew the secret (SIGHUP) or take a snapshot, then hirewire resume --dest " + name);
    }
    if (d.dead > 0) {
        const auto* letters = d.dead == 1 ? " dead letter" : " dead letters";
        needs.push_back(name + " has " + grouped(d.dead) + letters + ": hirewire dlq list --dest " + name);
    }
    if (d.missed > 0 && !d.by_runs) {
        needs.push_back(
            name + " has missed " + grouped(d.missed) + " changes that Kafka deleted: hirewire snapshot --to " +
            name);
    }
    const bool by_metric = d.daemon && d.daemon->retention_used >= half_of_retention;
    const bool by_age = !d.daemon && d.oldest_ms && overview.now_ms - *d.oldest_ms > long_behind_ms;
    if (!d.by_runs && (by_metric || by_age)) {
        needs.push_back(
            name +
            " is so far behind that half of the retention of hiring.changes is used up: see what holds it up, "
            "or lengthen the retention");
    }
    if (d.asked && !d.daemon) {
        needs.push_back("sync-" + name + " does not answer at its admin port: is it running?");
    }
}

void write_destination(json::Writer& out, const DestinationStatus& d, const Overview& overview) {
    out.begin_object().member("name", d.name).member("state", state_of(d));
    if (!d.by_runs) {
        out.member("begun", d.begun).member("behind", d.behind).member("missed", d.missed);
        if (d.oldest_ms) out.member("oldest_age_ms", std::max<std::int64_t>(0, overview.now_ms - *d.oldest_ms));
    }
    out.member("to_replay", d.to_replay).member("dead_letters", d.dead).key("dead_by_reason").begin_array();
    for (const auto& group : d.dead_by_reason) {
        out.begin_object().member("reason", group.reason).member("status", group.status);
        out.member("count", group.count).end_object();
    }
    out.end_array();
    if (d.paused_by) out.member("paused_by", *d.paused_by);
    if (d.daemon) {
        out.key("daemon").begin_object().member("mode", d.daemon->mode).member("held", d.daemon->held);
        out.member("circuit_open", d.daemon->circuit_open).member("parked", d.daemon->parked);
        out.member("in_flight", d.daemon->in_flight).key("retention_used").number(d.daemon->retention_used);
        out.end_object();
    }
    out.end_object();
}

}  // namespace

void LastRuns::add(const v1::Run& run) {
    if (std::find(kinds.begin(), kinds.end(), run.kind()) == kinds.end()) return;
    if (!run.destination().empty()) {
        // It is asked for by its kind alone, and goes on under the name of its destination.
        const auto asked = last_.find({run.kind(), std::string{}});
        const bool answered = asked != last_.end() && asked->second.state() == v1::RUN_STATE_ASKED &&
                              asked->second.at_ms() <= run.at_ms();
        if (answered) last_.erase(asked);
    }
    auto& last = last_[{run.kind(), run.destination()}];
    if (last.run_id().empty() || run.at_ms() >= last.at_ms()) last = run;
}

std::vector<RunStatus> LastRuns::all() const {
    std::vector<RunStatus> all;
    for (const auto& [key, run] : last_) {
        RunStatus status;
        status.kind = run.kind();
        status.destination = run.destination();
        status.state = cli::state_of(run);
        status.began_ms = run.began_ms();
        status.at_ms = run.at_ms();
        status.failed = run.state() == v1::RUN_STATE_FAILED;
        std::map<std::string, std::int64_t> counts{run.counts().begin(), run.counts().end()};
        status.counts = std::move(counts);
        all.push_back(std::move(status));
    }
    return all;
}

std::optional<double> metric_in(std::string_view text, std::string_view name, std::string_view label) {
    std::optional<double> sum;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto end_of_name = line.find_first_of("{ ");
        const auto last_space = line.rfind(' ');
        if (line.starts_with('#') || end_of_name == std::string_view::npos) continue;
        if (line.substr(0, end_of_name) != name) continue;
        if (!label.empty() && line.find(label) == std::string_view::npos) continue;
        const std::string value{line.substr(last_space + 1)};
        sum = sum.value_or(0) + std::strtod(value.c_str(), nullptr);
    }
    return sum;
}

DaemonStatus daemon_status_of(std::string_view text) {
    DaemonStatus status;
    const auto value = [text](const metrics::Name& name) { return metric_in(text, name.name).value_or(0); };
    status.held = value(metrics::held) > 0;
    status.circuit_open = value(metrics::circuit_open) > 0;
    status.parked = static_cast<std::int64_t>(value(metrics::parked));
    status.in_flight = static_cast<std::int64_t>(value(metrics::in_flight));
    status.retention_used = value(metrics::retention_used);
    for (const auto* mode : {"live", "shadow", "off"}) {
        const std::string label = "mode=\"" + std::string{mode} + "\"";
        if (metric_in(text, metrics::mode.name, label).value_or(0) > 0) status.mode = mode;
    }
    return status;
}

std::optional<std::map<std::string, int>> webhooks_of(std::string_view text) {
    if (!metric_in(text, metrics::webhook_subscriptions.name)) return std::nullopt;
    std::map<std::string, int> states;
    for (const auto* state : {"ok", "missing", "doubled", "elsewhere", "unknown"}) {
        const std::string label = "state=\"" + std::string{state} + "\"";
        const auto count = metric_in(text, metrics::webhook_subscriptions.name, label);
        if (count) states[state] = static_cast<int>(*count);
    }
    return states;
}

std::vector<std::string> needs_of(const Overview& overview) {
    std::vector<std::string> needs;
    for (const auto& destination : overview.destinations) need_of_destination(destination, overview, needs);
    for (const auto& run : overview.runs) {
        if (!run.failed) continue;
        const auto whose = run.destination.empty() ? "" : " of " + run.destination;
        needs.push_back("the last " + run.kind + whose + " failed: the log says why");
    }
    if (overview.webhooks) {
        for (const auto& [state, count] : *overview.webhooks) {
            // Unknown: the key may not read them, which is no fault.
            if (state == "ok" || state == "unknown" || count == 0) continue;
            const auto* are = count == 1 ? " webhook in Lever is " : " webhooks in Lever are ";
            needs.push_back(std::to_string(count) + are + state + ": hirewire webhooks list");
        }
    }
    return needs;
}

std::string table_of(const Overview& overview, std::size_t width, bool colours) {
    std::string text = painted(iso_time(from_ms(overview.now_ms)), Colour::grey, colours) + "\n";
    text += destinations_of(overview, colours) + runs_of(overview) + "\n" + webhooks_words(overview);
    const auto needs = needs_of(overview);
    if (needs.empty()) return text + painted("Nothing needs you.", Colour::green, colours) + "\n";
    text += "\n" + painted("This needs you:", Colour::bold, colours) + "\n";
    // A remedy that is cut off helps nobody: a long sentence goes on in the next line.
    for (const auto& need : needs) {
        text += "  " + painted(clipped(need, std::max(width, longest_need)), Colour::red, colours) + "\n";
    }
    return text;
}

std::string json_of(const Overview& overview) {
    json::Writer out;
    out.begin_object().member("at", iso_time(from_ms(overview.now_ms))).key("destinations").begin_array();
    for (const auto& destination : overview.destinations) write_destination(out, destination, overview);
    out.end_array().key("runs").begin_array();
    for (const auto& run : overview.runs) {
        out.begin_object().member("kind", run.kind).member("destination", run.destination);
        out.member("state", run.state).member("at_ms", run.at_ms).key("counts").begin_object();
        for (const auto& [what, count] : run.counts) out.member(what, count);
        out.end_object().end_object();
    }
    out.end_array().key("webhooks");
    if (overview.webhooks) {
        out.begin_object();
        for (const auto& [state, count] : *overview.webhooks) out.member(state, count);
        out.end_object();
    } else {
        out.null();
    }
    out.key("needs").begin_array();
    for (const auto& need : needs_of(overview)) out.string(need);
    out.end_array().end_object();
    return out.text();
}

}  // namespace hirewire::cli
