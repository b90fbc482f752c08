#include <doctest/doctest.h>

#include <string>

#include "common/http/message.hpp"
#include "tests/unit/tools/sandbox/sandbox_lever.hpp"

using namespace hirewire;
using namespace hirewire::sandbox;
using http::Method;

TEST_CASE("lever past: people come with the past that is asked for, and Lever announces nothing") {
    SandboxLever lever;
    const auto made = lever.post(
        "/_sandbox/past",
        R"({"opportunities":[
            {"created_at":1000,"stage":"Offer","moved_at":2000,"email":"a@past.example"},
            {"created_at":1000,"reason":"Underqualified","archived_at":3000},
            {"created_at":1000,"reason":"Hired","archived_at":4000,"start_date":"2026-03-02"}]})");
    const auto ids = made["opportunities"].items();
    REQUIRE(ids.size() == 3);
    CHECK(ids[0]["email"].string() == "a@past.example");
    const auto all = lever.get("/_sandbox/opportunities");
    const auto opportunities = all.root().items();
    REQUIRE(opportunities.size() == 3);
    CHECK(opportunities[0]["id"].string() == ids[0]["id"].string());
    CHECK(opportunities[0]["stage"].string() == "offer");
    CHECK(opportunities[0]["updated_at"].integer() == 2000);
    CHECK(opportunities[1]["status"]["name"].string() == "Underqualified");
    CHECK(opportunities[1]["updated_at"].integer() == 3000);
    CHECK(opportunities[2]["hired"].boolean());
    CHECK(opportunities[2]["start_date"].string() == "2026-03-02");
    CHECK(opportunities[2]["updated_at"].integer() == 4000);
    CHECK(lever.server(SandboxLever::receiver).requests.empty());
}

TEST_CASE("lever past: with one thing wrong nobody comes") {
    SandboxLever lever;
    const auto reply = lever.call(
        Method::post,
        "/_sandbox/past",
        R"({"opportunities":[{"created_at":1000},{"created_at":1000,"stage":"No such stage"},{"stage":"Offer"}]})");
    CHECK(reply.status == 422);
    CHECK(reply.body.find("opportunities[1].stage") != std::string::npos);
    CHECK(reply.body.find("opportunities[2].created_at") != std::string::npos);
    CHECK(lever.get("/_sandbox/opportunities").root().items().empty());
}

TEST_CASE("lever control: a note or a tag moves nothing but the time of the last update, and is not announced") {
    SandboxLever lever;
    const auto id = lever.create();
    const auto before = lever.get("/v1/opportunities/" + id);
    const auto webhooks = lever.server(SandboxLever::receiver).requests.size();
    const auto touched = lever.post("/_sandbox/opportunities/" + id + "/touch");
    CHECK(touched["tokens"].size() == 0);
    const auto after = lever.get("/v1/opportunities/" + id);
    CHECK(after["data"]["updatedAt"].integer() > before["data"]["updatedAt"].integer());
    CHECK(after["data"]["lastAdvancedAt"].integer() == before["data"]["lastAdvancedAt"].integer());
    CHECK(after["data"]["stageChanges"].text() == before["data"]["stageChanges"].text());
    CHECK(lever.server(SandboxLever::receiver).requests.size() == webhooks);
}
