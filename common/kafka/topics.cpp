#include "common/kafka/topics.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "common/kafka/configure.hpp"

namespace hirewire::kafka {
namespace {

constexpr int patience_ms = 10'000;

[[noreturn]] void refuse(const std::string& file, const toml::node& node, const std::string& why) {
    throw std::runtime_error{file + ":" + std::to_string(node.source().begin.line) + ": " + why};
}

void check_keys(const std::string& file, const toml::table& table, std::initializer_list<std::string_view> known) {
    for (const auto& [key, node] : table) {
        if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
            refuse(file, node, "unknown key '" + std::string{key.str()} + "'");
        }
    }
}

std::optional<int> positive(const std::string& file, const toml::table& table, std::string_view key) {
    const auto* node = table.get(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->is_integer() ? node->value<int>() : std::nullopt;
    if (!value || *value < 1) refuse(file, *node, "'" + std::string{key} + "' must be a whole number above 0");
    return value;
}

int required(const std::string& file, const toml::table& table, std::string_view key) {
    if (const auto value = positive(file, table, key)) return *value;
    throw std::runtime_error{file + ": '" + std::string{key} + "' is missing"};
}

std::vector<std::string> destinations_of(const std::string& file, const toml::table& root) {
    std::vector<std::string> names;
    const auto* list = root["destinations"].as_array();
    if (list == nullptr) return names;
    for (const auto& entry : *list) {
        const auto name = entry.value<std::string>();
        if (!name) refuse(file, entry, "'destinations' must hold names");
        names.push_back(*name);
    }
    return names;
}

// "sync.<dest>.dlq" once per destination; any other name as it is.
std::vector<std::string> expanded(const std::string& name, const std::vector<std::string>& destinations) {
    constexpr std::string_view placeholder = "<dest>";
    const auto at = name.find(placeholder);
    if (at == std::string::npos) return {name};
    std::vector<std::string> names;
    for (const auto& destination : destinations) {
        names.push_back(std::string{name}.replace(at, placeholder.size(), destination));
    }
    return names;
}

Topic read_topic(
    const std::string& file, const toml::table& entry, const Topic& defaults, const TopicOverrides& overrides) {
    check_keys(
        file,
        entry,
        {"name",
         "partitions",
         "replication",
         "min_insync_replicas",
         "retention_days",
         "compacted",
         "tombstone_days"});
    Topic topic = defaults;
    topic.name = entry["name"].value_or(std::string{});
    if (topic.name.empty()) refuse(file, entry, "a topic needs a 'name'");
    topic.retention_days = positive(file, entry, "retention_days");
    if (topic.retention_days.has_value() == entry["compacted"].value_or(false)) {
        refuse(file, entry, "topic '" + topic.name + "' needs either 'retention_days' or 'compacted = true'");
    }
    topic.tombstone_days = positive(file, entry, "tombstone_days");
    if (topic.tombstone_days && topic.retention_days) {
        refuse(file, *entry.get("tombstone_days"), "'tombstone_days' is for a topic with 'compacted = true'");
    }
    if (overrides.partitions) topic.partitions = *overrides.partitions;
    if (const auto own = positive(file, entry, "partitions")) topic.partitions = *own;
    if (const auto own = positive(file, entry, "replication")) topic.replication = *own;
    if (const auto own = positive(file, entry, "min_insync_replicas")) topic.min_insync_replicas = *own;
    if (overrides.replication) topic.replication = *overrides.replication;
    if (overrides.min_insync_replicas) topic.min_insync_replicas = *overrides.min_insync_replicas;
    return topic;
}

template <auto Destroy>
struct Release {
    template <typename T>
    void operator()(T* thing) const {
        Destroy(thing);
    }
};
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Release<&rd_kafka_NewTopic_destroy>>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Release<&rd_kafka_AdminOptions_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Release<&rd_kafka_queue_destroy>>;
using ConfigResource = std::unique_ptr<rd_kafka_ConfigResource_t, Release<&rd_kafka_ConfigResource_destroy>>;
using AdminEvent = std::unique_ptr<rd_kafka_event_t, Release<&rd_kafka_event_destroy>>;

detail::Client admin(const Settings& settings) {
    rd_kafka_conf_t* conf = detail::make_conf(settings);
    // What goes wrong is in the exception; librdkafka would say it on stderr as well.
    detail::set(conf, "log_level", "0");
    return detail::make_client(RD_KAFKA_PRODUCER, conf);
}

std::map<std::string, int> metadata_of(rd_kafka_t* client, const Settings& settings) {
    const rd_kafka_metadata_t* metadata = nullptr;
    const auto error = rd_kafka_metadata(client, 1, nullptr, &metadata, patience_ms);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        throw std::runtime_error{"kafka at " + settings.brokers + " does not answer: " + rd_kafka_err2str(error)};
    }
    std::map<std::string, int> found;
    for (int i = 0; i < metadata->topic_cnt; ++i) {
        const auto& topic = metadata->topics[i];
        const std::string_view name = topic.topic;
        if (topic.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || !name.starts_with(settings.topic_prefix))
            continue;
        found.emplace(name.substr(settings.topic_prefix.size()), topic.partition_cnt);
    }
    rd_kafka_metadata_destroy(metadata);
    return found;
}

void set_option(rd_kafka_NewTopic_t* topic, const char* name, const std::string& value) {
    rd_kafka_NewTopic_set_config(topic, name, value.c_str());
}

std::int64_t tombstone_ms(const Topic& topic) {
    return Milliseconds{std::chrono::days{topic.tombstone_days.value_or(0)}}.count();
}

NewTopic asked(const Topic& topic, const Settings& settings) {
    std::array<char, 256> why{};
    NewTopic made{rd_kafka_NewTopic_new(
        (settings.topic_prefix + topic.name).c_str(), topic.partitions, topic.replication, why.data(), why.size())};
    if (!made) throw std::runtime_error{"topic " + topic.name + ": " + why.data()};
    set_option(made.get(), "min.insync.replicas", std::to_string(topic.min_insync_replicas));
    if (topic.retention_days) {
        const auto days = std::chrono::days{*topic.retention_days};
        set_option(made.get(), "cleanup.policy", "delete");
        set_option(made.get(), "retention.ms", std::to_string(Milliseconds{days}.count()));
    } else {
        set_option(made.get(), "cleanup.policy", "compact");
        if (topic.tombstone_days) {
            set_option(made.get(), "delete.retention.ms", std::to_string(tombstone_ms(topic)));
        }
    }
    return made;
}

void create(rd_kafka_t* client, const Settings& settings, const std::vector<Topic>& topics) {
    std::vector<NewTopic> owned;
    std::vector<rd_kafka_NewTopic_t*> list;
    for (const auto& topic : topics) list.push_back(owned.emplace_back(asked(topic, settings)).get());

    const AdminOptions options{rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS)};
    std::array<char, 256> why{};
    rd_kafka_AdminOptions_set_operation_timeout(options.get(), patience_ms, why.data(), why.size());
    rd_kafka_AdminOptions_set_request_timeout(options.get(), 2 * patience_ms, why.data(), why.size());
    const Queue queue{rd_kafka_queue_new(client)};
    rd_kafka_CreateTopics(client, list.data(), list.size(), options.get(), queue.get());
    const AdminEvent event{rd_kafka_queue_poll(queue.get(), 3 * patience_ms)};
    if (!event) throw std::runtime_error{"kafka at " + settings.brokers + " does not answer CreateTopics"};
    if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        throw std::runtime_error{std::string{"CreateTopics failed: "} + rd_kafka_event_error_string(event.get())};
    }
    std::size_t count = 0;
    const auto* results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto error = rd_kafka_topic_result_error(results[i]);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
        const char* text = rd_kafka_topic_result_error_string(results[i]);
        throw std::runtime_error{
            std::string{"topic "} + rd_kafka_topic_result_name(results[i]) +
            " was refused: " + (text != nullptr ? text : rd_kafka_err2str(error))};
    }
}

// A number among a topic's settings; nothing when it is not there or none.
std::optional<std::int64_t> number_of(const rd_kafka_ConfigResource_t& resource, std::string_view name) {
    std::size_t count = 0;
    const auto* entries = rd_kafka_ConfigResource_configs(&resource, &count);
    for (std::size_t i = 0; i < count; ++i) {
        const char* value = rd_kafka_ConfigEntry_value(entries[i]);
        if (value == nullptr || rd_kafka_ConfigEntry_name(entries[i]) != name) continue;
        const std::string_view text = value;
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc{} && end == text.data() + text.size()) return number;
    }
    return std::nullopt;
}

// delete.retention.ms by the full name of the topic; of those topics whose settings the broker tells.
std::map<std::string, std::int64_t> tombstone_settings(
    rd_kafka_t* client, const Settings& settings, const std::vector<std::string>& names) {
    std::map<std::string, std::int64_t> found;
    std::vector<ConfigResource> owned;
    std::vector<rd_kafka_ConfigResource_t*> list;
    for (const auto& name : names) {
        list.push_back(owned.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name.c_str())).get());
    }
    const AdminOptions options{rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS)};
    std::array<char, 256> why{};
    rd_kafka_AdminOptions_set_request_timeout(options.get(), 2 * patience_ms, why.data(), why.size());
    const Queue queue{rd_kafka_queue_new(client)};
    rd_kafka_DescribeConfigs(client, list.data(), list.size(), options.get(), queue.get());
    const AdminEvent event{rd_kafka_queue_poll(queue.get(), 3 * patience_ms)};
    if (!event) throw std::runtime_error{"kafka at " + settings.brokers + " does not answer DescribeConfigs"};
    const auto error = rd_kafka_event_error(event.get());
    if (error == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE) return found;
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        throw std::runtime_error{std::string{"DescribeConfigs failed: "} + rd_kafka_event_error_string(event.get())};
    }
    std::size_t count = 0;
    const auto* results =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
    for (std::size_t i = 0; i < count; ++i) {
        if (rd_kafka_ConfigResource_error(results[i]) != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        const auto number = number_of(*results[i], "delete.retention.ms");
        if (number) found.emplace(rd_kafka_ConfigResource_name(results[i]), *number);
    }
    return found;
}

// A created topic reaches the broker's metadata a moment later (a node that has just started on a busy machine takes
// longer than ten seconds); who writes before that is told it is unknown.
void await_all(rd_kafka_t* client, const Settings& settings, const std::vector<Topic>& topics) {
    const auto deadline = std::chrono::steady_clock::now() + Milliseconds{3 * patience_ms};
    while (true) {
        const auto found = metadata_of(client, settings);
        const bool all =
            std::all_of(topics.begin(), topics.end(), [&](const Topic& t) { return found.contains(t.name); });
        if (all) return;
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error{"kafka took the new topics but does not show them"};
        }
        std::this_thread::sleep_for(Milliseconds{50});
    }
}

}  // namespace

std::vector<Topic> load_topics(const std::string& file, const TopicOverrides& overrides) {
    toml::table root;
    try {
        root = toml::parse_file(file);
    } catch (const toml::parse_error& e) {
        const auto line = e.source().begin.line;
        throw std::runtime_error{
            file + (line > 0 ? ":" + std::to_string(line) : "") + ": " + std::string{e.description()}};
    }
    check_keys(file, root, {"partitions", "replication", "min_insync_replicas", "destinations", "topic"});
    const Topic defaults{
        .partitions = required(file, root, "partitions"),
        .replication = required(file, root, "replication"),
        .min_insync_replicas = required(file, root, "min_insync_replicas")};
    const auto destinations = destinations_of(file, root);
    const auto* entries = root["topic"].as_array();
    if (entries == nullptr || entries->empty()) throw std::runtime_error{file + ": no [[topic]] in it"};

    std::vector<Topic> topics;
    for (const auto& entry : *entries) {
        const auto* table = entry.as_table();
        if (table == nullptr) refuse(file, entry, "'topic' must be written as [[topic]]");
        const Topic topic = read_topic(file, *table, defaults, overrides);
        for (const auto& name : expanded(topic.name, destinations)) {
            Topic named = topic;
            named.name = name;
            topics.push_back(std::move(named));
        }
    }
    return topics;
}

std::vector<std::string> apply_topics(const Settings& settings, const std::vector<Topic>& topics) {
    const auto client = admin(settings);
    const auto found = metadata_of(client.get(), settings);
    std::vector<std::string> complaints;
    std::vector<Topic> missing;
    for (const auto& topic : topics) {
        const auto at = found.find(topic.name);
        if (at == found.end()) {
            missing.push_back(topic);
        } else if (at->second != topic.partitions) {
            complaints.push_back(
                "topic " + settings.topic_prefix + topic.name + " has " + std::to_string(at->second) +
                " partitions, not " + std::to_string(topic.partitions));
        }
    }
    if (!complaints.empty() || missing.empty()) return complaints;
    create(client.get(), settings, missing);
    await_all(client.get(), settings, missing);
    return {};
}

std::string tombstone_complaint(const Topic& topic, const std::string& full_name, std::int64_t delete_retention_ms) {
    if (!topic.tombstone_days || delete_retention_ms >= tombstone_ms(topic)) return {};
    return "topic " + full_name + " keeps its tombstones for " + std::to_string(delete_retention_ms) +
           " ms: who is held for longer never hears of what is gone. Set it with kafka-configs.sh --alter --topic " +
           full_name + " --add-config delete.retention.ms=" + std::to_string(tombstone_ms(topic));
}

std::vector<std::string> short_tombstones(const Settings& settings, const std::vector<Topic>& topics) {
    const auto client = admin(settings);
    const auto there = metadata_of(client.get(), settings);
    std::vector<std::string> names;
    for (const auto& topic : topics) {
        if (topic.tombstone_days && there.contains(topic.name)) names.push_back(settings.topic_prefix + topic.name);
    }
    std::vector<std::string> complaints;
    if (names.empty()) return complaints;
    const auto found = tombstone_settings(client.get(), settings, names);
    for (const auto& topic : topics) {
        const auto full_name = settings.topic_prefix + topic.name;
        const auto at = found.find(full_name);
        if (at == found.end()) continue;
        auto complaint = tombstone_complaint(topic, full_name, at->second);
        if (!complaint.empty()) complaints.push_back(std::move(complaint));
    }
    return complaints;
}

std::map<std::string, int> existing_topics(const Settings& settings) {
    const auto client = admin(settings);
    return metadata_of(client.get(), settings);
}

}  // namespace hirewire::kafka
