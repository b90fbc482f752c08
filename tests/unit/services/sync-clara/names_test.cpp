// CLARA's lists of statuses once Lever's own lists are known, and what switches CLARA off.
#include <doctest/doctest.h>

#include <string>

#include "common/json/value.hpp"
#include "common/sync/names_watch.hpp"
#include "services/sync-clara/rules.hpp"
#include "tests/support/change_builders.hpp"

using namespace hirewire;

namespace {

sync::Vocabulary lever() {
    sync::Vocabulary vocabulary;
    vocabulary.stages = {{.id = "onsite", .name = "On-site interview"}, {.id = "phone", .name = "Phone screen"}};
    vocabulary.reasons = {{.id = "r-1", .name = "Underqualified"}};
    return vocabulary;
}

bool asks(const sync::Plan& plan) {
    const auto& send = std::get<sync::Send>(plan.step);
    const auto body = json::Document::parse(send.request.body);
    REQUIRE(body.has_value());
    return (*body)["follow_up"].boolean();
}

v1::Change live(const v1::Status& status) {
    auto change = testing::stage_change(1'000);
    *change.mutable_status() = status;
    return change;
}

}  // namespace

TEST_CASE("#19 CLARA: a listed stage still asks after Lever has renamed it, and no other one does") {
    clara::Settings settings;
    const sync::Situation situation;
    const auto renamed = live(testing::stage("onsite", "Panel"));
    CHECK_FALSE(asks(clara::put_status(renamed, situation, settings)));
    settings.known_follow_ups.resolve(settings.follow_up_statuses, lever());
    CHECK(asks(clara::put_status(renamed, situation, settings)));
    CHECK_FALSE(asks(clara::put_status(live(testing::stage("phone", "Phone screen")), situation, settings)));
}

TEST_CASE(
    "#19 CLARA: of the eight default statuses, those that an account lacks are told, and the others still ask") {
    const auto destination = clara::make_destination();
    sync::NamesBook book;
    const auto news = book.resolve(*destination, lever());
    REQUIRE(news.size() == 1);
    CHECK(news[0].key == "follow_up_statuses");
    CHECK(
        news[0].report.unknown ==
        std::vector<std::string>{
            "New lead", "Reached out", "Responded", "New applicant", "Reference check", "Offer"});
    const sync::Situation situation;
    CHECK(asks(destination->plan(live(testing::archive_reason("r-1", "Not qualified")), situation)));
}

TEST_CASE("#17 CLARA: the map goes by the id that a name was known to have, and names what it leaves out") {
    clara::Settings settings;
    settings.status_map = {{"On-site interview", "interview"}};
    const sync::Situation situation;
    const auto renamed = live(testing::stage("onsite", "Panel"));
    const auto before = clara::put_status(renamed, situation, settings);
    REQUIRE(std::holds_alternative<sync::Settle>(before.step));
    CHECK(std::get<sync::Settle>(before.step).outcome == v1::OUTCOME_KIND_UNMAPPED);
    settings.known_statuses.resolve(sync::keys_of(settings.status_map), lever());
    const auto after = clara::put_status(renamed, situation, settings);
    REQUIRE(std::holds_alternative<sync::Send>(after.step));
    const auto body = json::Document::parse(std::get<sync::Send>(after.step).request.body);
    CHECK((*body)["status"]["mapped"].string() == "interview");
    CHECK((*body)["status"]["name"].string() == "Panel");
}

TEST_CASE("#17 CLARA: a map that is off says so to who watches for its being turned on") {
    const auto destination = clara::make_destination();
    CHECK(destination->switched_off().empty());
    clara::Settings settings;
    settings.map_status = false;
    const auto plan = clara::put_status(live(testing::stage("onsite", "Panel")), sync::Situation{}, settings);
    CHECK(std::get<sync::Settle>(plan.step).reason == "map_status is off");
}
