#include "tools/sandbox/lever_sight.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>

using namespace hirewire;
using namespace hirewire::sandbox;

namespace {

constexpr Moment start = 1'772'463'845'000;

// A Lever that shows moves a second late, with one opportunity that has been there for long.
struct LateLever {
    LeverModel model{start};
    LeverSight sight{model};
    std::string id = create();

    LateLever() { sight.set_delay(Milliseconds{1'000}); }

    std::string create(const std::string& contact = {}) {
        NewOpportunity what;
        what.contact = contact;
        what.stage = "applicant-new";
        what.posting = model.postings().front().id;
        Events events;
        return model.create(what, start, events).id;
    }
    void enter(const std::string& stage, Moment at) {
        const Opportunity before = *model.opportunity(id);
        model.enter_stage(id, stage, at);
        sight.hold_opportunity(id, before, at);
    }
    [[nodiscard]] std::string stage_at(Moment now) const {
        const auto shown = sight.opportunity(id, now);
        return shown ? shown->opportunity.stage : "nothing";
    }
};

}  // namespace

TEST_CASE("sight: a move shows when its time has come, with the time at which it was made") {
    LateLever lever;
    lever.enter("offer", start + 10'000);
    CHECK(lever.stage_at(start + 10'999) == "applicant-new");
    CHECK(lever.stage_at(start + 11'000) == "offer");
    CHECK(lever.sight.opportunity(lever.id, start + 10'999)->opportunity.updated_at == start);
    CHECK(lever.sight.opportunity(lever.id, start + 11'000)->opportunity.updated_at == start + 10'000);
}

TEST_CASE("sight: several moves become visible in turn") {
    LateLever lever;
    lever.enter("lead-new", start + 10'000);
    lever.enter("lead-responded", start + 10'300);
    lever.enter("offer", start + 10'600);
    CHECK(lever.stage_at(start + 10'900) == "applicant-new");
    CHECK(lever.stage_at(start + 11'100) == "lead-new");
    CHECK(lever.stage_at(start + 11'400) == "lead-responded");
    CHECK(lever.stage_at(start + 11'700) == "offer");
}

TEST_CASE("sight: a move does not overtake an earlier one when the delay becomes shorter") {
    LateLever lever;
    lever.enter("lead-new", start + 10'000);
    lever.sight.set_delay(Milliseconds{0});
    lever.enter("offer", start + 10'100);
    CHECK(lever.stage_at(start + 10'200) == "applicant-new");
    CHECK(lever.stage_at(start + 11'000) == "offer");
    lever.enter("lead-responded", start + 12'000);
    CHECK(lever.stage_at(start + 12'000) == "lead-responded");
}

TEST_CASE("sight: what was just made is not there yet, and what was just deleted still is") {
    LateLever lever;
    const auto fresh = lever.create();
    lever.sight.hold_opportunity(fresh, std::nullopt, start + 10'000);
    CHECK_FALSE(lever.sight.opportunity(fresh, start + 10'999).has_value());
    CHECK(lever.sight.opportunity(fresh, start + 11'000).has_value());

    const Opportunity before = *lever.model.opportunity(lever.id);
    lever.model.remove(lever.id, start + 20'000);
    lever.sight.hold_opportunity(lever.id, before, start + 20'000);
    CHECK(lever.sight.opportunity(lever.id, start + 20'999).has_value());
    CHECK_FALSE(lever.sight.opportunity(lever.id, start + 21'000).has_value());
}

TEST_CASE("sight: a change of a person is held back with all its opportunities") {
    LateLever lever;
    const std::string contact = lever.model.opportunity(lever.id)->contact;
    const auto second = lever.create(contact);
    const std::string old_name = lever.model.contact(contact)->person.name;
    lever.sight.hold_person(*lever.model.contact(contact), start + 10'000);
    lever.model.change_person(contact, {.name = "Wendeline Quarkmoor"}, start + 10'000);

    CHECK(lever.sight.contact(contact, start + 10'999)->person.name == old_name);
    CHECK(lever.sight.contact(contact, start + 11'000)->person.name == "Wendeline Quarkmoor");
    for (const auto& id : {lever.id, second}) {
        const auto early = lever.sight.opportunity(id, start + 10'999);
        REQUIRE(early.has_value());
        CHECK(early->contact.person.name == old_name);
        CHECK(early->opportunity.updated_at < start + 10'000);
        const auto late = lever.sight.opportunity(id, start + 11'000);
        REQUIRE(late.has_value());
        CHECK(late->contact.person.name == "Wendeline Quarkmoor");
        CHECK(late->opportunity.updated_at == start + 10'000);
    }
}
