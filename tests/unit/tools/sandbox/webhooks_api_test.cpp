#include "tools/sandbox/webhooks_api.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "common/crypto/hash.hpp"
#include "tests/unit/tools/sandbox/sandbox_lever.hpp"

using namespace hirewire;
using namespace hirewire::sandbox;
using http::Method;

namespace {

const std::string other_server = "http://other.example";

std::string wanted(const std::string& event, const std::string& configuration = {}) {
    const auto more = configuration.empty() ? "" : R"(,"configuration":)" + configuration;
    return R"({"event":")" + event + R"(","url":")" + other_server + "/lever\"" + more + "}";
}

std::size_t subscriptions(SandboxLever& lever) {
    return lever.get("/v1/webhooks")["data"].size();
}

bool is_signed_with(const json::Document& webhook, const std::string& signature_token) {
    crypto::HmacSha256 sign{signature_token};
    const auto triggered_at = std::to_string(webhook["triggeredAt"].integer());
    return webhook["signature"].string() == crypto::hex(sign(webhook["token"].string(), triggered_at));
}

json::Document last_webhook(SandboxLever& lever, const std::string& server) {
    const auto& requests = lever.server(server).requests;
    REQUIRE_FALSE(requests.empty());
    auto document = json::Document::parse(requests.back().body);
    REQUIRE(document.has_value());
    return std::move(*document);
}

}  // namespace

TEST_CASE("webhooks api: at the start there is one webhook for each event that is sent, all to the receiver") {
    SandboxLever lever;
    const auto list = lever.get("/v1/webhooks");
    CHECK(list["hasNext"].is_null());
    std::set<std::string> events;
    for (const auto& webhook : list["data"].items()) {
        events.emplace(webhook["event"].string());
        CHECK(webhook["url"].string() == std::string{SandboxLever::receiver} + "/hook");
        CHECK(webhook["configuration"]["conditions"]["origins"].size() == 6);
        CHECK(webhook["configuration"]["signatureToken"].is_null());
    }
    CHECK(events.size() == 6);
    CHECK(list["data"].size() == 6);

    lever.create();
    const auto webhook = last_webhook(lever, SandboxLever::receiver);
    CHECK(lever.server(SandboxLever::receiver).requests.size() == 1);
    CHECK(webhook["event"].string() == "applicationCreated");
    CHECK(is_signed_with(webhook, SandboxLever::first_token));
}

TEST_CASE("webhooks api: a new webhook tells its signature token once; the same again is another one") {
    SandboxLever lever;
    std::set<std::string> tokens;
    for (int i = 0; i < 2; ++i) {
        const auto reply = lever.call(Method::post, "/v1/webhooks", wanted("candidateHired"));
        REQUIRE(reply.status == 201);
        const auto made = json::Document::parse(reply.body);
        REQUIRE(made.has_value());
        const auto data = (*made)["data"];
        CHECK(data["event"].string() == "candidateHired");
        CHECK(data["url"].string() == other_server + "/lever");
        CHECK(data["configuration"]["conditions"]["origins"].size() == 6);
        CHECK(data["createdAt"].is_integer());
        const std::string token{data["configuration"]["signatureToken"].string()};
        CHECK(token.size() == 48);
        CHECK(token.find_first_not_of("0123456789abcdef") == std::string::npos);
        tokens.insert(token);
    }
    CHECK(tokens.size() == 2);
    CHECK(subscriptions(lever) == 8);
    const auto list = lever.get("/v1/webhooks");
    CHECK(list.root().text().find("signatureToken") == std::string::npos);
}

TEST_CASE("webhooks api: each webhook of an event is told of it, under a token and a signature of its own") {
    SandboxLever lever;
    const auto made = lever.post("/v1/webhooks", wanted("candidateStageChange"));
    const std::string signature_token{made["data"]["configuration"]["signatureToken"].string()};
    const auto id = lever.create();
    CHECK(lever.server(other_server).requests.empty());
    const auto moved = lever.post("/_sandbox/opportunities/" + id + "/stage", R"({"stage":"offer"})");
    CHECK(moved["tokens"].size() == 2);

    const auto first = last_webhook(lever, SandboxLever::receiver);
    const auto second = last_webhook(lever, other_server);
    CHECK(lever.server(other_server).requests.back().target == "/lever");
    CHECK(first["token"].string() != second["token"].string());
    CHECK(second["token"].string().size() == 48);
    CHECK(first["data"].text() == second["data"].text());
    CHECK(is_signed_with(first, SandboxLever::first_token));
    CHECK(is_signed_with(second, signature_token));
}

TEST_CASE("webhooks api: a webhook for some origins is silent for the others") {
    SandboxLever lever;
    lever.post("/v1/webhooks", wanted("applicationCreated", R"({"conditions":{"origins":["referred"]}})"));
    // As in the example of Lever's own collection.
    lever.post("/v1/webhooks", wanted("applicationCreated", R"({"origins":["agency"]})"));
    auto& posted = lever.server(other_server).requests;
    lever.create(R"({"origin":"applied"})");
    CHECK(posted.empty());
    lever.create(R"({"origin":"referred"})");
    CHECK(posted.size() == 1);
    lever.create(R"({"origin":"agency"})");
    CHECK(posted.size() == 2);
}

TEST_CASE("webhooks api: a connection that is to be verified is tested with a signed webhook without data") {
    SandboxLever lever;
    const auto made = lever.post("/v1/webhooks", wanted("candidateHired", R"({"verifyConnection":true})"));
    const auto webhook = last_webhook(lever, other_server);
    CHECK(webhook["data"].is_object());
    CHECK(webhook["data"].size() == 0);
    CHECK(is_signed_with(webhook, std::string{made["data"]["configuration"]["signatureToken"].string()}));

    for (const int status : {401, 500}) {
        lever.server(other_server).will_answer(status);
        const auto refused =
            lever.call(Method::post, "/v1/webhooks", wanted("candidateHired", R"({"verifyConnection":true})"));
        CHECK(refused.status == 400);
    }
    lever.server(other_server).will_fail(http::Errc::unreachable);
    const auto refused =
        lever.call(Method::post, "/v1/webhooks", wanted("candidateHired", R"({"verifyConnection":true})"));
    CHECK(refused.status == 400);
    CHECK(subscriptions(lever) == 7);
}

TEST_CASE("webhooks api: a bulk change keeps the signature tokens, and changes all or nothing") {
    SandboxLever lever;
    const auto made = lever.post("/v1/webhooks", wanted("candidateHired"));
    const std::string signature_token{made["data"]["configuration"]["signatureToken"].string()};
    const std::string id{made["data"]["id"].string()};
    const auto change = [&](const std::string& which, const std::string& configuration) {
        const auto one = wanted("applicationCreated", configuration);
        const auto body = R"({"data":[{"id":")" + which + "\"," + one.substr(1) + "]}";
        return lever.call(Method::put, "/v1/webhooks", body);
    };

    lever.server(other_server).will_answer(503);
    CHECK(change(id, R"({"verifyConnection":true})").status == 400);
    CHECK(lever.get("/v1/webhooks")["data"].items().back()["event"].string() == "candidateHired");
    CHECK(change("no-such-id", "{}").status == 404);

    const auto changed = change(id, R"({"conditions":{"origins":["applied"]},"verifyConnection":true})");
    CHECK(changed.status == 200);
    CHECK(changed.body.find("signatureToken") == std::string::npos);
    const auto tested = last_webhook(lever, other_server);
    CHECK(tested["event"].string() == "applicationCreated");
    CHECK(is_signed_with(tested, signature_token));
    const auto list = lever.get("/v1/webhooks");
    const auto now = list["data"].items().back();
    CHECK(now["event"].string() == "applicationCreated");
    CHECK(now["configuration"]["conditions"]["origins"].size() == 1);

    lever.create();
    const auto webhook = last_webhook(lever, other_server);
    CHECK(webhook["data"]["opportunityId"].is_string());
    CHECK(is_signed_with(webhook, signature_token));
}

TEST_CASE("webhooks api: what Lever does not know is refused") {
    SandboxLever lever;
    const std::vector<std::string> bodies{
        "[]",
        "not JSON",
        R"({"event":"candidateHired"})",
        R"({"event":"candidateHired","url":"receiver"})",
        wanted("offerCreated"),
        wanted("candidateHired", R"({"conditions":{"origins":["imported"]}})"),
        wanted("candidateHired", R"({"conditions":{"origins":[]}})"),
        wanted("candidateHired", R"({"verifyConnection":"yes"})"),
        wanted("candidateHired", R"({"secret":"s"})")};
    for (const auto& body : bodies) {
        CAPTURE(body);
        const auto reply = lever.call(Method::post, "/v1/webhooks", body);
        CHECK(reply.status == 400);
        CHECK(reply.body.find(R"("code":"BadRequestError")") != std::string::npos);
    }
    CHECK(lever.call(Method::post, "/v1/webhooks").status == 400);
    CHECK(lever.call(Method::put, "/v1/webhooks").status == 400);
    const auto without_id = R"({"data":[)" + wanted("candidateHired") + "]}";
    CHECK(lever.call(Method::put, "/v1/webhooks", without_id).status == 400);
    CHECK(subscriptions(lever) == 6);
}

TEST_CASE("webhooks api: a deleted webhook is told nothing more") {
    SandboxLever lever;
    const auto list = lever.get("/v1/webhooks");
    for (const auto& webhook : list["data"].items()) {
        const auto path = "/v1/webhooks/" + std::string{webhook["id"].string()};
        const auto reply = lever.call(Method::del, path);
        CHECK(reply.status == 204);
        CHECK(reply.body.empty());
        CHECK(lever.call(Method::del, path).status == 404);
    }
    const auto made = lever.post("/_sandbox/opportunities");
    CHECK(made["tokens"].size() == 0);
    CHECK(lever.server(SandboxLever::receiver).requests.empty());
}
