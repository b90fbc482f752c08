// Postings that become drafts, and the keys of the section. The rules for candidates are data: cases beside this.
#include "services/sync-cluster/rules.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <variant>

#include "common/json/value.hpp"
#include "common/sync/leader_task.hpp"
#include "tests/support/case_runner.hpp"
#include "tests/support/change_builders.hpp"

using namespace hirewire;
using namespace hirewire::cluster;

namespace {

sync::PostingNews news_of(const std::string& id, const std::string& state = "published") {
    v1::Posting posting;
    posting.set_id(id);
    posting.set_title("Staff Engineer");
    posting.set_department("Platform");
    posting.set_location("Berlin");
    posting.set_state(state);
    posting.set_url("https://jobs.lever.co/acme/" + id);
    posting.set_description_html("<p>Build.</p>");
    posting.set_created_at_ms(1'770'800'400'000);
    return {.id = id, .posting = posting};
}

Settings choosing(const std::vector<std::string>& postings) {
    Settings settings;
    settings.import_postings = postings;
    return settings;
}

std::string outcome_of(const sync::PostingNews& news, const Settings& settings) {
    const auto plan = put_posting(news, settings);
    return std::holds_alternative<sync::Send>(plan.step) ? "sent" : testing::decision_text(plan);
}

// Cluster as this text of the configuration makes it. Throws what is said about a text that cannot be used.
std::unique_ptr<sync::Destination> configured(const std::string& text) {
    const auto file =
        std::filesystem::temp_directory_path() / ("hirewire-cluster-test-" + std::to_string(getpid()) + ".toml");
    std::ofstream{file} << text;
    auto destination = testing::configured(make_destination(), file);
    std::filesystem::remove(file);
    return destination;
}

}  // namespace

TEST_CASE("#6 Cluster: a chosen posting is put with its six facts, and not a word on being a draft") {
    const auto plan = put_posting(news_of("p-1"), choosing({"p-1"}));
    const auto* send = std::get_if<sync::Send>(&plan.step);
    REQUIRE(send != nullptr);
    CHECK(send->request.method == http::Method::put);
    CHECK(send->request.target == "/ats/lever/postings/p-1");
    const auto body = json::Document::parse(send->request.body);
    REQUIRE(body.has_value());
    std::vector<std::string> members;
    for (const auto& [name, value] : body->root().members()) members.emplace_back(name);
    CHECK(members == std::vector<std::string>{"title", "department", "location", "state", "url", "description"});
    CHECK((*body)["title"].string() == "Staff Engineer");
    CHECK((*body)["state"].string() == "published");
}

TEST_CASE("#6 Cluster: the draft is made once and kept up to date later: each answer is a good one") {
    const auto after = [](int status, const std::string& body) {
        const auto plan = put_posting(news_of("p-1"), choosing({"p-1"}));
        http::Reply reply;
        reply.status = status;
        reply.body = body;
        return testing::decision_text(std::get<sync::Send>(plan.step).then(reply));
    };
    CHECK(after(201, R"({"outcome":"created"})") == "outcome: applied");
    CHECK(after(200, R"({"outcome":"updated"})") == "outcome: applied");
    CHECK(after(200, R"({"outcome":"unchanged"})") == "outcome: unchanged");
    CHECK(after(503, "").starts_with("verdict: weather"));
}

TEST_CASE("#6 Cluster: the same posting twice is the same bytes, so that a repeat makes no second draft") {
    const auto once = put_posting(news_of("p-1"), choosing({"p-1"}));
    const auto twice = put_posting(news_of("p-1"), choosing({"p-1", "p-2"}));
    CHECK(std::get<sync::Send>(once.step).request.body == std::get<sync::Send>(twice.step).request.body);
    CHECK(std::get<sync::Send>(once.step).request.target == std::get<sync::Send>(twice.step).request.target);
}

TEST_CASE("#2 #6 Cluster: postings that nobody chose, that are gone or not active are not told") {
    CHECK(
        outcome_of(news_of("p-1"), choosing({"p-2"})) ==
        "outcome: skipped, cluster.import_postings does not name the posting");
    CHECK(outcome_of(news_of("p-1"), choosing({})).starts_with("outcome: skipped"));
    CHECK(
        outcome_of({.id = "p-1", .posting = {}}, choosing({"p-1"})) ==
        "outcome: skipped, the posting is gone, or not to be seen");
    for (const char* state : {"draft", "pending", "rejected", "closed", ""}) {
        CHECK(outcome_of(news_of("p-1", state), choosing({"p-1"})) == "outcome: skipped, the posting is not active");
    }
    CHECK(outcome_of(news_of("p-1", "internal"), choosing({"p-1"})) == "sent");
}

TEST_CASE("#6 Cluster: postings are asked for only while some are chosen") {
    CHECK_FALSE(configured("[cluster]\n")->wants_postings());
    const auto importing = configured("[cluster]\nimport_postings = [\"p-1\"]\n");
    CHECK(importing->wants_postings());
    CHECK(std::holds_alternative<sync::Send>(importing->plan_posting(news_of("p-1"), {}).step));
}

TEST_CASE("#3 Cluster: a job that is connected twice, or lacks an id, refuses the configuration") {
    const auto says = [](const std::string& text) {
        try {
            configured(text);
        } catch (const std::runtime_error& e) {
            return std::string{e.what()};
        }
        return std::string{"configured"};
    };
    const std::string job = "[[cluster.job]]\nid = \"a\"\nposting = \"p\"\n";
    CHECK(says(job) == "configured");
    CHECK(says(job + "[[cluster.job]]\nid = \"b\"\nposting = \"p\"\n") == "configured");
    CHECK(says(job + job).find("the job \"a\" is connected twice") != std::string::npos);
    CHECK(says("[[cluster.job]]\nid = \"a\"\n").find("cluster.job.posting: must be set") != std::string::npos);
    CHECK(says("[[cluster.job]]\nposting = \"p\"\n").find("cluster.job.id: must be set") != std::string::npos);
}

TEST_CASE("#13 Cluster: who refuses the credential is told of as a purge that is owed, and how it is sent") {
    const auto destination = configured("[cluster]\n");
    http::Reply reply;
    for (const int status : {401, 403}) {
        reply.status = status;
        const auto why = destination->why_refused(reply, Timestamp{});
        CHECK(why.find("purge") != std::string::npos);
        CHECK(why.find("[[cluster.job]]") != std::string::npos);
    }
    reply.status = 402;
    CHECK(destination->why_refused(reply, Timestamp{}).empty());
}

TEST_CASE("#7 #8 #9 #11 Cluster: it asks for nobody's person, and does two tasks beside the changes") {
    const auto destination = configured("[cluster]\n");
    CHECK_FALSE(destination->asks_for_people());
    CHECK(destination->asks_lever_source());
    CHECK(destination->tasks().size() == 2);
}
