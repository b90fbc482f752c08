// The hiring day's judgement: a destination that believes something else than Lever says must not pass.
#include "tools/sandbox/day_check.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace hirewire;
using namespace hirewire::sandbox;

namespace {

json::Document parsed(const std::string& text) {
    auto document = json::Document::parse(text);
    REQUIRE(document.has_value());
    return std::move(*document);
}

std::vector<std::string> candidate_at_clinch(const std::string& status, const std::string& state) {
    const Subject subject{.label = "Tamsin", .opportunity = "o", .contact = "c", .address = "t@mail.example"};
    const auto lever = parsed(R"([{"id":"o","posting":"p","status":{"name":")" + status + R"("}}])");
    const auto belief = parsed(state);
    return differences("clinch", {subject}, lever.root(), belief.root());
}

std::vector<std::string> posting_at(
    const std::string& destination, const std::string& state, const std::string& job) {
    const auto postings = parsed(
        R"([{"id":"p","deleted":false,"posting":{"text":"Gardener","state":")" + state +
        R"(","confidentiality":"non-confidential","categories":{"location":"Lisbon"}}}])");
    const auto belief = parsed(R"({"jobs":{)" + job + "}}");
    return job_differences(destination, postings.root(), belief.root());
}

}  // namespace

TEST_CASE("day check: Clinch has who counts, and has taken back who does not count any more") {
    const std::string key = R"({"t@mail.example/p":)";
    CHECK(candidate_at_clinch("Hired", key + R"({"outcome":"success"}})").empty());
    CHECK(candidate_at_clinch("Withdrew", key + R"({"outcome":"reverted"}})").empty());
    CHECK(candidate_at_clinch("Withdrew", "{}").empty());
    CHECK(candidate_at_clinch("Hired", "{}").size() == 1);
    CHECK(candidate_at_clinch("Underqualified", key + R"({"outcome":"success"}})").size() == 1);
    CHECK(candidate_at_clinch("Withdrew", key + R"({"outcome":"success"}})").size() == 1);
}

TEST_CASE("day check: an open posting is shown, a closed one is not, and it is shown where it is") {
    CHECK(posting_at("theorg", "published", R"("p":{"location":"Lisbon"})").empty());
    CHECK(posting_at("theorg", "closed", "").empty());
    CHECK(posting_at("theorg", "published", "").size() == 1);
    CHECK(posting_at("theorg", "closed", R"("p":{"location":"Lisbon"})").size() == 1);
    CHECK(posting_at("theorg", "published", R"("p":{"location":"Porto"})").size() == 1);
    CHECK(posting_at("clinch", "published", R"("p":{"location":"Lisbon","page_status":"published"})").empty());
    CHECK(posting_at("clinch", "closed", R"("p":{"location":"Lisbon","page_status":"unpublished"})").empty());
    CHECK(posting_at("clinch", "closed", R"("p":{"location":"Lisbon","page_status":"published"})").size() == 1);
    // The others have no jobs.
    CHECK(posting_at("clara", "published", "").empty());
}
