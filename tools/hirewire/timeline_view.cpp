#include "tools/hirewire/timeline_view.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <tuple>
#include <utility>

#include "common/core/time.hpp"
#include "common/json/value.hpp"
#include "common/json/writer.hpp"
#include "common/kafka/partition.hpp"
#include "common/pipeline/history.hpp"
#include "common/sync/batch.hpp"
#include "common/sync/delivery.hpp"
#include "common/sync/posting_change.hpp"
#include "hirewire/v1/hint.pb.h"
#include "hirewire/v1/outcome.pb.h"
#include "tools/hirewire/letter.hpp"
#include "tools/hirewire/terminal.hpp"

namespace hirewire::cli {
namespace {

constexpr std::string_view hints = "lever.sweeps";
constexpr std::string_view changes = "hiring.changes";
constexpr std::string_view outcomes = "sync.outcomes";
constexpr std::string_view of_lever = "lever.";
constexpr std::string_view of_sync = "sync.";

// "sync.clara.retry.10m" -> "clara", "retry.10m"
std::pair<std::string, std::string> destination_and_rest(const std::string& topic) {
    const auto begin = of_sync.size();
    const auto dot = topic.find('.', begin);
    if (!topic.starts_with(of_sync) || dot == std::string::npos) return {};
    return {topic.substr(begin, dot - begin), topic.substr(dot + 1)};
}

Moment placed(const kafka::Record& record) {
    Moment moment;
    moment.at_ms = record.timestamp_ms;
    moment.topic = record.partition.topic;
    moment.partition = record.partition.number;
    moment.offset = record.offset;
    return moment;
}

std::optional<Moment> of_webhook(const kafka::Record& record) {
    const auto document = json::Document::parse(record.value.value_or(""));
    if (!document || !(*document)["event"].is_string()) return std::nullopt;
    Moment moment = placed(record);
    moment.where = "lever";
    moment.what = "webhook " + std::string{(*document)["event"].string()};
    const auto triggered = (*document)["triggeredAt"].integer();
    if (triggered > 0) moment.latency_ms = std::max<std::int64_t>(0, record.timestamp_ms - triggered);
    return moment;
}

std::optional<Moment> of_hint(const kafka::Record& record) {
    v1::Hint hint;
    if (!record.value || !hint.ParseFromString(*record.value)) return std::nullopt;
    Moment moment = placed(record);
    moment.where = "lever-source";
    moment.what = "to be looked at";
    moment.reason = hint.reason();
    if (!hint.event().empty()) moment.reason += " after " + hint.event();
    if (hint.not_before_ms() > 0) moment.reason += ", not before " + iso_time(from_ms(hint.not_before_ms()));
    return moment;
}

std::optional<Moment> of_change(const kafka::Record& record) {
    v1::Change change;
    if (!record.value || !change.ParseFromString(*record.value)) return std::nullopt;
    Moment moment = placed(record);
    moment.where = "lever-source";
    moment.what = "emitted " + kind_name(change.kind());
    moment.status = change.status().name();
    moment.reason = change.cause().kind() + (change.live() ? ", live" : ", backfill");
    if (change.confidential()) moment.reason += ", confidential";
    moment.version = change.version();
    moment.latency_ms = std::max<std::int64_t>(0, record.timestamp_ms - change.occurred_at_ms());
    return moment;
}

std::optional<Moment> of_outcome(const kafka::Record& record) {
    v1::Outcome outcome;
    if (!record.value || !outcome.ParseFromString(*record.value)) return std::nullopt;
    Moment moment = placed(record);
    if (outcome.decided_at_ms() > 0) moment.at_ms = outcome.decided_at_ms();
    moment.where = outcome.destination();
    moment.what = sync::name_of(outcome.outcome());
    if (!outcome.effect().empty()) moment.what += " (" + outcome.effect() + ")";
    if (outcome.http_status() != 0) moment.status = std::to_string(outcome.http_status());
    moment.reason = outcome.reason();
    if (outcome.attempts() > 1) {
        moment.reason += (moment.reason.empty() ? "" : ", ") + ("attempt " + std::to_string(outcome.attempts()));
    }
    const bool names_run = !outcome.run_ids().empty() && moment.reason.find(outcome.run_ids(0)) != std::string::npos;
    if (!outcome.run_ids().empty() && !names_run) {
        moment.reason += (moment.reason.empty() ? "" : ", ") + ("for the run " + outcome.run_ids(0));
    }
    moment.version = outcome.version();
    if (outcome.latency_ms() > 0) moment.latency_ms = outcome.latency_ms();
    return moment;
}

// Of the topics in which a destination's records wait.
std::optional<Moment> set_aside(const kafka::Record& record) {
    const auto [destination, rest] = destination_and_rest(record.partition.topic);
    Moment moment = placed(record);
    moment.where = destination;
    moment.reason = kafka::header(record.headers, "hirewire-error-reason");
    if (const auto parsed = sync::read_change(record)) {
        moment.version = parsed->version();
        moment.status = parsed->status().name();
    }
    if (rest == "dlq") {
        moment.what = "dead letter";
    } else if (rest == "replay") {
        moment.what = "replayed";
        const auto asked = sync::read_asked(record.headers);
        moment.reason = asked.run_ids.empty() ? "snapshot" : "by " + asked.run_ids.front();
        if (!asked.epoch.empty()) moment.reason += ", forced";
    } else if (rest.starts_with("retry.")) {
        moment.what = "retry " + rest.substr(rest.find('.') + 1);
        const auto due = pipeline::read_history(record.headers).not_before;
        if (due) moment.reason += (moment.reason.empty() ? "due " : "; due ") + iso_time(*due);
    } else {
        return std::nullopt;
    }
    return moment;
}

bool tells(const std::string& topic) {
    if (topic == changes || topic == outcomes) return true;
    if (topic.starts_with(of_lever)) return true;
    const auto rest = destination_and_rest(topic).second;
    return rest == "dlq" || rest == "replay" || rest.starts_with("retry.");
}

// What causes comes first.
int rank_of(const Moment& moment) {
    if (moment.topic == hints) return 1;
    if (moment.topic.starts_with(of_lever)) return 0;
    if (moment.topic == changes) return 2;
    return moment.topic == outcomes ? 4 : 3;
}

Colour colour_of(const Moment& moment) {
    const std::string_view what = moment.what;
    if (what == "dead letter" || what == "dead" || what == "held") return Colour::red;
    if (what.starts_with("retry") || what == "retrying" || what == "unmapped") return Colour::yellow;
    if (what.starts_with("applied")) return Colour::green;
    const bool quiet = what == "skipped" || what == "superseded" || what == "unchanged";
    return quiet ? Colour::grey : Colour::bold;
}

std::string padded(std::string text, std::size_t width) {
    const auto shown = clipped(text, width);
    std::size_t characters = 0;
    for (const char c : shown) characters += (static_cast<unsigned char>(c) & 0xc0U) != 0x80U ? 1 : 0;
    return shown + std::string(width - std::min(width, characters), ' ');
}

}  // namespace

std::optional<Moment> moment_of(const kafka::Record& record) {
    const auto& topic = record.partition.topic;
    if (topic == outcomes) return of_outcome(record);
    if (topic == changes) return of_change(record);
    if (topic == hints) return of_hint(record);
    if (topic.starts_with(of_lever)) return of_webhook(record);
    return topic.starts_with(of_sync) ? set_aside(record) : std::nullopt;
}

std::vector<kafka::Partition> places_of(
    const std::string& opportunity, const std::map<std::string, int>& topics, const std::string& destination) {
    std::vector<kafka::Partition> places;
    for (const auto& [topic, partitions] : topics) {
        if (!tells(topic) || partitions < 1) continue;
        const auto owner = destination_and_rest(topic).first;
        if (!destination.empty() && !owner.empty() && owner != destination) continue;
        places.push_back({.topic = topic, .number = kafka::partition_of(opportunity, partitions)});
    }
    return places;
}

bool is_about(const Moment& moment, const std::string& destination) {
    const bool of_a_destination = moment.topic.starts_with(of_sync);
    return destination.empty() || !of_a_destination || moment.where == destination;
}

void put_in_order(std::vector<Moment>& moments) {
    const auto before = [](const Moment& a, const Moment& b) {
        return std::tuple{a.at_ms, rank_of(a), std::string_view{a.topic}, a.offset} <
               std::tuple{b.at_ms, rank_of(b), std::string_view{b.topic}, b.offset};
    };
    std::stable_sort(moments.begin(), moments.end(), before);
}

std::string span_of(std::int64_t ms) {
    std::array<char, 48> text{};
    const auto print = [&text](const char* format, auto... values) {
        std::snprintf(text.data(), text.size(), format, values...);
        return std::string{text.data()};
    };
    const double seconds = static_cast<double>(ms) / 1'000;
    if (ms < 100'000) return print("+%.*f s", ms < 10'000 ? 2 : 0, seconds);
    const auto minutes = static_cast<long>(ms / 60'000);
    if (minutes < 100) return print("+%ld min", minutes);
    const long hours = minutes / 60;
    if (hours < 48) return print("+%ld h %ld min", hours, minutes % 60);
    return print("+%ld d %ld h", hours / 24, hours % 24);
}

std::string table_of(const std::vector<Moment>& moments, std::size_t width, bool colours) {
    if (moments.empty()) return "Kafka has nothing of it.\n";
    constexpr std::size_t time_width = 24;
    constexpr std::size_t span_width = 12;
    constexpr std::size_t where_width = 12;
    constexpr std::size_t what_width = 34;
    constexpr std::size_t status_width = 22;
    constexpr std::size_t taken = time_width + 2 * span_width + where_width + what_width + status_width + 6;
    const std::size_t reason_width = std::max<std::size_t>(width > taken ? width - taken : 0, 20);
    const auto row = [](const std::string& time,
                        const std::string& since,
                        const std::string& latency,
                        const std::string& where,
                        const std::string& what,
                        const std::string& status) {
        return padded(time, time_width) + " " + padded(since, span_width) + " " + padded(latency, span_width) + " " +
               padded(where, where_width) + " " + padded(what, what_width) + " " + padded(status, status_width);
    };
    std::string text =
        painted(row("TIME", "SINCE FIRST", "LATENCY", "WHERE", "WHAT", "STATUS") + " REASON", Colour::bold, colours);
    text += '\n';
    const auto first = moments.front().at_ms;
    for (const auto& moment : moments) {
        std::string line =
            row(iso_time(from_ms(moment.at_ms)),
                span_of(moment.at_ms - first),
                moment.latency_ms ? span_of(*moment.latency_ms) : "",
                moment.where,
                moment.what,
                moment.status);
        line += " " + clipped(moment.reason, reason_width);
        while (line.ends_with(' ')) line.pop_back();
        text += painted(line, colour_of(moment), colours) + "\n";
    }
    return text;
}

std::string json_of(const std::string& opportunity, const std::vector<Moment>& moments) {
    json::Writer out;
    out.begin_object().member("opportunity_id", opportunity).key("moments").begin_array();
    for (const auto& moment : moments) {
        out.begin_object().member("at", iso_time(from_ms(moment.at_ms))).member("at_ms", moment.at_ms);
        out.member("where", moment.where).member("what", moment.what);
        out.member("status", moment.status).member("reason", moment.reason);
        if (moment.latency_ms) out.member("latency_ms", *moment.latency_ms);
        if (moment.version != 0) out.member("version", moment.version);
        out.member("topic", moment.topic).member("partition", static_cast<int>(moment.partition));
        out.member("offset", moment.offset).end_object();
    }
    out.end_array().end_object();
    return out.text();
}

}  // namespace hirewire::cli
