// hirewire config test: cases of a mapping, and the example that is kept beside the reference configuration.
#include "tools/hirewire/config_cases.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/config/schema.hpp"
#include "services/sync-clara/rules.hpp"
#include "tools/hirewire/config_explain.hpp"
#include "tools/hirewire/config_test.hpp"

using namespace hirewire;
using namespace hirewire::cli;

namespace {

const std::string source = HIREWIRE_SOURCE_DIR;

MappingCase one(const std::string& members, const std::optional<sync::Vocabulary>& vocabulary = {}) {
    const std::string json = R"({"case":[{"name":"one","destination":"clara","expect":"send",)" + members + "}]}";
    return read_mapping_cases(json, "cases.toml", vocabulary).at(0);
}

CaseResult tried(const std::string& members) {
    return try_case(one(members), *clara::make_destination(), false);
}

std::string complaint(const std::string& json) {
    try {
        read_mapping_cases(json, "cases.toml", {});
    } catch (const config::Error& e) {
        return e.what();
    }
    return {};
}

}  // namespace

TEST_CASE("config test: the example holds for the defaults of the reference configuration") {
    TestCommand command;
    command.cases_file = source + "/deploy/config/mapping-cases.toml";
    command.config_file = source + "/deploy/config/hirewire.toml";
    command.as_json = true;
    CHECK(test_config(command) == 0);
}

TEST_CASE("config test: a case that does not hold says what was expected and what came") {
    const auto result =
        tried(R"("stage":"Offer","body":{"follow_up":false,"status.name":"Offer","status.mapped":"x"})");
    CHECK_FALSE(result.passed);
    CHECK(result.expected == R"(send, follow_up = false, status.mapped = "x", status.name = "Offer")");
    CHECK(result.came == R"(send, follow_up = true, status.mapped = nothing, status.name = "Offer")");
}

TEST_CASE("config test: an outcome and its reason are compared, too") {
    auto skipped = one(R"("stage":"Offer","external":false)");
    skipped.expect = "skipped";
    const auto destination = clara::make_destination();
    CHECK(try_case(skipped, *destination, false).passed);
    skipped.reason = "another one";
    CHECK_FALSE(try_case(skipped, *destination, false).passed);
    CHECK_FALSE(tried(R"("stage":"Offer","external":false)").passed);
}

TEST_CASE("config test: a confidential candidate is skipped as the daemon does it, unless the destination may know") {
    auto confidential = one(R"("stage":"Offer","confidential":true)");
    const auto destination = clara::make_destination();
    CHECK(try_case(confidential, *destination, true).passed);
    confidential.expect = "skipped";
    confidential.reason = "confidential";
    CHECK(try_case(confidential, *destination, false).passed);
}

TEST_CASE("config test: what must be absent fails the case when it is there") {
    CHECK(tried(R"("stage":"Offer","absent":["status.mapped"])").passed);
    CHECK_FALSE(tried(R"("stage":"Offer","absent":["status.name"])").passed);
}

TEST_CASE("config test: with Lever's lists a case gets Lever's ids") {
    sync::Vocabulary vocabulary;
    vocabulary.stages = {{.id = "s-7", .name = "Offer"}};
    CHECK(one(R"("stage":"OFFER")", vocabulary).change.status().id() == "s-7");
    CHECK(one(R"("stage":"id:s-7")", vocabulary).change.status().name() == "Offer");
    CHECK(one(R"("stage":"id:s-8")", vocabulary).change.status().id() == "s-8");
}

TEST_CASE("config test: what is wrong with a case is said with its name") {
    CHECK(complaint("{}").find("cases.toml") == 0);
    CHECK(complaint(R"({"case":[{"destination":"clara"}]})").find("case 1: name") != std::string::npos);
    CHECK(
        complaint(R"({"case":[{"name":"n","destination":"clara","expect":"send","stagee":"x"}]})").find("stagee") !=
        std::string::npos);
    CHECK(
        complaint(R"({"case":[{"name":"n","destination":"clara","expect":"send","live":"yes"}]})")
            .find("case \"n\": live: expected true or false") != std::string::npos);
    CHECK(
        complaint(R"({"case":[{"name":"n","destination":"clara","expect":"send","stage":"a","archive_reason":"b"}]})")
            .find("archive_reason") != std::string::npos);
    CHECK(
        complaint(R"({"case":[{"name":"n","destination":"clara","expect":"skipped","body":{"a":1}}]})")
            .find("body") != std::string::npos);
    CHECK(complaint(R"({"case":[{"name":"n","destination":"clara","expect":"send","stage":"a"}]})").empty());
}

TEST_CASE("config test: a destination that nobody has is named, with those that there are") {
    const auto file =
        std::filesystem::temp_directory_path() / ("hirewire-cases-test-" + std::to_string(getpid()) + ".toml");
    std::ofstream{file} << "[[case]]\nname = \"n\"\ndestination = \"claro\"\nstage = \"a\"\nexpect = \"send\"\n";
    TestCommand command;
    command.cases_file = file.string();
    command.config_file = source + "/deploy/config/hirewire.toml";
    std::string said;
    try {
        test_config(command);
    } catch (const config::Error& e) {
        said = e.what();
    }
    std::filesystem::remove(file);
    CHECK(said.find("claro") != std::string::npos);
    CHECK(said.find("clara, cluster, cleary, clinch") != std::string::npos);
}

TEST_CASE("config explain: a key, a whole section, and what may be meant by a word that is no key") {
    std::vector<config::KeyNote> all;
    for (const auto* key : {"clara.status_map", "clara.mode", "cluster.status_map", "log.level"}) {
        config::KeyNote note;
        note.key = key;
        all.push_back(note);
    }
    CHECK(notes_about("clara.mode", all).size() == 1);
    CHECK(notes_about("clara", all).size() == 2);
    CHECK(notes_about("cla", all).empty());
    using Words = std::vector<std::string>;
    CHECK(near("status_map", all) == Words{"clara.status_map", "cluster.status_map"});
    CHECK(near("clara.statusmap", all) == Words{"clara.status_map", "clara.mode"});
    CHECK(near("nonsense", all).empty());
}

TEST_CASE("config explain: every key that a program declares is known, with its help and default") {
    ExplainCommand command;
    command.as_json = true;
    for (const auto* key :
         {"clara.follow_up_statuses", "theorg.mode", "receiver.port", "lever.base_url", "sync.lease"}) {
        CAPTURE(key);
        command.key = key;
        CHECK(explain_config(command) == 0);
    }
    command.key = "clara.follow_ups";
    CHECK_THROWS_AS(explain_config(command), config::Error);
}
