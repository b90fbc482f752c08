#include "tools/hirewire/dlq_view.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "common/json/writer.hpp"
#include "common/pipeline/history.hpp"
#include "common/sync/posting_change.hpp"
#include "tools/hirewire/terminal.hpp"

namespace hirewire::cli {
namespace {

constexpr std::size_t most_groups = 300;
constexpr std::size_t reason_width = 70;
constexpr std::size_t groups_in_words = 3;
// Of a line of its own: id, time, opportunity, kind, standing. Lines are printed as they are read, so the widths
// cannot be those of the longest cells.
constexpr std::array<std::size_t, 5> line_widths{8, 24, 36, 15, 9};
const std::string any_other = "(other reasons)";

std::string status_word(int status) {
    return status == 0 ? "-" : std::to_string(status);
}

std::string kind_word(const Letter& letter) {
    return letter.readable ? kind_name(letter.kind) : "unreadable";
}

std::vector<std::string> cells_of(const Letter& letter, Standing standing) {
    return {
        id_of(letter),
        iso_time(from_ms(letter.dead_at_ms)),
        letter.readable ? letter.opportunity : letter.key,
        kind_word(letter),
        std::string{name_of(standing)},
        clipped(letter.reason, reason_width)};
}

void write_letter(json::Writer& out, const Letter& letter, Standing standing) {
    out.member("id", id_of(letter)).member("standing", name_of(standing));
    out.member("dead_at", iso_time(from_ms(letter.dead_at_ms)));
    out.member("opportunity_id", letter.readable ? letter.opportunity : letter.key);
    out.member("kind", kind_word(letter)).member("change_id", letter.change_id).member("version", letter.version);
    out.member("reason", letter.reason).member("status", letter.status).member("attempts", letter.attempts);
    if (letter.failing_since_ms) out.member("failing_since", iso_time(from_ms(*letter.failing_since_ms)));
}

void write_groups(json::Writer& out, const LetterSummary& summary) {
    out.key("groups").begin_array();
    for (const auto& group : summary.groups()) {
        out.begin_object().member("reason", group.reason).member("status", group.status);
        out.member("count", group.count).member("oldest", iso_time(from_ms(group.oldest_ms)));
        out.member("newest", iso_time(from_ms(group.newest_ms))).end_object();
    }
    out.end_array();
}

std::string_view meaning_of(Standing standing) {
    switch (standing) {
        case Standing::open:
            return "what else was given leaves it out";
        case Standing::resolved:
            return "the destination has heard of its version since";
        case Standing::overtaken:
            return "a newer change has arrived";
        case Standing::redriven:
            return "it is on its way, and nothing has been heard of it yet";
        case Standing::discarded:
            return "somebody has let it be for good";
        case Standing::repeated:
            return "a later letter of the same version stands for it";
    }
    return "";
}

}  // namespace

void LetterSummary::add(const Letter& letter, Standing standing) {
    ++count_;
    std::pair<std::string, int> key{letter.reason, letter.status};
    if (groups_.size() >= most_groups && !groups_.contains(key)) key = {any_other, 0};
    auto& group = groups_[key];
    if (group.count++ == 0) {
        group.reason = key.first;
        group.status = key.second;
        group.oldest_ms = group.newest_ms = letter.dead_at_ms;
    }
    group.oldest_ms = std::min(group.oldest_ms, letter.dead_at_ms);
    group.newest_ms = std::max(group.newest_ms, letter.dead_at_ms);
    newest_.emplace(letter.dead_at_ms, Shown{.letter = letter, .standing = standing});
    if (newest_.size() > most_shown_) newest_.erase(newest_.begin());
}

std::vector<LetterGroup> LetterSummary::groups() const {
    std::vector<LetterGroup> all;
    for (const auto& [key, group] : groups_) all.push_back(group);
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
    return all;
}

std::vector<LetterSummary::Shown> LetterSummary::newest() const {
    std::vector<Shown> shown;
    for (auto at = newest_.rbegin(); at != newest_.rend(); ++at) shown.push_back(at->second);
    return shown;
}

std::string table_of(const std::string& destination, const LetterSummary& summary) {
    if (summary.count() == 0) return "No open dead letter of " + destination + ".\n";
    std::vector<std::vector<std::string>> groups{{"COUNT", "STATUS", "OLDEST", "NEWEST", "REASON"}};
    for (const auto& group : summary.groups()) {
        groups.push_back(
            {grouped(group.count),
             status_word(group.status),
             iso_time(from_ms(group.oldest_ms)),
             iso_time(from_ms(group.newest_ms)),
             clipped(group.reason, reason_width)});
    }
    std::vector<std::vector<std::string>> letters{{"LETTER", "DEAD SINCE", "OF", "KIND", "STANDING", "REASON"}};
    const auto newest = summary.newest();
    for (const auto& [letter, standing] : newest) letters.push_back(cells_of(letter, standing));
    std::string text = aligned(groups) + "\n" + aligned(letters);
    const auto left = summary.count() - static_cast<std::int64_t>(newest.size());
    if (left > 0) text += "... and " + grouped(left) + " older ones: --all shows every one.\n";
    return text;
}

std::string json_of(const std::string& destination, const LetterSummary& summary) {
    json::Writer out;
    out.begin_object().member("destination", destination).member("count", summary.count());
    write_groups(out, summary);
    out.key("letters").begin_array();
    for (const auto& [letter, standing] : summary.newest()) {
        out.begin_object();
        write_letter(out, letter, standing);
        out.end_object();
    }
    out.end_array().end_object();
    return out.text();
}

std::string line_of(const Letter& letter, Standing standing) {
    std::string line;
    std::size_t column = 0;
    for (const auto& raw : cells_of(letter, standing)) {
        const auto cell = clean(raw);
        line += (column == 0 ? "" : "  ") + cell;
        if (column < line_widths.size() && cell.size() < line_widths[column]) {
            line.append(line_widths[column] - cell.size(), ' ');
        }
        ++column;
    }
    return line;
}

std::string json_of(const Letter& letter, Standing standing) {
    json::Writer out;
    out.begin_object();
    write_letter(out, letter, standing);
    out.end_object();
    return out.text();
}

std::string details_of(const kafka::Record& record, const Letter& letter, Standing standing) {
    const auto origin = pipeline::read_origin(record);
    std::vector<std::vector<std::string>> rows{
        {"letter", id_of(letter) + " (" + std::string{name_of(standing)} + ")"},
        {letter.kind == v1::CHANGE_KIND_POSTING ? "posting" : "opportunity",
         letter.readable ? letter.opportunity : letter.key},
        {"dead since", iso_time(from_ms(letter.dead_at_ms))},
        {"reason", letter.reason},
        {"attempts", std::to_string(letter.attempts)}};
    if (letter.failing_since_ms) rows.push_back({"failing since", iso_time(from_ms(*letter.failing_since_ms))});
    rows.push_back(
        {"source", origin.topic + " " + std::to_string(origin.partition) + "/" + std::to_string(origin.offset)});
    if (const auto change = sync::read_change(record)) {
        rows.push_back({"change", change->change_id()});
        rows.push_back({"version", std::to_string(change->version())});
        rows.push_back({"kind", kind_name(change->kind())});
        rows.push_back({"occurred at", iso_time(from_ms(change->occurred_at_ms()))});
        if (!change->status().id().empty()) {
            const auto name = clipped(change->status().name(), reason_width);
            rows.push_back({"status", name + " (" + change->status().id() + ")"});
        }
        if (!change->posting().id().empty()) rows.push_back({"posting", change->posting().id()});
        rows.push_back({"hired", change->hired() ? "yes" : "no"});
    }
    for (const auto& header : record.headers) rows.push_back({"  " + header.name, clipped(header.value, 100)});
    return aligned(rows);
}

std::string details_json_of(const kafka::Record& record, const Letter& letter, Standing standing) {
    json::Writer out;
    out.begin_object();
    write_letter(out, letter, standing);
    const auto origin = pipeline::read_origin(record);
    out.key("source").begin_object().member("topic", origin.topic);
    out.member("partition", static_cast<int>(origin.partition)).member("offset", origin.offset).end_object();
    out.key("headers").begin_array();
    for (const auto& header : record.headers) {
        out.begin_object().member("name", header.name).member("value", header.value).end_object();
    }
    out.end_array().end_object();
    return out.text();
}

std::string words_of(const std::string& destination, const LetterSummary& summary) {
    std::string text = grouped(summary.count()) + (summary.count() == 1 ? " dead letter of " : " dead letters of ") +
                       destination + ": ";
    const auto groups = summary.groups();
    for (std::size_t i = 0; i < groups.size() && i < groups_in_words; ++i) {
        text += (i == 0 ? "" : ", ") + grouped(groups[i].count) + " " + clipped(groups[i].reason, reason_width);
    }
    if (groups.size() > groups_in_words) text += ", and others";
    return text;
}

std::string json_of(const LetterTask& task, std::int64_t count, Milliseconds took) {
    const bool redrives = task.word == v1::OUTCOME_KIND_REDRIVEN;
    json::Writer out;
    out.begin_object().member("destination", task.destination).member(redrives ? "redriven" : "discarded", count);
    if (redrives) out.member("run_id", task.run_id);
    out.member("by", task.why).member("took_ms", static_cast<std::int64_t>(took.count())).end_object();
    return out.text();
}

std::string why_left(const std::string& destination, const std::string& id, std::optional<Standing> standing) {
    const std::string which = "dead letter " + id + " of " + destination;
    if (!standing) {
        return "there is no " + which + "; hirewire dlq list --dest " + destination + " --all shows every one";
    }
    return which + " is " + std::string{name_of(*standing)} + ": " + std::string{meaning_of(*standing)};
}

}  // namespace hirewire::cli
