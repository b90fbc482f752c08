#include "tools/hirewire/place.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "common/config/schema.hpp"
#include "common/runtime/service.hpp"
#include "common/sync/replay_spec.hpp"

namespace hirewire::cli {
namespace {

constexpr std::string_view before = "sync.";
constexpr std::string_view after = ".dlq";

}  // namespace

void add_place(CLI::App& verb, Place& place) {
    verb.add_option("--config", place.config_file, "The installation's configuration (default: $HIREWIRE_CONFIG)");
    verb.add_option("--brokers", place.brokers, "host:port, comma separated, in place of the configured ones");
    verb.add_option("--topic-prefix", place.prefix, "In place of the configured prefix");
}

std::string or_usual(std::string file) {
    if (const char* named = std::getenv("HIREWIRE_CONFIG"); file.empty() && named != nullptr) file = named;
    return file;
}

kafka::Settings settings_at(const Place& place) {
    const std::string file = or_usual(place.config_file);
    runtime::Common common;
    common.kafka.client_id = "hirewire-cli";
    if (!file.empty()) {
        config::Schema schema;
        runtime::declare_common(schema, common);
        schema.load(file);
    } else if (place.brokers.empty()) {
        throw config::Error{"where is Kafka? Give --brokers or --config, or set HIREWIRE_CONFIG"};
    }
    if (!place.brokers.empty()) common.kafka.brokers = place.brokers;
    if (!place.prefix.empty()) common.kafka.topic_prefix = place.prefix;
    return common.kafka;
}

std::vector<std::string> destinations_in(const std::map<std::string, int>& topics) {
    std::vector<std::string> names;
    for (const auto& [topic, partitions] : topics) {
        if (!topic.starts_with(before) || !topic.ends_with(after)) continue;
        names.push_back(topic.substr(before.size(), topic.size() - before.size() - after.size()));
    }
    return names;
}

void need_destination(const std::map<std::string, int>& topics, const std::string& destination) {
    if (topics.contains(std::string{before} + destination + std::string{after})) return;
    std::string names;
    for (const auto& name : destinations_in(topics)) names += (names.empty() ? "" : ", ") + name;
    if (names.empty()) {
        throw std::runtime_error{
            "the installation's topics are not there: make them with hirewire topics apply, or see --topic-prefix"};
    }
    throw config::Error{"there is no destination \"" + destination + "\" here; there are " + names};
}

void need_told_of_changes(const std::string& flag, const std::string& destination) {
    if (destination != "theorg") return;
    throw config::Error{flag + " theorg: The Org is told by runs that compare everything: hirewire run theorg"};
}

void need_topic(const std::map<std::string, int>& topics, const std::string& topic) {
    if (topics.contains(topic)) return;
    throw std::runtime_error{
        "there is no topic " + topic +
        " here; hirewire topics list shows those that should be there, and "
        "--topic-prefix says where they begin"};
}

Timestamp moment_of(const std::string& flag, const std::string& text, Timestamp now) {
    if (const auto time = sync::read_moment(text, now)) return *time;
    throw config::Error{
        flag + ": \"" + text +
        "\" is no time; give a date or time in UTC (2026-03-02, 2026-03-02T15:04:05Z) or how "
        "long ago (90s, 15m, 2h, 3d)"};
}

double rate_of(const std::string& flag, const std::string& text) {
    if (const auto rate = sync::read_rate(text)) return *rate;
    throw config::Error{flag + ": \"" + text + "\" is no rate; give 50/s, or 600/m, and at least one an hour"};
}

}  // namespace hirewire::cli
