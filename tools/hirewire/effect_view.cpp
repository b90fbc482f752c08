#include "tools/hirewire/effect_view.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <utility>

#include "common/core/time.hpp"
#include "common/json/writer.hpp"
#include "tools/hirewire/replay_view.hpp"
#include "tools/hirewire/terminal.hpp"

namespace hirewire::cli {
namespace {

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
}

std::string row(std::string_view what, std::int64_t count, std::string_view note = {}) {
    std::string text = "  " + padded(std::string{what}, 14) + " ";
    const std::string number = grouped(count);
    text += padded({}, number.size() < 10 ? 10 - number.size() : 0) + number;
    if (!note.empty()) text += "  " + std::string{note};
    return text + "\n";
}

std::string rate_words(double rate) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%g/s", rate);
    return text.data();
}

std::int64_t seconds_of(const DryRun& run, const sync::EffectTally& tally) {
    const double seconds = sync::seconds_at(tally, run.per_second, run.requests_per_second);
    return static_cast<std::int64_t>(std::ceil(std::min(seconds, 1e9)));
}

std::string time_words(const DryRun& run, const sync::EffectTally& tally) {
    if (run.per_second <= 0 && run.requests_per_second <= 0) {
        return "As fast as " + run.destination + " answers: neither --rate nor " + run.destination +
               ".requests_per_second limits it.\n";
    }
    std::string limits;
    if (run.per_second > 0) limits = rate_words(run.per_second) + " records by --rate";
    if (run.requests_per_second > 0) {
        limits += (limits.empty() ? "" : ", ") + rate_words(run.requests_per_second) + " calls by " +
                  run.destination + ".requests_per_second";
    }
    const auto span = span_words(std::chrono::seconds{seconds_of(run, tally)});
    return (tally.more_calls() ? "At least " : "About ") + span + " at the rate limit (" + limits + ").\n";
}

// Of the others nothing is said when there are none.
bool is_usual(sync::EffectKind kind) {
    switch (kind) {
        case sync::EffectKind::undecided:
        case sync::EffectKind::held:
        case sync::EffectKind::dead:
        case sync::EffectKind::unknown:
            return false;
        default:
            return true;
    }
}

std::string basis_words(const DryRun& run, const sync::EffectTally& tally) {
    if (tally.assumed() == 0) return {};
    return grouped(tally.assumed()) + " of them rest on what is assumed from the ledger: there " + run.destination +
           "'s rules ask nothing before they tell.\n";
}

std::string undecided_words(const DryRun& run, const sync::EffectTally& tally) {
    const auto count = tally.count(sync::EffectKind::undecided);
    const std::string why = run.unasked.empty() ? std::string{} : run.unasked + ".\n";
    if (count == 0) return why;
    const std::string many = grouped(count) + " depend on answers of lever-source or " + run.destination;
    return run.asked ? many + " that were not asked for.\n" + why : many + ": give --ask to know.\n";
}

std::string names_words(const DryRun& run) {
    if (run.unresolved_names.empty()) return {};
    return "Names of stages and archive reasons are taken as the changes have them (" + run.unresolved_names + ").\n";
}

std::string expected_words(const DryRun& run, const sync::EffectTally& tally) {
    if (!run.waits.empty()) return "The real run waits until that ends; till then its report shows none of these.\n";
    std::string words;
    for (const auto& [name, count] : tally.expected()) {
        const std::string word = name == sync::applied_or_unchanged ? "applied + unchanged" : name;
        words += (words.empty() ? "" : ", ") + word + " " + grouped(count);
    }
    if (const auto undecided = tally.count(sync::EffectKind::undecided); undecided > 0) {
        words += (words.empty() ? "" : ", and beside these ") + grouped(undecided);
        words += " under words that depend on answers";
    }
    return "On a quiet system the real run's report shows: " + (words.empty() ? "nothing" : words) + ".\n";
}

}  // namespace

void EffectRows::add(const sync::Effect& effect) {
    auto& rows = effect.kind == sync::EffectKind::no_op ? no_ops_ : first_;
    if (rows.size() < most_) rows.push_back(effect);
}

std::vector<sync::Effect> EffectRows::shown() const {
    std::vector<sync::Effect> rows = first_;
    for (const auto& effect : no_ops_) {
        if (rows.size() >= most_) break;
        rows.push_back(effect);
    }
    return rows;
}

std::string change_words(const sync::Effect& effect) {
    switch (effect.kind) {
        case sync::EffectKind::would_change:
        case sync::EffectKind::held:
            return effect.before + " -> " + effect.after;
        case sync::EffectKind::superseded:
            return effect.before;
        default:
            return effect.after;
    }
}

std::string table_of(const std::vector<sync::Effect>& effects) {
    if (effects.empty()) return {};
    std::vector<std::vector<std::string>> rows;
    rows.push_back({"EFFECT", "OPPORTUNITY", "STATUS", "BECAUSE"});
    for (const auto& effect : effects) {
        rows.push_back(
            {std::string{word_of(effect.kind)},
             clipped(effect.opportunity, 60),
             clipped(change_words(effect), 60),
             clipped(effect.reason, 90)});
    }
    return aligned(rows);
}

std::string line_of(const sync::Effect& effect) {
    std::string line = padded(std::string{word_of(effect.kind)}, 12) + "  " + clipped(effect.opportunity, 60) + "  ";
    line += clipped(change_words(effect), 60);
    if (!effect.reason.empty()) line += "  (" + effect.reason + ")";
    return line;
}

std::string summary_of(const DryRun& run, const sync::EffectTally& tally) {
    std::string text = "dry run of a replay to " + run.destination + ", nothing is sent: " + run.what + "\n";
    if (!run.waits.empty()) text += "  " + run.destination + " is told nothing at present: " + run.waits + "\n";
    text += row("wanted", tally.wanted());
    const char* const overtaken = "a newer change of the same opportunity speaks for them";
    if (tally.overtaken() > 0) text += row("overtaken", tally.overtaken(), overtaken);
    for (const auto kind : sync::all_effect_kinds()) {
        const auto count = tally.count(kind);
        if (is_usual(kind) || count > 0) text += row(word_of(kind), count);
    }
    text += row("calls", tally.calls(), tally.more_calls() ? "at least: what is answered may ask for more" : "");
    text += time_words(run, tally) + basis_words(run, tally) + undecided_words(run, tally);
    return text + names_words(run) + expected_words(run, tally);
}

std::string json_of(const sync::Effect& effect) {
    json::Writer out;
    out.begin_object().member("opportunity", effect.opportunity).member("effect", word_of(effect.kind));
    const bool undecided = effect.kind == sync::EffectKind::undecided;
    const auto expected = undecided ? std::string{word_of(effect.kind)} : sync::expected_word(effect.outcome);
    out.member("expected", expected).member("version", effect.version);
    out.member("before", effect.before).member("after", effect.after).member("reason", effect.reason);
    out.member("calls", effect.calls).member("more_calls", effect.more_calls);
    out.member("basis", effect.asked ? "destination" : "ledger");
    return out.end_object().text();
}

std::string json_of(const DryRun& run, const sync::EffectTally& tally) {
    json::Writer out;
    out.begin_object().member("dry_run", true).member("destination", run.destination).member("what", run.what);
    out.member("forced", run.forced).member("wanted", tally.wanted()).member("overtaken", tally.overtaken());
    out.member("resources", tally.resources());
    out.key("effects").begin_object();
    for (const auto kind : sync::all_effect_kinds()) out.member(word_of(kind), tally.count(kind));
    out.end_object().key("expected").begin_object();
    for (const auto& [name, count] : tally.expected()) out.member(name, count);
    out.end_object().member("calls", tally.calls()).member("more_calls", tally.more_calls());
    out.member("assumed_from_the_ledger", tally.assumed());
    if (run.per_second > 0 || run.requests_per_second > 0) out.member("seconds", seconds_of(run, tally));
    if (!run.waits.empty()) out.member("waits", run.waits);
    if (!run.unasked.empty()) out.member("not_asked", run.unasked);
    if (!run.unresolved_names.empty()) out.member("names_not_resolved", run.unresolved_names);
    return out.end_object().text();
}

}  // namespace hirewire::cli
