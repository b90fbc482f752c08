#include "common/kafka/topics.hpp"

#include <doctest/doctest.h>

#include <unistd.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>

using namespace hirewire::kafka;

namespace {

const std::string the_list = HIREWIRE_SOURCE_DIR "/proto/topics.toml";

// What load_topics says of a list with this text; "" when it takes it.
std::string refusal(const std::string& text) {
    const auto file = std::filesystem::temp_directory_path() / ("topics-" + std::to_string(::getpid()) + ".toml");
    std::ofstream{file} << text;
    std::string said;
    try {
        load_topics(file);
    } catch (const std::runtime_error& e) {
        said = e.what();
    }
    std::filesystem::remove(file);
    const auto at = said.find(file.filename());
    return at == std::string::npos ? said : said.substr(at + file.filename().string().size());
}

const std::string head = "partitions = 12\nreplication = 3\nmin_insync_replicas = 2\n";

}  // namespace

TEST_CASE("topics: the list holds each topic once, a destination's once per destination") {
    const auto topics = load_topics(the_list);
    std::set<std::string> names;
    for (const auto& topic : topics) {
        CHECK(names.insert(topic.name).second);
        CHECK(topic.name.find('<') == std::string::npos);
        CHECK(topic.partitions == (topic.name == "hiring.runs" ? 1 : 12));
        CHECK(topic.replication == 3);
        CHECK(topic.min_insync_replicas == 2);
    }
    CHECK(names.contains("lever.stage-changes"));
    for (const std::string destination : {"clara", "cluster", "cleary", "theorg", "clinch"}) {
        for (const std::string kind : {"retry.1m", "retry.10m", "retry.1h", "dlq", "replay"}) {
            CHECK(names.contains("sync." + destination + "." + kind));
        }
    }
}

TEST_CASE("topics: compacted ones have no retention, all others have one") {
    for (const auto& topic : load_topics(the_list)) {
        const bool compacted =
            topic.name == "hiring.opportunities" || topic.name == "hiring.postings" || topic.name == "hiring.runs";
        CAPTURE(topic.name);
        CHECK(topic.retention_days.has_value() != compacted);
    }
}

TEST_CASE("topics: what the command line says wins, except over a topic's own partition count") {
    const auto topics = load_topics(the_list, {.partitions = 3, .replication = 1, .min_insync_replicas = 1});
    for (const auto& topic : topics) {
        CHECK(topic.partitions == (topic.name == "hiring.runs" ? 1 : 3));
        CHECK(topic.replication == 1);
        CHECK(topic.min_insync_replicas == 1);
    }
}

TEST_CASE("topics: a mistake in the list is told with its line") {
    CHECK(refusal(head + "[[topic]]\nname = \"a\"\nretention_days = 3\n") == "");
    CHECK(refusal(head + "[[topic]]\nname = \"a\"\nretain_days = 3\n") == ":6: unknown key 'retain_days'");
    CHECK(refusal(head + "topics = 3\n") == ":4: unknown key 'topics'");
    CHECK(
        refusal(head + "[[topic]]\nname = \"a\"\n") ==
        ":4: topic 'a' needs either 'retention_days' or 'compacted = true'");
    CHECK(
        refusal(head + "[[topic]]\nname = \"a\"\nretention_days = \"3\"\n") ==
        ":6: 'retention_days' must be a whole number above 0");
    CHECK(refusal(head + "[[topic]]\nretention_days = 3\n") == ":4: a topic needs a 'name'");
    CHECK(refusal(head) == ": no [[topic]] in it");
    CHECK(refusal("partitions = 12\n") == ": 'replication' is missing");
    CHECK(refusal("partitions = = 12\n").starts_with(":1: "));
    CHECK_THROWS_AS(load_topics("/nowhere/topics.toml"), std::runtime_error);
}
