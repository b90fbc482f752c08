#include "tools/hirewire/topics.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <vector>

#include "common/config/schema.hpp"
#include "common/json/writer.hpp"
#include "common/kafka/probe.hpp"

namespace hirewire::cli {
namespace {

std::string kept(const kafka::Topic& topic) {
    return topic.retention_days ? std::to_string(*topic.retention_days) + " days" : "compacted";
}

std::string state(const kafka::Topic& topic, int found) {
    if (found == 0) return "missing";
    return found == topic.partitions ? "ok" : "wrong partition count, should be " + std::to_string(topic.partitions);
}

// Looked at before the broker is asked: the default is where the sources are, and nobody need be there.
std::vector<kafka::Topic> listed_topics(const TopicsCommand& command) {
    std::error_code ignored;
    if (!std::filesystem::exists(command.file, ignored)) {
        throw config::Error{
            "topics: there is no file " + command.file +
            "; give --topics FILE, with the list that the sources have as proto/topics.toml"};
    }
    auto topics = kafka::load_topics(command.file, command.overrides);
    kafka::check_broker(command.kafka);
    return topics;
}

}  // namespace

int apply_topics(const TopicsCommand& command) {
    const auto topics = listed_topics(command);
    const auto before = kafka::existing_topics(command.kafka);
    const auto complaints = kafka::apply_topics(command.kafka, topics);
    for (const auto& complaint : complaints) std::fprintf(stderr, "hirewire: %s\n", complaint.c_str());
    if (!complaints.empty()) {
        std::fputs(
            "hirewire: nothing was changed: another partition count would move the keys. Use the count that is there "
            "(--partitions), or another prefix.\n",
            stderr);
        return 1;
    }
    // A topic that is older than the list's word on it.
    const auto forgetful = kafka::short_tombstones(command.kafka, topics);
    for (const auto& complaint : forgetful) std::fprintf(stderr, "hirewire: %s\n", complaint.c_str());
    const auto there =
        std::count_if(topics.begin(), topics.end(), [&](const auto& t) { return before.contains(t.name); });
    const auto made = static_cast<std::ptrdiff_t>(topics.size()) - there;
    if (command.show == Show::json) {
        json::Writer out;
        out.begin_object().member("created", std::int64_t{made}).member("existed", std::int64_t{there}).end_object();
        std::printf("%s\n", out.text().c_str());
    } else {
        std::printf("%td topics made, %td were there already\n", made, there);
    }
    return forgetful.empty() ? 0 : 1;
}

int list_topics(const TopicsCommand& command) {
    const auto topics = listed_topics(command);
    const auto found = kafka::existing_topics(command.kafka);
    const auto count_of = [&found](const std::string& name) {
        const auto at = found.find(name);
        return at == found.end() ? 0 : at->second;
    };
    if (command.show == Show::json) {
        json::Writer out;
        out.begin_array();
        for (const auto& topic : topics) {
            out.begin_object();
            out.member("name", command.kafka.topic_prefix + topic.name);
            out.member("partitions", count_of(topic.name));
            out.member("wanted", topic.partitions);
            if (topic.retention_days) out.member("retention_days", *topic.retention_days);
            out.member("compacted", !topic.retention_days.has_value());
            if (topic.tombstone_days) out.member("tombstone_days", *topic.tombstone_days);
            out.end_object();
        }
        out.end_array();
        std::printf("%s\n", out.text().c_str());
        return 0;
    }
    std::size_t width = 5;
    for (const auto& topic : topics) width = std::max(width, command.kafka.topic_prefix.size() + topic.name.size());
    const int column = static_cast<int>(width);
    std::printf("%-*s  %10s  %-9s  %s\n", column, "TOPIC", "PARTITIONS", "KEPT", "STATE");
    for (const auto& topic : topics) {
        const std::string name = command.kafka.topic_prefix + topic.name;
        const int partitions = count_of(topic.name);
        std::printf(
            "%-*s  %10d  %-9s  %s\n",
            column,
            name.c_str(),
            partitions,
            kept(topic).c_str(),
            state(topic, partitions).c_str());
    }
    return 0;
}

}  // namespace hirewire::cli
