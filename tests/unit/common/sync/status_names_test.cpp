// How the configuration names statuses: before Lever's lists are known, with them, and after Lever has renamed one.
#include "common/sync/status_names.hpp"

#include <doctest/doctest.h>

#include "tests/support/change_builders.hpp"

using namespace hirewire;
using namespace hirewire::sync;
using testing::archive_reason;
using testing::stage;
using Words = std::vector<std::string>;

namespace {

Vocabulary lever() {
    Vocabulary vocabulary;
    vocabulary.stages = {
        {.id = "offer", .name = "Offer"},
        {.id = "s-1", .name = "On-site  interview"},
        {.id = "s-2", .name = "Screen", .pipeline = "Sales"},
        {.id = "s-3", .name = "Screen", .pipeline = "Engineering"}};
    vocabulary.reasons = {{.id = "r-1", .name = "Underqualified"}, {.id = "r-2", .name = "offer"}};
    return vocabulary;
}

}  // namespace

TEST_CASE("status map: an id beats a name, names compare without case and white space around and between words") {
    const StatusMap map{{"onsite", "by id"}, {" on-site INTERVIEW ", "by name"}, {"Offer", "offer"}};
    CHECK(mapped(map, stage("onsite", "Offer")) == "by id");
    CHECK(mapped(map, stage("x", "On-site interview")) == "by name");
    CHECK(mapped(map, stage("x", "OFFER")) == "offer");
    CHECK_FALSE(mapped(map, stage("x", "Off er")));
    CHECK_FALSE(mapped({}, stage("x", "Offer")));
    CHECK(mapped({{"On-site \t interview\n", "by name"}}, stage("x", "on-site interview")) == "by name");
    CHECK(mapped({{"id:onsite", "by id"}, {"Offer", "by name"}}, stage("onsite", "Offer")) == "by id");
    // A status without a name is no match for an entry without one.
    CHECK_FALSE(mapped({{"  ", "blank"}}, stage("x", "")));
}

TEST_CASE("status list: named by id or by name") {
    CHECK(names({"New lead", "onsite"}, stage("onsite", "Anything")));
    CHECK(names({"new LEAD "}, stage("x", "New lead")));
    CHECK(names({"id:onsite"}, stage("onsite", "Anything")));
    CHECK(names({" id: onsite "}, stage("onsite", "Anything")));
    CHECK(names({"ID:OnSite"}, stage("onsite", "Anything")));
    CHECK_FALSE(names({"id:Anything", "id:"}, stage("onsite", "Anything")));
    CHECK_FALSE(names({"id:", ""}, v1::Status{}));
    CHECK_FALSE(names({"New"}, stage("x", "New lead")));
    CHECK_FALSE(names({}, stage("x", "New lead")));
    CHECK_FALSE(names({""}, stage("x", "")));
}

TEST_CASE("status names: Lever's lists tell what is known, and what is in no list") {
    StatusNames known;
    const auto report = known.resolve({"on-site interview", "id:r-1", "Ofer", "id:s-9", "underqualified"}, lever());
    CHECK(report.unknown == Words{"Ofer", "id:s-9"});
    CHECK(report.renamed.empty());
    CHECK(report.ambiguous.empty());
    CHECK(known.ids() == std::set<std::string>{"s-1", "r-1"});
}

TEST_CASE("status names: a name of a stage and of a reason, or of two stages, is ambiguous and means all of them") {
    StatusNames known;
    const Words list{"Offer", "Screen", "id:s-2"};
    // "Offer" is the id of the stage, which beats the reason's name.
    CHECK(known.resolve(list, lever()).ambiguous == Words{"Screen"});
    CHECK(names(list, stage("s-2", "Screen"), known));
    CHECK(names(list, stage("s-3", "Screen"), known));
    auto with_another_id = lever();
    with_another_id.stages[0].id = "s-0";
    CHECK(known.resolve(list, with_another_id).ambiguous == Words{"Offer", "Screen"});
    CHECK(names(list, archive_reason("r-2", "offer"), known));
}

TEST_CASE("status names: a stage that is renamed in Lever still counts by its id, and the report says so") {
    const Words list{"On-site interview"};
    const StatusMap map{{"On-site interview", "interview"}};
    StatusNames known;
    CHECK(known.resolve(list, lever()).empty());
    const auto renamed = stage("s-1", "Panel");
    CHECK(names(list, renamed, known));
    CHECK_FALSE(names(list, renamed));
    CHECK(mapped(map, renamed, known) == "interview");

    auto later = lever();
    later.stages[1].name = "Panel";
    const auto report = known.resolve(list, later);
    CHECK(report.renamed == list);
    CHECK(report.unknown.empty());
    CHECK(names(list, renamed, known));
    // Somebody else who gets the old name is meant, too: that is what the configuration says.
    CHECK(names(list, stage("s-8", "On-site interview"), known));
}

TEST_CASE("status names: what an entry means now beats what another one once meant") {
    const StatusMap map{{"A", "first"}, {"B", "second"}};
    Vocabulary before;
    before.stages = {{.id = "1", .name = "A"}};
    Vocabulary after;
    after.stages = {{.id = "1", .name = "B"}};
    StatusNames known;
    CHECK(known.resolve({"A", "B"}, before).unknown == Words{"B"});
    CHECK(mapped(map, stage("1", "A"), known) == "first");
    known.resolve({"A", "B"}, after);
    CHECK(mapped(map, stage("1", "B"), known) == "second");
}

TEST_CASE("status names: an entry that is taken out of the configuration is forgotten") {
    StatusNames known;
    known.resolve({"Offer"}, lever());
    known.resolve({"Screen"}, lever());
    CHECK(known.ids() == std::set<std::string>{"s-2", "s-3"});
}

TEST_CASE("status names: the keys and the values of a map come in one order") {
    const StatusMap map{{"b", "2"}, {"a", "1"}};
    CHECK(keys_of(map) == Words{"a", "b"});
    CHECK(values_of(map) == Words{"1", "2"});
}
