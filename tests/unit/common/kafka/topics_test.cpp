#include "common/kafka/topics.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>
#include <stdexcept>

using namespace hirewire;
using namespace hirewire::kafka;

namespace {

const std::string list = std::string{HIREWIRE_SOURCE_DIR} + "/proto/topics.toml";

const Topic& named(const std::vector<Topic>& topics, const std::string& name) {
    const auto found = std::find_if(topics.begin(), topics.end(), [&](const Topic& t) { return t.name == name; });
    REQUIRE(found != topics.end());
    return *found;
}

std::string complaint(const std::string& text) {
    char name[] = "/tmp/hirewire-topics-XXXXXX";
    const int file = mkstemp(name);
    REQUIRE(file >= 0);
    close(file);
    std::ofstream{name} << text;
    std::string what = "loaded";
    try {
        load_topics(name);
    } catch (const std::runtime_error& e) {
        what = e.what();
        REQUIRE(what.starts_with(name));
        what = what.substr(std::string{name}.size());
    }
    std::remove(name);
    return what;
}

const std::string head = "partitions = 3\nreplication = 1\nmin_insync_replicas = 1\n";

}  // namespace

TEST_CASE("topics: the one list holds all that are promised, each once") {
    const auto topics = load_topics(list);
    CHECK(topics.size() == 8 + 1 + 3 + 1 + 1 + 5 * 5 - 0);
    std::set<std::string> names;
    for (const auto& topic : topics) CHECK(names.insert(topic.name).second);
    for (const char* name :
         {"lever.stage-changes",
          "lever.hires",
          "lever.archives",
          "lever.applications",
          "lever.deletions",
          "lever.interviews",
          "lever.contacts",
          "lever.unrecognized",
          "lever.sweeps",
          "hiring.changes",
          "hiring.opportunities",
          "hiring.postings",
          "hiring.runs",
          "sync.outcomes",
          "sync.clara.retry.1m",
          "sync.clinch.retry.10m",
          "sync.theorg.retry.1h",
          "sync.cleary.dlq",
          "sync.cluster.replay"}) {
        CAPTURE(name);
        CHECK(names.contains(name));
    }
    CHECK(named(topics, "hiring.changes").partitions == 12);
    CHECK(named(topics, "hiring.changes").replication == 3);
    CHECK(named(topics, "hiring.changes").min_insync_replicas == 2);
    CHECK(named(topics, "hiring.changes").retention_days == 30);
    CHECK_FALSE(named(topics, "hiring.opportunities").retention_days);
    CHECK(named(topics, "hiring.runs").partitions == 1);
}

TEST_CASE("topics: a tombstone outlives the longest time that a daemon may be held") {
    const auto topics = load_topics(list);
    for (const char* name : {"hiring.postings", "hiring.opportunities"}) {
        CHECK(named(topics, name).tombstone_days == named(topics, "hiring.changes").retention_days);
    }
    CHECK_FALSE(named(topics, "hiring.changes").tombstone_days);
}

TEST_CASE("topics: one that is there and forgets its tombstones too soon is told with the remedy") {
    const Topic topic{.name = "hiring.postings", .partitions = 1, .tombstone_days = 30};
    const auto said = tombstone_complaint(topic, "p.hiring.postings", 86'400'000);
    CHECK(said.starts_with("topic p.hiring.postings keeps its tombstones for 86400000 ms"));
    CHECK(said.ends_with("--topic p.hiring.postings --add-config delete.retention.ms=2592000000"));
    CHECK(tombstone_complaint(topic, "p.hiring.postings", 2'592'000'000).empty());
    CHECK(tombstone_complaint(Topic{.name = "hiring.runs"}, "hiring.runs", 1).empty());
}

TEST_CASE("topics: retry, dead letter and replay topics have the partition count of their source, whatever it is") {
    TopicOverrides three;
    three.partitions = 3;
    three.replication = 1;
    three.min_insync_replicas = 1;
    for (const auto& topic : load_topics(list, three)) {
        CHECK(topic.partitions == (topic.name == "hiring.runs" ? 1 : 3));
        CHECK(topic.replication == 1);
        CHECK(topic.min_insync_replicas == 1);
    }
}

TEST_CASE("topics: a list that cannot be read is told with its place") {
    const auto says = [](const std::string& text, const std::string& place, const std::string& part) {
        const auto what = complaint(text);
        CAPTURE(what);
        CHECK(what.starts_with(place));
        CHECK(what.find(part) != std::string::npos);
    };
    CHECK(complaint(head + "[[topic]]\nname = \"a\"\ncompacted = true") == "loaded");
    says("partitions = = 3", ":1", "");
    says(head + "colour = 1", ":4: ", "colour");
    says(head + "[[topic]]\nname = \"a\"\ncompacted = true\nretension = 1", ":7: ", "retension");
    says(head + "[[topic]]\ncompacted = true", ":4: ", "name");
    says(head + "[[topic]]\nname = \"a\"", ":4: ", "retention_days");
    says(head + "[[topic]]\nname = \"a\"\nretention_days = 7\ncompacted = true", ":4: ", "either");
    says(head + "[[topic]]\nname = \"a\"\nretention_days = 7\ntombstone_days = 7", ":7: ", "compacted");
    says(head + "[[topic]]\nname = \"a\"\ncompacted = true\ntombstone_days = 0", ":7: ", "above 0");
    says(head + "[[topic]]\nname = \"a\"\nretention_days = 0", ":6: ", "above 0");
    says(head + "[[topic]]\nname = \"a\"\nretention_days = \"7\"", ":6: ", "above 0");
    says("partitions = 0\nreplication = 1\nmin_insync_replicas = 1", ":1: ", "above 0");
    says("replication = 1\nmin_insync_replicas = 1", ": ", "partitions");
    CHECK_THROWS_AS(load_topics("/tmp/hirewire-no-such-topics.toml"), std::runtime_error);
}
