#include "tools/hirewire/letter.hpp"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "common/core/time.hpp"
#include "common/pipeline/history.hpp"
#include "common/sync/batch.hpp"
#include "common/sync/posting_change.hpp"
#include "common/sync/replay_spec.hpp"
#include "common/sync/replay_writer.hpp"

namespace hirewire::cli {
namespace {

constexpr std::string_view reason_header = "hirewire-error-reason";
constexpr std::string_view time_header = "hirewire-error-at";
constexpr std::string_view status_header = "hirewire-error-status";

// What made the record old, by the names under which it is kept.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> past{{
    {reason_header, "hirewire-redriven-reason"},
    {time_header, "hirewire-redriven-at"},
    {status_header, "hirewire-redriven-status"},
    {"hirewire-error-attempts", "hirewire-redriven-attempts"},
    {"hirewire-failing-since", "hirewire-redriven-failing-since"},
    {"hirewire-parked", ""},
    {"hirewire-not-before", ""},
}};

void drop(std::vector<kafka::Header>& headers, std::string_view name) {
    std::erase_if(headers, [name](const kafka::Header& h) { return h.name == name; });
}

// Whether all of the text is a number.
template <typename Number>
bool reads(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

int number_in(std::string_view text) {
    int number = 0;
    return reads(text, number) ? number : 0;
}

std::string id_words(std::int32_t partition, kafka::Offset offset) {
    return std::to_string(partition) + "/" + std::to_string(offset);
}

}  // namespace

Letter read_letter(const kafka::Record& record) {
    Letter letter;
    letter.partition = record.partition.number;
    letter.offset = record.offset;
    letter.key = record.key;
    letter.reason = kafka::header(record.headers, reason_header);
    letter.status = number_in(kafka::header(record.headers, status_header));
    const auto time = parse_iso(kafka::header(record.headers, time_header));
    letter.dead_at_ms = time ? to_ms(*time) : record.timestamp_ms;
    const auto history = pipeline::read_history(record.headers);
    letter.attempts = history.attempts;
    if (history.failing_since) letter.failing_since_ms = to_ms(*history.failing_since);
    const auto asked = sync::read_asked(record.headers);
    if (!asked.run_ids.empty()) letter.run = asked.run_ids.back();
    const auto change = sync::read_change(record);
    letter.readable = change.has_value();
    if (!change) return letter;
    letter.opportunity = change->opportunity_id();
    letter.change_id = change->change_id();
    letter.version = change->version();
    letter.kind = change->kind();
    return letter;
}

std::string kind_name(v1::ChangeKind kind) {
    if (kind == v1::CHANGE_KIND_POSTING) return "posting";
    const auto word = sync::word_of(kind);
    return word.empty() ? "?" : word;
}

std::string id_of(const Letter& letter) {
    return id_words(letter.partition, letter.offset);
}

std::optional<LetterId> read_id(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    LetterId id;
    if (!reads(text.substr(0, slash), id.partition) || !reads(text.substr(slash + 1), id.offset)) return std::nullopt;
    // Each has one id: "03/7" names none.
    if (id.partition < 0 || id.offset < 0 || text != id_words(id.partition, id.offset)) return std::nullopt;
    return id;
}

bool matches(const LetterFilter& filter, const Letter& letter) {
    if (!filter.id.empty() && filter.id != id_of(letter)) return false;
    if (letter.reason.find(filter.reason) == std::string::npos) return false;
    if (filter.status != 0 && filter.status != letter.status) return false;
    const auto& whose = letter.readable ? letter.opportunity : letter.key;
    if (!filter.opportunity.empty() && filter.opportunity != whose) return false;
    if (filter.from_ms && letter.dead_at_ms < *filter.from_ms) return false;
    return !filter.until_ms || letter.dead_at_ms < *filter.until_ms;
}

bool is_empty(const LetterFilter& filter) {
    return filter.id.empty() && filter.reason.empty() && filter.status == 0 && filter.opportunity.empty() &&
           !filter.from_ms && !filter.until_ms;
}

kafka::Message redriven(const kafka::Record& letter, const std::string& destination, const std::string& run_id) {
    sync::ReplayTerms terms;
    terms.run_id = run_id;
    // Otherwise the ledger would answer that its version is applied, and nothing would be sent.
    terms.forced = !sync::read_asked(letter.headers).epoch.empty();
    kafka::Message message = sync::replayed(letter, "sync." + destination + ".replay", terms);
    for (const auto& [name, kept_as] : past) {
        const std::string value{kafka::header(message.headers, name)};
        drop(message.headers, name);
        if (kept_as.empty()) continue;
        // Of a letter that is redriven again, the last death counts.
        drop(message.headers, kept_as);
        if (!value.empty()) message.headers.push_back({std::string{kept_as}, value});
    }
    return message;
}

v1::Outcome word_on(
    const Letter& letter,
    const std::string& destination,
    v1::OutcomeKind outcome,
    const std::string& why,
    std::int64_t now_ms) {
    v1::Outcome word;
    word.set_destination(destination);
    word.set_change_id(letter.change_id);
    word.set_version(letter.version);
    word.set_opportunity_id(letter.readable ? letter.opportunity : letter.key);
    word.set_resource(letter.readable ? letter.opportunity : "unreadable:" + id_of(letter));
    word.set_kind(letter.kind);
    word.set_outcome(outcome);
    word.set_attempts(letter.attempts);
    word.set_reason(why);
    word.set_decided_at_ms(now_ms);
    return word;
}

}  // namespace hirewire::cli
