#include "common/lever/subscription_api.hpp"

#include <doctest/doctest.h>

#include "common/crypto/hash.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/run.hpp"

using namespace hirewire;
using namespace hirewire::lever;
using testing::finish;

namespace {

const std::string ours = "https://hooks.example.com/webhooks/lever";
const std::string token = "81358960e95ed76bf1def200692c2f956818caf168682e26";

std::string object(
    const std::string& id, const std::string& configuration = R"({"conditions":{"origins":["applied"]}})") {
    return R"({"id":")" + id + R"(","event":"candidateHired","url":")" + ours + R"(","configuration":)" +
           configuration + "}";
}

std::string listing(const std::vector<std::string>& objects) {
    std::string items;
    for (const auto& item : objects) items += (items.empty() ? "" : ",") + item;
    return R"({"data":[)" + items + "]}";
}

std::string created(const std::string& id, const std::string& signature_token = token) {
    return R"({"data":)" + object(id, R"({"signatureToken":")" + signature_token + R"("})") + "}";
}

struct Bench {
    Bench() {
        settings.first_backoff = Milliseconds{0};
        settings.attempts = 3;
    }
    // "GET /webhooks", in the order of the requests.
    [[nodiscard]] std::vector<std::string> calls() const {
        std::vector<std::string> all;
        for (const auto& request : client.requests) {
            all.push_back(std::string{http::name_of(request.method)} + " " + request.target);
        }
        return all;
    }
    SubscriptionApi api() { return SubscriptionApi{client, "write-key", settings}; }
    Result<Created> create() {
        auto lever = api();
        return finish(lever.create("candidateHired", ours));
    }

    testing::FakeClient client;
    SubscriptionApiSettings settings;
};

const std::vector<std::string> list_and_post{"GET /webhooks", "POST /webhooks"};

}  // namespace

// Protects the plain path: the token comes back with the subscription, and the request is what Lever documents.
TEST_CASE("subscription api: a creation answers the subscription and its token") {
    Bench b;
    b.client.will_answer(200, listing({}));
    b.client.will_answer(201, created("new"));
    const auto made = b.create();
    REQUIRE(made.has_value());
    CHECK(made->subscription.id == "new");
    CHECK(made->signature_token == token);
    CHECK(b.calls() == list_and_post);
    const auto& post = b.client.requests.back();
    CHECK(http::header(post.headers, "Authorization") == "Basic " + crypto::base64("write-key:"));
    CHECK(post.body == R"({"event":"candidateHired","url":")" + ours + R"("})");
}

// Protects against doubled subscriptions: a POST whose answer was lost may have been carried out. What it made is
// removed before another is made, because nobody knows its token; what was there before is left alone.
TEST_CASE("subscription api: a doubtful creation is looked for and removed before it is repeated") {
    Bench b;
    b.client.will_answer(200, listing({object("old")}));
    SUBCASE("no answer") {
        b.client.will_fail(http::Errc::timed_out);
    }
    SUBCASE("a server's error") {
        b.client.will_answer(503, "<html>busy</html>");
    }
    SUBCASE("too many requests") {
        b.client.will_answer(429);
    }
    b.client.will_answer(200, listing({object("old"), object("stray")}));
    b.client.will_answer(204);
    b.client.will_answer(201, created("new"));
    const auto made = b.create();
    REQUIRE(made.has_value());
    CHECK(made->subscription.id == "new");
    const std::vector<std::string> calls{
        "GET /webhooks", "POST /webhooks", "GET /webhooks", "DELETE /webhooks/stray", "POST /webhooks"};
    CHECK(b.calls() == calls);
}

// Protects against giving up too late or never, and against a last attempt that leaves a subscription behind.
TEST_CASE("subscription api: after the last doubtful attempt it is looked for once more, then given up") {
    Bench b;
    b.settings.attempts = 2;
    b.client.will_answer(200, listing({}));
    b.client.will_fail(http::Errc::broken_off);
    b.client.will_answer(200, listing({}));
    b.client.will_fail(http::Errc::broken_off);
    b.client.will_answer(200, listing({object("stray")}));
    b.client.will_answer(204);
    const auto made = b.create();
    REQUIRE(made.has_error());
    CHECK(made.error() == Errc::unavailable);
    CHECK(b.client.requests.size() == 6);
    CHECK(b.calls().back() == "DELETE /webhooks/stray");
}

// Protects against believing in a subscription whose token nobody has: it goes, and the failure is told.
TEST_CASE("subscription api: an answer without a usable token removes what was made and is an error") {
    for (const std::string& body : {created("new", ""), created("new", "two tokens"), std::string{"{}"}}) {
        CAPTURE(body);
        Bench b;
        b.client.will_answer(200, listing({}));
        b.client.will_answer(201, body);
        b.client.will_answer(200, listing({object("new")}));
        b.client.will_answer(204);
        const auto made = b.create();
        REQUIRE(made.has_error());
        CHECK(made.error() == Errc::bad_answer);
        CHECK(b.calls().back() == "DELETE /webhooks/new");
    }
}

// Protects Lever from repetitions that cannot help, and the operator from guessing: Lever's own words are kept.
TEST_CASE("subscription api: a refusal is final and is told in Lever's words") {
    Bench b;
    b.client.will_answer(200, listing({}));
    b.client.will_answer(403, R"({"code":"Forbidden","message":"no\u001bpermission"})");
    auto lever = b.api();
    const auto made = finish(lever.create("candidateHired", ours));
    REQUIRE(made.has_error());
    CHECK(made.error() == Errc::forbidden);
    CHECK(b.calls() == list_and_post);
    CHECK(lever.trouble() == "HTTP 403, no permission");
}

// Protects against a creation over a list that was not read: reading is repeated, and a half-read list is none.
TEST_CASE("subscription api: a list is asked for again in bad weather, over all its pages") {
    Bench b;
    auto lever = b.api();
    SUBCASE("weather") {
        b.client.will_answer(429);
        b.client.will_fail(http::Errc::unreachable);
        b.client.will_answer(200, R"({"data":[)" + object("1") + R"(],"hasNext":true,"next":"a b"})");
        b.client.will_answer(200, listing({object("2")}));
        const auto found = finish(lever.list());
        REQUIRE(found.has_value());
        CHECK(found->size() == 2);
        CHECK(b.calls().back() == "GET /webhooks?offset=a%20b");
    }
    SUBCASE("weather without end") {
        b.client.otherwise.status = 500;
        const auto found = finish(lever.list());
        REQUIRE(found.has_error());
        CHECK(found.error() == Errc::unavailable);
        CHECK(b.client.requests.size() == 3);
    }
    SUBCASE("one that cannot be read") {
        b.client.will_answer(200, listing({object("1"), R"({"id":"2"})"}));
        const auto found = finish(lever.list());
        REQUIRE(found.has_error());
        CHECK(found.error() == Errc::bad_answer);
    }
}

// Protects the conditions of a subscription: the bulk update hands them back, and is never repeated.
TEST_CASE("subscription api: verifying puts what is there, with the wish for a connection test") {
    Bench b;
    auto lever = b.api();
    Subscription subscription;
    subscription.id = "1";
    subscription.event = "candidateHired";
    subscription.url = ours;
    subscription.conditions = R"({"origins":["applied"]})";
    std::vector<Subscription> one(1, subscription);
    b.client.will_answer(200, "{}");
    const auto passed = finish(lever.verify(one));
    REQUIRE(passed.has_value());
    CHECK(*passed == ConnectionTest::passed);
    CHECK(b.calls().back() == "PUT /webhooks");
    CHECK(
        b.client.requests.back().body ==
        R"({"data":[{"id":"1","event":"candidateHired","url":")" + ours +
            R"(","configuration":{"conditions":{"origins":["applied"]},"verifyConnection":true}}]})");
    b.client.will_answer(400, R"({"code":"BadRequest","message":"the endpoint answered 401"})");
    const auto failed = finish(lever.verify(one));
    REQUIRE(failed.has_value());
    CHECK(*failed == ConnectionTest::failed);
    CHECK(lever.trouble() == "HTTP 400, the endpoint answered 401");
    b.client.will_answer(503);
    const auto unknown = finish(lever.verify(one));
    REQUIRE(unknown.has_error());
    CHECK(unknown.error() == Errc::unavailable);
    CHECK(b.client.requests.size() == 3);
}

// Protects the clean-up after a failure: what is gone already needs no second removal.
TEST_CASE("subscription api: removing what is not there is no error") {
    Bench b;
    auto lever = b.api();
    b.client.will_answer(404, R"({"code":"ResourceNotFound","message":"x"})");
    CHECK_FALSE(finish(lever.remove("a/b")));
    CHECK(b.calls().back() == "DELETE /webhooks/a%2Fb");
    b.client.will_answer(401);
    CHECK(finish(lever.remove("a")) == Errc::unauthorized);
}
