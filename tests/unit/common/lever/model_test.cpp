#include "common/lever/model.hpp"

#include <doctest/doctest.h>

using namespace hirewire;
using namespace hirewire::lever;

namespace {

std::optional<Opportunity> opportunity(const std::string& text) {
    const auto document = json::Document::parse(text);
    REQUIRE(document.has_value());
    return read_opportunity(document->root());
}

// As Lever answers, with applications, stage and contact expanded.
const std::string whole = R"({
  "id": "o-1", "name": "Ann Park", "contact": {"id": "c-1", "name": "Ann Parker", "emails": ["new@example.net"],
    "phones": [{"type": "mobile", "value": "555"}], "location": {"name": "Berlin"}, "headline": null},
  "stage": {"id": "s-2", "text": "Screen"}, "confidentiality": "confidential", "headline": "Engineer",
  "emails": ["old@example.net"], "phones": [], "location": "", "links": ["https://x.test/1", 7, null],
  "archived": {"reason": "r-1", "archivedAt": 1782973996415},
  "stageChanges": [{"toStageId": "s-2", "updatedAt": 200}, {"toStageId": "s-1", "updatedAt": 100}, {"toStageId": "s-1"}],
  "origin": "sourced", "applications": [{"id": "a-1", "posting": {"id": "p-1", "text": "Engineer"}, "createdAt": 90}],
  "createdAt": 80, "updatedAt": 300, "isAnonymized": true})";

}  // namespace

TEST_CASE("model: an opportunity with everything expanded") {
    const auto o = opportunity(whole);
    REQUIRE(o);
    CHECK(o->id == "o-1");
    CHECK(o->contact_id == "c-1");
    CHECK(o->stage_id == "s-2");
    CHECK(o->archived == Archived{.reason_id = "r-1", .at_ms = 1'782'973'996'415});
    CHECK(
        o->stage_changes ==
        std::vector<StageChange>{{.stage_id = "s-1", .at_ms = 100}, {.stage_id = "s-2", .at_ms = 200}});
    CHECK(o->application->id == "a-1");
    CHECK(o->application->posting_id == "p-1");
    CHECK(o->application->created_at_ms == 90);
    CHECK(o->origin == "sourced");
    CHECK(o->links == std::vector<std::string>{"https://x.test/1"});
    CHECK(o->created_at_ms == 80);
    CHECK(o->updated_at_ms == 300);
    CHECK(o->confidential);
    CHECK(o->anonymized);
}

TEST_CASE("model: bare ids are as good as expanded objects") {
    const auto o = opportunity(R"({"id":"o","contact":"c","stage":"s","applications":["a-1"]})");
    CHECK(o->contact_id == "c");
    CHECK(o->stage_id == "s");
    CHECK(o->application->id == "a-1");
    CHECK(o->application->posting_id.empty());
}

TEST_CASE("model: each field may be null, missing or of another type, the id may not") {
    for (const char* member :
         {"contact",
          "stage",
          "archived",
          "stageChanges",
          "applications",
          "origin",
          "links",
          "createdAt",
          "updatedAt",
          "confidentiality",
          "isAnonymized"}) {
        for (const char* value : {"null", "7", "\"\"", "[]", "{}", "true", "[null]", "[7]"}) {
            const std::string name = member;
            // Half an archive mark is no small matter; see below.
            if (name == "archived" && std::string{value} != "null") continue;
            CAPTURE(member);
            CAPTURE(value);
            const auto o = opportunity(R"({"id":"o",")" + name + "\":" + value + "}");
            REQUIRE(o);
            CHECK(o->id == "o");
        }
    }
    const auto bare = opportunity(R"({"id":"o"})");
    CHECK_FALSE(bare->archived);
    CHECK_FALSE(bare->application);
    CHECK(bare->stage_changes.empty());
    CHECK(bare->updated_at_ms == 0);
    for (const char* text : {"{}", "[]", "null", R"({"id":null})", R"({"id":7})", R"({"id":""})"}) {
        CHECK_FALSE(opportunity(text));
    }
}

TEST_CASE("model: half an archive mark is never read as not archived") {
    for (const char* archived :
         {"{}",
          R"({"reason":"r"})",
          R"({"archivedAt":5})",
          R"({"reason":"r","archivedAt":null})",
          R"({"reason":"r","archivedAt":"5"})",
          R"({"reason":"r","archivedAt":1.78e12})",
          R"({"reason":null,"archivedAt":5})",
          R"({"reason":"r","archivedAt":0})",
          "true",
          "\"r\""}) {
        CAPTURE(archived);
        CHECK_FALSE(opportunity(std::string{R"({"id":"o","archived":)"} + archived + "}"));
    }
    CHECK(opportunity(R"({"id":"o","archived":{"reason":{"id":"r"},"archivedAt":5}})")->archived->reason_id == "r");
    CHECK_FALSE(opportunity(R"({"id":"o","archived":null})")->archived);
}

TEST_CASE("model: a person is read from the contact's own record, the opportunity fills the gaps") {
    const auto document = json::Document::parse(whole);
    const auto person = read_person(document->root());
    CHECK(person.name == "Ann Parker");
    CHECK(person.emails == std::vector<std::string>{"new@example.net"});
    CHECK(person.phones == std::vector<std::string>{"555"});
    CHECK(person.location == "Berlin");
    CHECK(person.headline == "Engineer");
    const auto plain = json::Document::parse(
        R"({"name":"Bob","contact":"c","emails":["b@x.test",null],"phones":["1",{"value":"2"}],"location":"Rome"})");
    const auto bob = read_person(plain->root());
    CHECK(bob.name == "Bob");
    CHECK(bob.emails == std::vector<std::string>{"b@x.test"});
    CHECK(bob.phones == std::vector<std::string>{"1", "2"});
    CHECK(bob.location == "Rome");
}

TEST_CASE("model: a hire is an archive reason of that type, whatever it is called") {
    const auto reason = [](const std::string& text) {
        const auto document = json::Document::parse(text);
        return read_archive_reason(document->root());
    };
    CHECK(reason(R"({"id":"r","text":"Joined","type":"hired","status":"active"})")->hired);
    CHECK_FALSE(reason(R"({"id":"r","text":"Hired","type":"non-hired"})")->hired);
    CHECK_FALSE(reason(R"({"id":"r","text":"Hired"})")->hired);
    CHECK_FALSE(reason(R"({"text":"Hired","type":"hired"})"));
}

TEST_CASE("model: stages and postings") {
    const auto read = [](const std::string& text) {
        const auto document = json::Document::parse(text);
        return read_posting(document->root());
    };
    const auto p = read(
        R"({"id":"p","text":"Engineer","state":"published","distributionChannels":["internal","public"],)"
        R"("categories":{"department":"Platform","team":"Core","location":"Berlin"},"confidentiality":"non-confidential"})");
    CHECK(p->title == "Engineer");
    CHECK(p->department == "Platform");
    CHECK(p->location == "Berlin");
    CHECK(p->state == "published");
    CHECK(p->external);
    CHECK_FALSE(p->confidential);
    const auto draft = read(R"({"id":"p","distributionChannels":null,"categories":{"team":"Core"},"urls":null})");
    CHECK_FALSE(draft->external);
    CHECK(draft->department == "Core");
    CHECK(read(R"({"id":"p","confidentiality":"confidential"})")->confidential);
    CHECK_FALSE(read(R"({"text":"no id"})"));
    const auto stage = json::Document::parse(R"({"id":"offer","text":"Offer"})");
    CHECK(read_stage(stage->root())->name == "Offer");
    CHECK_FALSE(read_stage(json::Value{}));
}

namespace {

Offer offer(const std::string& status, std::int64_t created, std::int64_t date) {
    Offer o;
    o.id = status + std::to_string(created);
    o.status = status;
    o.created_at_ms = created;
    if (date != 0) o.dates["anticipated_start_date"] = date;
    return o;
}

constexpr std::int64_t december_1 = 1'796'083'200'000;
constexpr std::int64_t january_4 = 1'799'020'800'000;
const std::string field = "anticipated_start_date";

}  // namespace

TEST_CASE("start date: a signed offer beats a sent one, that an approved one, and of equals the newest counts") {
    CHECK(start_date({offer("sent", 9, january_4), offer("signed", 1, december_1)}, field) == "2026-12-01");
    CHECK(start_date({offer("approved", 9, january_4), offer("opened", 1, december_1)}, field) == "2026-12-01");
    CHECK(start_date({offer("approved", 1, december_1)}, field) == "2026-12-01");
    CHECK(start_date({offer("signed", 2, january_4), offer("signed", 1, december_1)}, field) == "2027-01-04");
    CHECK(start_date({offer("sent", 1, december_1), offer("sent-manually", 2, january_4)}, field) == "2027-01-04");
    for (const char* status : {"draft", "approval-sent", "denied", "", "future-status"}) {
        CHECK(start_date({offer(status, 9, january_4)}, field).empty());
        CHECK(start_date({offer(status, 9, january_4), offer("signed", 1, december_1)}, field) == "2026-12-01");
    }
    CHECK(start_date({}, field).empty());
}

TEST_CASE("start date: an offer without the field, or with a number that is no date, has none") {
    CHECK(start_date({offer("signed", 1, 0)}, field).empty());
    CHECK(start_date({offer("signed", 1, december_1)}, "other_field").empty());
    CHECK(start_date({offer("signed", 1, -5)}, field).empty());
    CHECK(start_date({offer("signed", 1, 9'999'999'999'999'999)}, field).empty());
    // The governing offer has none: an older one's date is not news.
    CHECK(start_date({offer("signed", 2, 0), offer("signed", 1, december_1)}, field).empty());
}

TEST_CASE("offers: fields that hold numbers are kept, others are not") {
    const auto document = json::Document::parse(
        R"({"id":"x","status":"signed","createdAt":5,"fields":[{"identifier":"anticipated_start_date","value":1796083200000},)"
        R"({"identifier":"job_title","value":"Engineer"},{"identifier":"salary","value":null},{"value":1},{"identifier":"f","value":1.5}]})");
    const auto o = read_offer(document->root());
    REQUIRE(o);
    CHECK(start_date({*o}, field) == "2026-12-01");
    CHECK_FALSE(o->dates.contains("job_title"));
    CHECK_FALSE(o->dates.contains("f"));
    CHECK_FALSE(read_offer(json::Value{}));
}
