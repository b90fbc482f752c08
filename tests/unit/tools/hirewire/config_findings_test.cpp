// hirewire config check: what is said about names, given Lever's lists.
#include "tools/hirewire/config_findings.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace hirewire;
using namespace hirewire::cli;

namespace {

sync::Vocabulary lever() {
    sync::Vocabulary vocabulary;
    vocabulary.stages = {{.id = "offer", .name = "Offer"}, {.id = "s-1", .name = "Screen"}};
    vocabulary.reasons = {{.id = "r-1", .name = "Underqualified"}, {.id = "r-2", .name = "Screen"}};
    return vocabulary;
}

sync::NamedStatuses list_of(std::string key, std::vector<std::string> entries) {
    sync::NamedStatuses named;
    named.key = std::move(key);
    named.entries = std::move(entries);
    return named;
}

sync::NamedStatuses map_of(const sync::StatusMap& map, sync::Unnamed others) {
    auto named = list_of("status_map", sync::keys_of(map));
    named.values = sync::values_of(map);
    named.others = others;
    return named;
}

std::vector<std::string> of(FindingKind kind, const std::vector<Finding>& findings) {
    std::vector<std::string> what;
    for (const auto& finding : findings) {
        if (finding.kind == kind) what.push_back(finding.key + ": " + finding.what);
    }
    return what;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("config check: a configuration that names what Lever has is left alone") {
    CHECK(findings_of("clara", {list_of("follow_up_statuses", {"offer", "Underqualified"})}, lever()).empty());
    CHECK(findings_of("clara", {}, lever()).empty());
}

TEST_CASE("#19 config check: what is named and not in Lever is found, by its words and key") {
    const auto found =
        findings_of("clara", {list_of("follow_up_statuses", {"New lead", "id:r-9", "OFFER"})}, lever());
    CHECK(
        of(FindingKind::unknown, found) ==
        Words{"clara.follow_up_statuses: New lead", "clara.follow_up_statuses: id:r-9"});
    CHECK(found.size() == 2);
    CHECK(std::all_of(found.begin(), found.end(), &counts));
}

TEST_CASE("config check: a name of a stage and of an archive reason is ambiguous") {
    const auto found = findings_of("clara", {list_of("follow_up_statuses", {"Screen"})}, lever());
    CHECK(of(FindingKind::ambiguous, found) == Words{"clara.follow_up_statuses: Screen"});
    CHECK(found.at(0).remark.find("id:s-1") != std::string::npos);
    CHECK(found.at(0).remark.find("id:r-2") != std::string::npos);
}

TEST_CASE("config check: a status that two entries name") {
    const auto twice = findings_of("clara", {list_of("follow_up_statuses", {"Offer", "id:offer"})}, lever());
    CHECK(of(FindingKind::twice, twice) == Words{"clara.follow_up_statuses: id:offer"});
    const auto other =
        findings_of("clara", {map_of({{"Underqualified", "a"}, {"id:r-1", "b"}}, sync::Unnamed::no_matter)}, lever());
    CHECK(of(FindingKind::contradiction, other) == Words{"clara.status_map: id:r-1"});
    CHECK(of(FindingKind::twice, other).empty());
}

TEST_CASE("#43 config check: a state that counts as success by its name and as failure by its id") {
    auto success = list_of("success_states", {"Offer"});
    success.values = {"success"};
    success.group = "outcome";
    auto failure = list_of("failure_states", {"Underqualified", "id:offer"});
    failure.values = {"failure", "failure"};
    failure.group = "outcome";
    const auto found = findings_of("clinch", {success, failure}, lever());
    REQUIRE(found.size() == 1);
    CHECK(of(FindingKind::contradiction, found) == Words{"clinch.failure_states: id:offer"});
}

TEST_CASE(
    "#17 config check: what a map leaves out is a finding where it is not told, and a note where it goes through") {
    const sync::StatusMap map{{"Offer", "offer"}, {"id:r-1", "reject"}};
    const auto unmapped = findings_of("clara", {map_of(map, sync::Unnamed::unmapped)}, lever());
    CHECK(of(FindingKind::unmapped, unmapped) == Words{"clara.status_map: Screen", "clara.status_map: Screen"});
    CHECK(std::all_of(unmapped.begin(), unmapped.end(), &counts));
    const auto through = findings_of("cluster", {map_of(map, sync::Unnamed::goes_through)}, lever());
    CHECK(of(FindingKind::goes_through, through).size() == 2);
    CHECK(std::none_of(through.begin(), through.end(), &counts));
    CHECK(findings_of("cluster", {map_of({}, sync::Unnamed::goes_through)}, lever()).empty());
}
