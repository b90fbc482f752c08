// The daemon's requests against the sandbox's Cleary, which is as strict as the contract, without a socket.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/http/routes.hpp"
#include "common/json/value.hpp"
#include "common/sync/delivery.hpp"
#include "services/sync-cleary/rules.hpp"
#include "tests/support/case_runner.hpp"
#include "tests/support/change_builders.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/fake_producer.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"
#include "tests/support/stand_in_client.hpp"
#include "tools/sandbox/cleary.hpp"

using namespace hirewire;
using testing::finish;

namespace {

const std::string contact = "contact-of-opportunity-1";

struct Bench {
    Bench() {
        handler = testing::handler_of(stand_in);
        wire = std::make_unique<testing::StandInClient>(handler, "/cleary/scim/v2");
        settings.token = "the token";
        tell_of("Ada Park", "2026-12-01");
        finish(store.prepare_ledger("cleary", 2, "rebuild"));
        finish(store.open_ledger("cleary", 2, "rebuild"));
        begin();
    }

    void tell_of(const std::string& name, const std::string& start_date) {
        internal.otherwise.body =
            R"({"name":")" + name + R"(","emails":["ada.park@example.net"],"start_date":")" + start_date + R"("})";
    }
    // As a process that has just started does: nothing is remembered of what the server can do.
    void begin() {
        delivery = std::make_unique<sync::Delivery>(
            settings, *destination, *wire, internal, store, producer, clock, metrics);
    }
    pipeline::Verdict attempt(const v1::Change& change) {
        const auto job = testing::job_of({change});
        return finish(delivery->attempt(job)).verdict;
    }
    // One transition after the other, of one person.
    pipeline::Verdict hired() { return attempt(testing::hire(to_ms(clock.now()) + 1'000 * ++hires)); }

    http::Reply call(http::Method method, const std::string& target, const std::string& body = {}) {
        const http::Incoming incoming{.method = method, .target = target, .body = body, .headers = nullptr};
        return finish(handler(incoming));
    }
    void control(const std::string& what, const std::string& body) {
        const auto reply = call(http::Method::post, "/_sandbox/cleary/" + what, body);
        REQUIRE(reply.status < 300);
    }
    std::string violations() { return call(http::Method::get, "/_sandbox/cleary/violations").body; }
    json::Document state() {
        auto document = json::Document::parse(call(http::Method::get, "/_sandbox/cleary/state").body);
        REQUIRE(document.has_value());
        return std::move(*document);
    }
    [[nodiscard]] int sent(http::Method method) const {
        int count = 0;
        for (const auto& request : wire->requests) count += request.method == method ? 1 : 0;
        return count;
    }
    [[nodiscard]] v1::Outcome outcome() const {
        const auto all = producer.of("sync.outcomes");
        REQUIRE(!all.empty());
        v1::Outcome last;
        REQUIRE(last.ParseFromString(*all.back().value));
        return last;
    }

    testing::ManualClock clock{SystemClock{}.now()};
    sandbox::Dice dice{1};
    sandbox::Cleary stand_in{"the token", dice};
    http::Handler handler;
    std::unique_ptr<testing::StandInClient> wire;
    testing::FakeStore store{clock};
    testing::FakeProducer producer;
    testing::FakeClient internal;
    metrics::Registry metrics;
    sync::DeliverySettings settings;
    int hires = 0;
    std::unique_ptr<sync::Destination> destination = testing::configured(
        cleary::make_destination(),
        std::string{HIREWIRE_SOURCE_DIR} + "/tests/unit/services/sync-cleary/cases/config.toml");
    std::unique_ptr<sync::Delivery> delivery;
};

// POST /Users by hand.
http::Reply post_user(Bench& b, const std::string& body, const std::string& media_type = "application/scim+json") {
    static int number = 1'000;
    const auto digits = std::to_string(++number);
    http::Request request;
    request.method = http::Method::post;
    request.target = "/Users";
    request.body = body;
    request.headers.push_back({"Authorization", "Bearer the token"});
    request.headers.push_back({"Content-Type", media_type});
    request.headers.push_back({"Idempotency-Key", "\"00000000-0000-0000-0000-00000000" + digits + "\""});
    request.headers.push_back({"Source-Version", digits});
    const auto answer = finish(b.wire->send(std::move(request), Milliseconds{1'000}));
    return answer.value();
}

const std::string good_user =
    R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User",)"
    R"("urn:example:params:scim:schemas:extension:preboarding:1.0:User"],)"
    R"("externalId":"lever:contact:c-9","userName":"lever-c-9","name":{"givenName":"Ada","familyName":"Park"},)"
    R"("userType":"Preboarding","active":false,"emails":[{"value":"ada@example.net","type":"home"}],)"
    R"("urn:example:params:scim:schemas:extension:preboarding:1.0:User":)"
    R"({"hiredAt":"2026-03-02T15:04:05.123Z","leverOpportunityId":"o-9"}})";

std::string with(const std::string& what, const std::string& instead) {
    std::string body = good_user;
    const auto at = body.find(what);
    REQUIRE(at != std::string::npos);
    return body.replace(at, what.size(), instead);
}

}  // namespace

TEST_CASE(
    "#33 #36 Cleary's stand-in: a hire is created without access, changed, and left alone when nothing changed") {
    Bench b;
    CHECK(std::holds_alternative<pipeline::Done>(b.hired()));
    CHECK(b.outcome().outcome() == v1::OUTCOME_KIND_APPLIED);
    CHECK(b.outcome().effect() == "created");
    b.tell_of("Ada Parker", "2026-12-08");
    CHECK(std::holds_alternative<pipeline::Done>(b.hired()));
    CHECK(b.outcome().effect() == "updated");
    const auto user = b.state();
    CHECK(user[contact]["name"].string() == "Ada Parker");
    CHECK(user[contact]["start_date"].string() == "2026-12-08");
    CHECK_FALSE(user[contact]["active"].boolean(true));
    CHECK(b.sent(http::Method::patch) == 1);
    CHECK(b.violations() == "[]");
}

TEST_CASE("#36 Cleary's stand-in: when the answer to POST is lost there is one user, and no second POST") {
    Bench b;
    b.wire->lose_next_answer_to = http::Method::post;
    const auto change = testing::hire(to_ms(b.clock.now()));
    CHECK(std::holds_alternative<pipeline::Weather>(b.attempt(change)));
    b.begin();
    CHECK(std::holds_alternative<pipeline::Done>(b.attempt(change)));
    CHECK(b.outcome().outcome() == v1::OUTCOME_KIND_UNCHANGED);
    CHECK(b.state().root().size() == 1);
    CHECK(b.sent(http::Method::post) == 1);
    CHECK(b.violations() == "[]");
}

TEST_CASE("#39 Cleary's stand-in: whom the HRIS has taken over is not written to any more") {
    Bench b;
    b.hired();
    b.control("managed", R"({"contact":")" + contact + R"(","managed":true})");
    b.tell_of("Ada Parker", "2026-12-08");
    b.hired();
    CHECK(b.outcome().outcome() == v1::OUTCOME_KIND_HANDED_OVER);
    CHECK(b.state()[contact]["name"].string() == "Ada Park");
    CHECK(b.violations() == "[]");
}

TEST_CASE("#40 Cleary's stand-in: somebody else's user with our user name is never taken over") {
    Bench b;
    b.control("users", R"({"userName":"lever-)" + contact + R"("})");
    b.hired();
    CHECK(b.outcome().outcome() == v1::OUTCOME_KIND_NEEDS_MERGE);
    CHECK(b.sent(http::Method::patch) + b.sent(http::Method::put) == 0);
    CHECK(b.state().root().size() == 0);
    CHECK(b.violations() == "[]");
}

TEST_CASE("#40 Cleary's stand-in: two users with one externalId are a dead letter that says what to do") {
    Bench b;
    for (const char* name : {"one", "two"}) {
        b.control(
            "users",
            R"({"userName":")" + std::string{name} + R"(","externalId":"lever:contact:)" + contact + R"("})");
    }
    const auto verdict = b.hired();
    REQUIRE(std::holds_alternative<pipeline::Refused>(verdict));
    CHECK(std::get<pipeline::Refused>(verdict).reason.find("merge them") != std::string::npos);
    CHECK(b.sent(http::Method::post) == 0);
}

TEST_CASE("#40 Cleary's stand-in: a server that filters nobody gets no write") {
    Bench b;
    b.control("users", R"({"userName":"somebody"})");
    b.control("support", R"({"filter":false})");
    CHECK(std::holds_alternative<pipeline::Refused>(b.hired()));
    CHECK(b.sent(http::Method::get) == static_cast<int>(b.wire->requests.size()));
}

TEST_CASE("#41 Cleary's stand-in: without PATCH the record goes back whole, the company's address as it was") {
    Bench b;
    b.control("support", R"({"patch":false})");
    b.hired();
    b.control("primary", R"({"contact":")" + contact + R"(","email":"ada@acme.test"})");
    b.tell_of("Ada Parker", "2026-12-08");
    b.hired();
    CHECK(b.outcome().outcome() == v1::OUTCOME_KIND_APPLIED);
    CHECK(b.sent(http::Method::put) == 1);
    CHECK(b.sent(http::Method::patch) == 0);
    CHECK(b.state()[contact]["name"].string() == "Ada Parker");
    CHECK(b.violations() == "[]");
}

TEST_CASE("Cleary's stand-in: a server without ETag gets no If-Match, one that says nothing is tried with PATCH") {
    Bench b;
    b.control("support", R"({"etag":false})");
    b.hired();
    b.tell_of("Ada Parker", "2026-12-08");
    b.hired();
    CHECK(b.outcome().effect() == "updated");
    b.control("support", R"({"etag":false,"patch":false,"config":false})");
    b.begin();
    b.tell_of("Ada Parker", "2026-12-09");
    b.hired();
    CHECK(b.outcome().effect() == "updated");
    CHECK(b.sent(http::Method::patch) == 2);
    CHECK(b.sent(http::Method::put) == 1);
    CHECK(b.violations() == "[]");
}

TEST_CASE(
    "#41 Cleary's stand-in: access, a work address, a primary one, unknown schemas and other media are refused") {
    Bench b;
    CHECK(post_user(b, with(R"("active":false)", R"("active":true)")).status == 400);
    CHECK(post_user(b, with(R"("type":"home")", R"("type":"work")")).status == 400);
    CHECK(post_user(b, with(R"("type":"home")", R"("type":"home","primary":true)")).status == 400);
    CHECK(post_user(b, with(R"("userType":"Preboarding")", R"("userType":"Employee")")).status == 400);
    CHECK(post_user(b, with("core:2.0:User\"", "core:2.0:Group\"")).status == 400);
    CHECK(post_user(b, good_user, "application/json").status == 415);
    CHECK(json::Document::parse(b.violations())->root().size() == 6);
    CHECK(b.state().root().size() == 0);
    CHECK(post_user(b, good_user).status == 201);
    CHECK(post_user(b, good_user).status == 409);
    CHECK(b.state().root().size() == 1);
}
