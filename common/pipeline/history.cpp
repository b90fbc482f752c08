#include "common/pipeline/history.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace hirewire::pipeline {
namespace {

constexpr std::string_view attempts_header = "hirewire-error-attempts";
constexpr std::string_view parked_header = "hirewire-parked";
constexpr std::string_view since_header = "hirewire-failing-since";
constexpr std::string_view due_header = "hirewire-not-before";
constexpr std::string_view topic_header = "hirewire-source-topic";
constexpr std::string_view partition_header = "hirewire-source-partition";
constexpr std::string_view offset_header = "hirewire-source-offset";

// The year 2286 in ms: what is later is no time that we wrote.
constexpr std::int64_t latest_ms = 9'999'999'999'999;
constexpr std::int64_t most_attempts = 1'000'000;
// The retry topics keep a record no longer: a header that asks for more would have it wait for ever.
constexpr std::chrono::hours longest_rest{24 * 7};

std::optional<std::int64_t> number(
    const std::vector<kafka::Header>& headers, std::string_view name, std::int64_t most) {
    const auto text = kafka::header(headers, name);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc{} && end == text.data() + text.size() && !text.empty();
    if (!whole || value < 0 || value > most) return std::nullopt;
    return value;
}

void put(std::vector<kafka::Header>& headers, std::string_view name, std::string value) {
    std::erase_if(headers, [name](const kafka::Header& h) { return h.name == name; });
    headers.push_back({std::string{name}, std::move(value)});
}

}  // namespace

History read_history(const std::vector<kafka::Header>& headers) {
    History history;
    history.attempts = static_cast<int>(number(headers, attempts_header, most_attempts).value_or(0));
    history.parked = static_cast<int>(number(headers, parked_header, most_attempts).value_or(0));
    if (const auto since = number(headers, since_header, latest_ms)) history.failing_since = from_ms(*since);
    if (const auto due = number(headers, due_header, latest_ms)) history.not_before = from_ms(*due);
    return history;
}

Past to_past(const History& history, Timestamp now, Instant instant) {
    Past past;
    past.attempts = history.attempts;
    past.parked = history.parked;
    if (history.failing_since) past.failing_since = instant - std::max(Milliseconds{0}, now - *history.failing_since);
    if (history.not_before && *history.not_before > now) {
        past.due = instant + std::min<Milliseconds>(*history.not_before - now, longest_rest);
    }
    return past;
}

void put_history(std::vector<kafka::Header>& headers, const History& history) {
    put(headers, attempts_header, std::to_string(history.attempts));
    put(headers, parked_header, std::to_string(history.parked));
    if (history.failing_since) put(headers, since_header, std::to_string(to_ms(*history.failing_since)));
    if (history.not_before) put(headers, due_header, std::to_string(to_ms(*history.not_before)));
}

Origin read_origin(const kafka::Record& record) {
    const auto topic = kafka::header(record.headers, topic_header);
    const auto partition = number(record.headers, partition_header, std::numeric_limits<std::int32_t>::max());
    const auto offset = number(record.headers, offset_header, std::numeric_limits<std::int64_t>::max());
    Origin origin;
    if (topic.empty() || !partition || !offset) {
        origin.topic = record.partition.topic;
        origin.partition = record.partition.number;
        origin.offset = record.offset;
    } else {
        origin.topic = topic;
        origin.partition = static_cast<std::int32_t>(*partition);
        origin.offset = *offset;
    }
    return origin;
}

void put_origin(std::vector<kafka::Header>& headers, const Origin& origin) {
    put(headers, topic_header, origin.topic);
    put(headers, partition_header, std::to_string(origin.partition));
    put(headers, offset_header, std::to_string(origin.offset));
}

}  // namespace hirewire::pipeline
