#include "common/sync/replay_spec.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

#include "common/json/value.hpp"
#include "common/json/writer.hpp"

namespace hirewire::sync {
namespace {

constexpr std::array<std::pair<ReplaySource, std::string_view>, 3> sources{
    {{ReplaySource::opportunities, "opportunities"},
     {ReplaySource::changes, "changes"},
     {ReplaySource::postings, "postings"}}};

constexpr std::array<std::pair<v1::ChangeKind, std::string_view>, 9> kinds{
    {{v1::CHANGE_KIND_APPLIED, "applied"},
     {v1::CHANGE_KIND_STAGE_CHANGED, "stage_changed"},
     {v1::CHANGE_KIND_ARCHIVED, "archived"},
     {v1::CHANGE_KIND_UNARCHIVED, "unarchived"},
     {v1::CHANGE_KIND_HIRED, "hired"},
     {v1::CHANGE_KIND_UNHIRED, "unhired"},
     {v1::CHANGE_KIND_DETAILS_CHANGED, "details_changed"},
     {v1::CHANGE_KIND_ANONYMIZED, "anonymized"},
     {v1::CHANGE_KIND_DELETED, "deleted"}}};

// One an hour: what is slower than that does not end.
constexpr double least_rate = 1.0 / 3'600;
// Longer ago than any topic reaches.
constexpr std::int64_t longest_ago = 100'000'000;

std::string word_of(ReplaySource source) {
    for (const auto& [one, word] : sources) {
        if (one == source) return std::string{word};
    }
    return "opportunities";
}

std::optional<ReplaySource> read_source(std::string_view text) {
    for (const auto& [source, word] : sources) {
        if (word == text) return source;
    }
    return std::nullopt;
}

std::string rate_words(double per_second) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%g/s", per_second);
    return text.data();
}

// Reads one member; false when it is none that is known, or not what it should be.
bool read_member(ReplaySpec& spec, std::string_view name, const json::Value& value) {
    if (name == "from_ms" || name == "until_ms") {
        (name == "from_ms" ? spec.from_ms : spec.until_ms) = value.integer();
        return value.is_integer();
    }
    if (name == "per_second") {
        spec.per_second = value.number(-1);
        return spec.per_second >= 0;
    }
    if (name == "forced") {
        spec.forced = value.boolean();
        return value.is_bool();
    }
    if (!value.is_string()) return false;
    const std::string text{value.string()};
    if (name == "opportunity") {
        spec.opportunity = text;
    } else if (name == "posting") {
        spec.posting = text;
    } else if (name == "kind") {
        const auto kind = read_kind(text);
        spec.kind = kind.value_or(v1::CHANGE_KIND_UNSPECIFIED);
        return kind.has_value();
    } else if (name == "source") {
        const auto source = read_source(text);
        spec.source = source.value_or(ReplaySource::changes);
        return source.has_value();
    } else {
        return false;
    }
    return true;
}

}  // namespace

std::string text_of(const ReplaySpec& spec) {
    json::Writer out;
    out.begin_object().member("source", word_of(spec.source));
    if (spec.from_ms) out.member("from_ms", *spec.from_ms);
    if (spec.until_ms) out.member("until_ms", *spec.until_ms);
    if (!spec.opportunity.empty()) out.member("opportunity", spec.opportunity);
    if (spec.kind != v1::CHANGE_KIND_UNSPECIFIED) out.member("kind", word_of(spec.kind));
    if (!spec.posting.empty()) out.member("posting", spec.posting);
    if (spec.per_second > 0) out.key("per_second").number(spec.per_second);
    if (spec.forced) out.member("forced", true);
    return out.end_object().text();
}

std::optional<ReplaySpec> read_replay_spec(std::string_view text) {
    const auto document = json::Document::parse(text);
    if (!document || !document->root().is_object()) return std::nullopt;
    if (!(*document)["source"].exists()) return std::nullopt;
    ReplaySpec spec;
    for (const auto& [name, value] : document->root().members()) {
        if (!read_member(spec, name, value)) return std::nullopt;
    }
    return spec;
}

bool wants(const ReplaySpec& spec, const v1::Change& change) {
    if (!spec.opportunity.empty() && change.opportunity_id() != spec.opportunity) return false;
    if (!spec.posting.empty() && change.posting().id() != spec.posting) return false;
    return spec.kind == v1::CHANGE_KIND_UNSPECIFIED || change.kind() == spec.kind;
}

ReplayTerms terms_of(const ReplaySpec& spec, std::string run_id, std::string checkpoint) {
    ReplayTerms terms;
    terms.run_id = std::move(run_id);
    terms.source = spec.source;
    terms.wants = [spec](const v1::Change& change) { return wants(spec, change); };
    terms.forced = spec.forced;
    terms.per_second = spec.per_second;
    terms.checkpoint = std::move(checkpoint);
    terms.from_ms = spec.from_ms;
    terms.until_ms = spec.until_ms;
    return terms;
}

std::string words_of(const ReplaySpec& spec) {
    std::string words = word_of(spec.source);
    if (spec.kind != v1::CHANGE_KIND_UNSPECIFIED) words += " of kind " + word_of(spec.kind);
    if (!spec.opportunity.empty()) words += " of opportunity " + spec.opportunity;
    if (!spec.posting.empty()) words += " of posting " + spec.posting;
    if (spec.from_ms) words += " since " + iso_time(from_ms(*spec.from_ms));
    if (spec.until_ms) words += " before " + iso_time(from_ms(*spec.until_ms));
    if (spec.per_second > 0) words += ", at most " + rate_words(spec.per_second);
    if (spec.forced) words += ", forced";
    return words;
}

std::optional<v1::ChangeKind> read_kind(std::string_view word) {
    for (const auto& [kind, name] : kinds) {
        if (name == word) return kind;
    }
    return std::nullopt;
}

std::string word_of(v1::ChangeKind kind) {
    for (const auto& [one, name] : kinds) {
        if (one == kind) return std::string{name};
    }
    return {};
}

std::optional<double> read_rate(std::string_view text) {
    double unit = 1;
    if (text.ends_with("/s")) {
        text.remove_suffix(2);
    } else if (text.ends_with("/m")) {
        text.remove_suffix(2);
        unit = 60;
    }
    double value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (!std::isfinite(value) || value / unit < least_rate) return std::nullopt;
    return value / unit;
}

std::optional<Timestamp> read_moment(std::string_view text, Timestamp now) {
    if (const auto time = parse_iso(text)) return time;
    if (text.size() < 2) return std::nullopt;
    const char unit = text.back();
    text.remove_suffix(1);
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (count < 0 || count > longest_ago) return std::nullopt;
    switch (unit) {
        case 's':
            return now - std::chrono::seconds{count};
        case 'm':
            return now - std::chrono::minutes{count};
        case 'h':
            return now - std::chrono::hours{count};
        case 'd':
            return now - std::chrono::hours{24 * count};
        default:
            return std::nullopt;
    }
}

}  // namespace hirewire::sync
