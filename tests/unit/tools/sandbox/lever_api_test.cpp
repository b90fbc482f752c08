#include "tools/sandbox/lever_api.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "tests/unit/tools/sandbox/sandbox_lever.hpp"

using namespace hirewire;
using namespace hirewire::sandbox;
using http::Method;

namespace {

// So long that no test sees its end.
const std::string an_hour_late = R"({"visible_after_ms":3600000})";

std::size_t listed(SandboxLever& lever, const std::string& query) {
    return lever.get("/v1/opportunities?" + query)["data"].size();
}

std::string updated_since(const json::Value& moment) {
    return "updated_at_start=" + std::to_string(moment.integer());
}

}  // namespace

TEST_CASE("lever api: a move that does not show yet is announced at once, and true in the sandbox's own view") {
    SandboxLever lever;
    const auto id = lever.create();
    auto& receiver = lever.server(SandboxLever::receiver);
    const auto posted_before = receiver.requests.size();
    lever.post("/_sandbox/delivery", an_hour_late);
    const auto moved = lever.post("/_sandbox/opportunities/" + id + "/stage", R"({"stage":"offer"})");

    CHECK(lever.get("/v1/opportunities/" + id)["data"]["stage"].string() == "applicant-new");
    CHECK(listed(lever, "stage_id=offer") == 0);
    CHECK(listed(lever, updated_since(moved["at"])) == 0);
    REQUIRE(receiver.requests.size() == posted_before + 1);
    const auto webhook = json::Document::parse(receiver.requests.back().body);
    REQUIRE(webhook.has_value());
    CHECK((*webhook)["data"]["toStageId"].string() == "offer");
    const auto truth = lever.get("/_sandbox/opportunities");
    CHECK(truth.root().items().front()["stage"].string() == "offer");
}

TEST_CASE("lever api: what was just made or deleted shows as late as any other move") {
    SandboxLever lever;
    const auto old_one = lever.create();
    lever.post("/_sandbox/delivery", an_hour_late);
    const auto fresh = lever.create();
    CHECK(lever.call(Method::get, "/v1/opportunities/" + fresh).status == 404);
    CHECK(listed(lever, "limit=100") == 1);

    lever.told(Method::del, "/_sandbox/opportunities/" + old_one);
    CHECK(lever.call(Method::get, "/v1/opportunities/" + old_one).status == 200);
    CHECK(lever.get("/v1/opportunities/deleted")["data"].size() == 0);

    // Only moves from now on show at once.
    lever.post("/_sandbox/delivery");
    CHECK(lever.call(Method::get, "/v1/opportunities/" + fresh).status == 404);
    CHECK(lever.call(Method::get, "/v1/opportunities/" + lever.create()).status == 200);
}

TEST_CASE("lever api: a refused move holds nothing back") {
    SandboxLever lever;
    const auto id = lever.create();
    lever.post("/_sandbox/delivery", an_hour_late);
    const auto path = "/_sandbox/opportunities/" + id + "/stage";
    CHECK(lever.call(Method::post, path, R"({"stage":"no such stage"})").status == 422);
    lever.post("/_sandbox/delivery");
    lever.post(path, R"({"stage":"offer"})");
    CHECK(lever.get("/v1/opportunities/" + id)["data"]["stage"].string() == "offer");
}

TEST_CASE("lever api: members are null when a test wants them to be, in lists and expanded too") {
    SandboxLever lever;
    const auto id = lever.create(R"({"cluster":{"job":"j","candidate":"c"}})");
    lever.post("/_sandbox/opportunities/" + id + "/archive", R"({"reason":"Withdrew"})");
    std::string fields;
    for (const auto member : nullable_members) {
        fields += fields.empty() ? "\"" : ",\"";
        fields += member;
        fields += '"';
    }
    const auto path = "/_sandbox/opportunities/" + id + "/nulls";
    const auto whole = lever.get("/v1/opportunities/" + id);
    lever.post(path, R"({"fields":[)" + fields + "]}");
    const auto holed = lever.get("/v1/opportunities/" + id + "?expand=applications,stage,contact");
    const auto list = lever.get("/v1/opportunities");
    for (const auto member : nullable_members) {
        CAPTURE(std::string{member});
        CHECK_FALSE(whole["data"][member].is_null());
        CHECK(holed["data"][member].is_null());
        CHECK(list["data"].items().front()[member].is_null());
    }
    CHECK(holed["data"]["id"].string() == id);
    CHECK(holed["data"].size() == whole["data"].size());

    lever.post(path, R"({"fields":[]})");
    CHECK_FALSE(lever.get("/v1/opportunities/" + id)["data"]["stage"].is_null());
    CHECK(lever.call(Method::post, path, R"({"fields":["id"]})").status == 422);
    CHECK(lever.call(Method::post, path).status == 422);
}

TEST_CASE("lever api: an opportunity without updatedAt is in no list of what was updated, and in the whole list") {
    SandboxLever lever;
    const auto id = lever.create();
    CHECK(listed(lever, "updated_at_start=1") == 1);
    lever.post("/_sandbox/opportunities/" + id + "/nulls", R"({"fields":["updatedAt"]})");
    CHECK(listed(lever, "updated_at_start=1") == 0);
    CHECK(listed(lever, "updated_at_end=99999999999999") == 0);
    CHECK(listed(lever, "created_at_start=1") == 1);
    CHECK(listed(lever, "limit=100") == 1);
}

TEST_CASE("lever api: an anonymous contact has lost what is personal; its opportunities are updated") {
    SandboxLever lever;
    const auto made = lever.post(
        "/_sandbox/opportunities",
        R"({"name":"Wendeline Quarkmoor","email":"w@post.example","phone":"+1 555 0177",)"
        R"("cluster":{"job":"j","candidate":"c"}})");
    const std::string id{made["id"].string()};
    const std::string contact{made["contact"].string()};
    const auto updated_at = lever.get("/v1/opportunities/" + id)["data"]["updatedAt"].integer();
    const auto answer = lever.post("/_sandbox/contacts/" + contact + "/anonymize");
    CHECK(answer["tokens"].size() == 0);

    const auto opportunity = lever.get("/v1/opportunities/" + id + "?expand=applications,contact");
    CHECK(opportunity["data"]["isAnonymized"].boolean());
    CHECK(opportunity["data"]["contact"]["isAnonymized"].boolean());
    CHECK(opportunity["data"]["links"].size() == 0);
    CHECK(opportunity["data"]["updatedAt"].integer() > updated_at);
    const auto text = opportunity.root().text() + lever.get("/v1/contacts/" + contact).root().text();
    for (const auto* personal : {"Quarkmoor", "w@post.example", "555 0177", "clusterinc"}) {
        CAPTURE(personal);
        CHECK(text.find(personal) == std::string::npos);
    }

    CHECK(lever.call(Method::patch, "/_sandbox/contacts/" + contact, R"({"name":"X"})").status == 422);
    const auto second = R"({"contact":")" + contact + "\"}";
    CHECK(lever.call(Method::post, "/_sandbox/opportunities", second).status == 422);
}

TEST_CASE("lever api: a posting has its text in both forms; a draft has neither addresses nor channels") {
    SandboxLever lever;
    const auto made = lever.post(
        "/_sandbox/postings", R"({"text":"Chemist","state":"draft","description":"R&D <now>","team":"Lab"})");
    const auto path = "/v1/postings/" + std::string{made["id"].string()};
    const auto draft = lever.get(path);
    CHECK(draft["data"]["state"].string() == "draft");
    CHECK(draft["data"]["urls"].is_null());
    CHECK(draft["data"]["distributionChannels"].is_null());
    CHECK(draft["data"]["categories"]["team"].string() == "Lab");
    CHECK(draft["data"]["content"]["description"].string() == "R&D <now>");
    CHECK(draft["data"]["content"]["descriptionHtml"].string() == "<div>R&amp;D &lt;now&gt;</div>");

    const auto control = "/_sandbox/postings/" + std::string{made["id"].string()};
    lever.told(Method::patch, control, R"({"state":"published","description":"Mixing."})");
    const auto published = lever.get(path);
    CHECK(published["data"]["content"]["description"].string() == "Mixing.");
    CHECK(published["data"]["distributionChannels"].size() == 2);
    CHECK(published["data"]["urls"]["apply"].is_string());
}

TEST_CASE("lever api: many postings at once are as many, told apart by their titles") {
    SandboxLever lever;
    const auto there_before = lever.get("/v1/postings")["data"].size();
    const auto made = lever.post("/_sandbox/postings", R"({"text":"Picker","count":60})");
    std::set<std::string> ids;
    for (const auto& id : made["ids"].items()) ids.emplace(id.string());
    CHECK(ids.size() == 60);
    CHECK(made["id"].string() == made["ids"].items().front().string());
    const auto list = lever.get("/v1/postings");
    std::set<std::string> titles;
    for (const auto& posting : list["data"].items()) {
        if (ids.contains(std::string{posting["id"].string()})) titles.emplace(posting["text"].string());
    }
    CHECK(titles.size() == 60);
    CHECK(titles.contains("Picker 60"));
    CHECK(list["data"].size() == there_before + 60);

    CHECK(lever.post("/_sandbox/postings", R"({"text":"Packer"})")["ids"].is_null());
    for (const auto* count : {"0", "10001", "-1"}) {
        const auto body = R"({"text":"Packer","count":)" + std::string{count} + "}";
        CHECK(lever.call(Method::post, "/_sandbox/postings", body).status == 422);
    }
}

TEST_CASE("lever api: what would write to Lever is refused and counted; an operator's webhooks are another matter") {
    SandboxLever lever;
    const auto id = lever.create();
    const auto writes = [&lever] { return lever.get("/_sandbox/lever/requests")["writes"].integer(); };
    lever.get("/v1/opportunities/" + id);
    lever.call(Method::post, "/v1/webhooks", "{}");
    CHECK(writes() == 0);
    const auto opportunity = "/v1/opportunities/" + id;
    CHECK(lever.call(Method::post, "/v1/opportunities", R"({"name":"A"})").status == 404);
    CHECK(lever.call(Method::put, opportunity + "/stage", R"({"stage":"offer"})").status == 404);
    CHECK(lever.call(Method::post, opportunity + "/addTags", R"({"tags":["a"]})").status == 404);
    CHECK(lever.call(Method::post, opportunity + "/notes", R"({"value":"a"})").status == 404);
    CHECK(lever.call(Method::del, "/v1/postings/p").status == 404);
    CHECK(writes() == 5);
    CHECK(lever.get(opportunity)["data"]["stage"].string() == "applicant-new");
}
