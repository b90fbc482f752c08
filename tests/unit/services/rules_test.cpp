// The rules of every destination, as data: services/sync-*/cases.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "common/json/value.hpp"
#include "common/sync/delivery.hpp"
#include "services/sync-clara/rules.hpp"
#include "services/sync-cleary/rules.hpp"
#include "services/sync-clinch/rules.hpp"
#include "services/sync-cluster/rules.hpp"
#include "tests/support/case_runner.hpp"
#include "tests/support/change_builders.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/fake_producer.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"

using namespace hirewire;

namespace {

using Make = std::unique_ptr<sync::Destination> (*)();

std::filesystem::path cases_of(const std::string& folder) {
    return std::string{HIREWIRE_SOURCE_DIR} + "/tests/unit/services/" + folder + "/cases";
}

// As the case's own configuration makes it, or that of all cases.
std::unique_ptr<sync::Destination> destination_of(const testing::RuleCase& rule_case, Make make) {
    const auto own = rule_case.folder / "config.toml";
    return testing::configured(
        make(), std::filesystem::exists(own) ? own : rule_case.folder.parent_path() / "config.toml");
}

void play_all(const std::string& folder, Make make) {
    for (const auto& rule_case : testing::read_cases(cases_of(folder))) {
        CAPTURE(rule_case.name);
        const auto destination = destination_of(rule_case, make);
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

TEST_CASE("#18 #21 #22 CLARA: the one call is the PUT of a status; nothing is read back, noted, tagged or deleted") {
    const std::vector<std::string> members{
        "status", "previous_status", "contact_id", "posting_id", "occurred_at", "hired", "follow_up", "backfill"};
    for (const auto& rule_case : testing::read_cases(cases_of("sync-clara"))) {
        CAPTURE(rule_case.name);
        const auto destination = destination_of(rule_case, &clara::make_destination);
        // It is not given the token by which lever-source would tell it more than is in the change.
        CHECK_FALSE(destination->asks_for_people());
        std::size_t next = 0;
        testing::Neighbours neighbours;
        neighbours.lever_source = []() -> std::optional<sync::Person> {
            throw std::runtime_error("asks for a person");
        };
        neighbours.destination = [&](const http::Request& request) -> sync::Answer {
            CHECK(request.method == http::Method::put);
            CHECK(request.target.starts_with("/integrations/lever/opportunities/"));
            CHECK(request.target.ends_with("/status"));
            const auto body = json::Document::parse(request.body);
            REQUIRE(body.has_value());
            std::vector<std::string> found;
            for (const auto& [name, value] : body->root().members()) found.emplace_back(name);
            CHECK(found == members);
            return rule_case.answers.at(next++);
        };
        testing::follow(destination->plan(rule_case.change, rule_case.situation), neighbours);
        CHECK(next <= 1);
    }
}

TEST_CASE("#19 CLARA: a transition that comes twice, with details and in a snapshot after it, asks once") {
    const auto destination = testing::configured(clara::make_destination(), cases_of("sync-clara") / "config.toml");
    testing::ManualClock clock;
    testing::FakeStore store{clock};
    testing::FakeProducer producer;
    testing::FakeClient client;
    testing::FakeClient internal;
    metrics::Registry metrics;
    testing::finish(store.prepare_ledger("clara", 2, "rebuild"));
    testing::finish(store.open_ledger("clara", 2, "rebuild"));
    clock.advance(Milliseconds{1'000});
    const auto news = testing::stage_change(to_ms(clock.now()));
    clock.advance(Milliseconds{500});
    sync::Delivery delivery{
        sync::DeliverySettings{}, *destination, client, internal, store, producer, clock, metrics};
    const auto deliver = [&](const v1::Change& change) {
        const auto job = testing::job_of({change});
        testing::finish(delivery.attempt(job));
    };

    deliver(news);
    deliver(news);
    auto in_snapshot = news;
    in_snapshot.set_live(false);
    deliver(in_snapshot);
    auto details = in_snapshot;
    details.set_kind(v1::CHANGE_KIND_DETAILS_CHANGED);
    details.set_version(news.version() + 1);
    details.set_change_id("details");
    deliver(details);

    std::vector<bool> asked;
    for (const auto& request : client.requests) {
        const auto body = json::Document::parse(request.body);
        asked.push_back((*body)["follow_up"].boolean());
    }
    CHECK(asked == std::vector<bool>{true, false});
}

TEST_CASE("#16 CLARA: what is no moment refuses the configuration") {
    const auto file =
        std::filesystem::temp_directory_path() / ("hirewire-rules-test-" + std::to_string(getpid()) + ".toml");
    const auto configure = [&](const std::string& moment) {
        std::ofstream{file} << "[clara]\nskip_rejected_before = \"" << moment << "\"\n";
        testing::configured(clara::make_destination(), file);
    };
    for (const auto* moment : {"", "2026-11-01", "2026-11-01T09:00:00Z"}) CHECK_NOTHROW(configure(moment));
    for (const auto* moment : {"yes", "2026-11-31", "01.11.2026", "2026-11-01T09:00:00", "2026-11-01 09:00"}) {
        CAPTURE(moment);
        CHECK_THROWS_AS(configure(moment), std::runtime_error);
    }
    std::filesystem::remove(file);
}

TEST_CASE("rules: Cluster's cases") {
    play_all("sync-cluster", &cluster::make_destination);
}
TEST_CASE("rules: Cleary's cases") {
    play_all("sync-cleary", &cleary::make_destination);
}
TEST_CASE("rules: Clinch's cases") {
    play_all("sync-clinch", &clinch::make_destination);
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
