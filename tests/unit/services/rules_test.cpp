// The rules of every destination, as data: services/sync-*/cases.
#include <doctest/doctest.h>

#include <fstream>

#include "services/sync-clara/rules.hpp"
#include "services/sync-cleary/rules.hpp"
#include "services/sync-cluster/rules.hpp"
#include "tests/support/case_runner.hpp"

using namespace hirewire;

namespace {

using Make = std::unique_ptr<sync::Destination> (*)();

void play_all(const std::string& folder, Make make) {
    const std::filesystem::path cases =
        std::string{HIREWIRE_SOURCE_DIR} + "/tests/unit/services/" + folder + "/cases";
    for (const auto& rule_case : testing::read_cases(cases)) {
        CAPTURE(rule_case.name);
        const auto own = rule_case.folder / "config.toml";
        const auto file = std::filesystem::exists(own) ? own : cases / "config.toml";
        const auto destination = testing::configured(make(), file);
        const auto actual = testing::play(*destination, rule_case);
        CHECK(actual == rule_case.expected);
        if (std::getenv("HIREWIRE_ACCEPT_CASES") != nullptr) {
            std::ofstream{rule_case.folder / "expected.http"} << actual;
        }
    }
}

}  // namespace

TEST_CASE("rules: CLARA's cases") {
    play_all("sync-clara", &clara::make_destination);
}
TEST_CASE("rules: Cluster's cases") {
    play_all("sync-cluster", &cluster::make_destination);
}
TEST_CASE("rules: Cleary's cases") {
    play_all("sync-cleary", &cleary::make_destination);
}

TEST_CASE("rules: a name is split before its last word") {
    const auto split = [](std::string_view whole) {
        const auto name = cleary::split_name(whole);
        return name.given + "|" + name.family;
    };
    CHECK(split("Ada Park") == "Ada|Park");
    CHECK(split("  Ada  Maria   Park ") == "Ada  Maria|Park");
    CHECK(split("Ada") == "|");
    CHECK(split("") == "|");
    CHECK(split("   ") == "|");
}
