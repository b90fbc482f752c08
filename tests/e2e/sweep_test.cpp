// Webhooks get lost, doubled, late and forged; a sweep of Lever's own state makes up for all of it.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "common/core/uuid.hpp"
#include "hirewire/v1/change.pb.h"
#include "tests/e2e/installation.hpp"
#include "tests/support/seed.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

constexpr std::int64_t announced_within_ms = 60'000;

int people() {
    const char* number = std::getenv("HIREWIRE_SWEEP_OPPORTUNITIES");
    return number != nullptr ? std::atoi(number) : 40;
}

Installation make() {
    return Installation{
        {std::begin(all_services), std::end(all_services)},
        std::vector<Setting>{{"lever-source", "sweep_interval", in_quotes("1h")}}};
}

void delivery(Installation& the, const std::string& how) {
    the.stack.control(http::Method::post, "/_sandbox/delivery", how);
}

// Ten transitions for everybody, of every kind.
void live_through(Installation& the, const std::vector<std::string>& everybody, Dice& dice) {
    const std::vector<std::string> stages{
        "Recruiter screen", "On-site interview", "Reference check", "offer", "Reached out"};
    const auto act = [&](const std::string& id, const std::string& what, const std::string& body) {
        the.stack.control(http::Method::post, "/_sandbox/opportunities/" + id + "/" + what, body);
    };
    std::set<std::string> archived;
    for (int round = 0; round < 10; ++round) {
        for (const auto& id : everybody) {
            if (archived.contains(id) && dice.one_in(2)) {
                act(id, "unarchive", "{}");
                archived.erase(id);
            } else if (!archived.contains(id) && dice.one_in(6)) {
                act(id, "archive", R"({"reason":"Underqualified"})");
                archived.insert(id);
            } else if (!archived.contains(id) && dice.one_in(20)) {
                act(id, "hire", R"({"start_date":"2027-01-04"})");
                archived.insert(id);
            } else {
                the.move(id, dice.pick(stages));
            }
        }
    }
}

std::string sweep(Installation& the) {
    Command command;
    command.program = program("");
    command.arguments = {
        "run", "sweep", "--brokers", the.stack.kafka().brokers, "--topic-prefix", the.stack.kafka().topic_prefix};
    command.log_file = the.stack.path("sweep.log");
    const auto ended = run(command, Milliseconds{120'000});
    CHECK(ended.exit_code == 0);
    CHECK(ended.log == "");
    return ended.output;
}

std::vector<v1::Change> changes(const Installation& the) {
    std::vector<v1::Change> all;
    for (const auto& record : the.records("hiring.changes")) {
        REQUIRE(all.emplace_back().ParseFromString(record.value.value_or("")));
    }
    return all;
}

// The times of the webhooks that were taken, by opportunity.
std::map<std::string, std::vector<std::int64_t>> announcements(const Installation& the) {
    std::map<std::string, std::vector<std::int64_t>> times;
    for (const char* topic : {"lever.stage-changes", "lever.hires", "lever.archives", "lever.applications"}) {
        for (const auto& record : the.records(topic)) {
            const auto webhook = json::Document::parse(record.value.value_or(""));
            REQUIRE(webhook.has_value());
            times[record.key].push_back((*webhook)["triggeredAt"].integer());
        }
    }
    return times;
}

// One id, one version, and the other way round; versions grow along each opportunity; each move is one that Lever
// knows of, under the id that it has by whatever way it was learnt of.
void check_identities(const Installation& the, const std::vector<v1::Change>& all) {
    std::map<std::string, std::int64_t> version_of;
    std::map<std::pair<std::string, std::int64_t>, std::string> id_of;
    std::map<std::string, std::set<std::string>> moves;  // the ids that Lever's history gives
    for (const auto& change : all) {
        CAPTURE(change.opportunity_id());
        const auto& opportunity = change.opportunity_id();
        const auto [known, first] = version_of.emplace(change.change_id(), change.version());
        CHECK(known->second == change.version());
        CHECK(
            id_of.emplace(std::pair{opportunity, change.version()}, change.change_id()).first->second ==
            change.change_id());
        if (change.kind() != v1::CHANGE_KIND_STAGE_CHANGED) continue;
        auto& ids = moves[opportunity];
        if (ids.empty()) {
            const auto state = the.stack.lever("/v1/opportunities/" + opportunity);
            for (const auto& move : state["data"]["stageChanges"].items()) {
                const auto anchor =
                    std::to_string(move["updatedAt"].integer()) + "/" + std::string{move["toStageId"].string()};
                ids.insert(uuid_v5({change.account(), opportunity, "stage_changed", anchor}));
            }
        }
        CHECK(ids.contains(change.change_id()));
    }
}

}  // namespace

TEST_CASE("every webhook is lost: after one sweep all destinations equal Lever, and nothing is called news") {
    MESSAGE(how_to_repeat());
    Dice dice{seed()};
    auto the = make();
    delivery(the, R"({"drop":1.0})");
    const auto everybody = the.add(people());
    live_through(the, everybody, dice);
    MESSAGE(sweep(the));
    the.all_become_right();
    const auto all = changes(the);
    CHECK(all.size() >= everybody.size());
    CHECK(std::none_of(all.begin(), all.end(), [](const auto& c) { return c.live(); }));
    check_identities(the, all);
    CHECK(the.oracle.violations() == "");
    // A second one finds nothing new.
    sweep(the);
    the.all_become_right();
    CHECK(changes(the).size() == all.size());
}

TEST_CASE("webhooks are lost, doubled, late and forged: the same end, and no news that no webhook announced") {
    MESSAGE(how_to_repeat());
    Dice dice{seed() + 1};
    auto the = make();
    delivery(the, R"({"drop":0.3,"duplicate":0.3,"reorder_ms":3000,"corrupt_signature":0.05})");
    const auto everybody = the.add(people());
    live_through(the, everybody, dice);
    MESSAGE(sweep(the));
    the.all_become_right();
    const auto all = changes(the);
    check_identities(the, all);
    const auto told = announcements(the);
    std::size_t live = 0;
    for (const auto& change : all) {
        if (!change.live()) continue;
        ++live;
        CAPTURE(change.opportunity_id());
        const auto times = told.find(change.opportunity_id());
        REQUIRE(times != told.end());
        CHECK(std::any_of(times->second.begin(), times->second.end(), [&](std::int64_t at) {
            return std::llabs(at - change.occurred_at_ms()) <= announced_within_ms;
        }));
    }
    CHECK(live > 0);
    CHECK(the.oracle.violations() == "");
}
