#include "common/sync/status_json.hpp"

#include <doctest/doctest.h>

#include "tests/support/change_builders.hpp"

using namespace hirewire;
using namespace hirewire::sync;
using testing::archive_reason;
using testing::stage;

namespace {

std::string text(const v1::Status& status, const std::optional<std::string>& mapped_name = {}) {
    json::Writer out;
    write_status(out, status, mapped_name);
    return out.text();
}

}  // namespace

TEST_CASE("status: the object that CLARA and Cluster take") {
    CHECK(
        text(stage("onsite", "On-site interview")) == R"({"kind":"stage","id":"onsite","name":"On-site interview"})");
    CHECK(
        text(archive_reason("r-1", "Underqualified"), "reject") ==
        R"({"kind":"archive_reason","id":"r-1","name":"Underqualified","mapped":"reject"})");
    CHECK(text(v1::Status{}) == "null");
}

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
    CHECK_FALSE(names({"id:Anything", "id:"}, stage("onsite", "Anything")));
    CHECK_FALSE(names({"id:", ""}, v1::Status{}));
    CHECK_FALSE(names({"New"}, stage("x", "New lead")));
    CHECK_FALSE(names({}, stage("x", "New lead")));
    CHECK_FALSE(names({""}, stage("x", "")));
}
