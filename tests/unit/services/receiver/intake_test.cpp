#include "services/receiver/intake.hpp"

#include <doctest/doctest.h>

#include "common/core/sleep.hpp"
#include "common/lever/signature.hpp"
#include "tests/support/fake_producer.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"
#include "tests/support/samples.hpp"

using namespace hirewire;
using namespace hirewire::receiver;
using testing::finish;
using testing::sample_token;

namespace {

const std::string token = "d12be163a532f390f87b76ef1815c9da2c3537db809cb4b8";

class JsonHeaders final : public http::HeaderSource {
public:
    [[nodiscard]] std::string_view find(std::string_view name) const override {
        return name == "Content-Type" ? "application/json" : "";
    }
};

struct Bench {
    Bench() {
        settings.accept.signature_tokens = {sample_token};
        clock.set(from_ms(1'772'463'906'000));
    }

    Intake& intake() {
        if (!made) made = std::make_unique<Intake>(settings, producer, store, clock, metrics);
        return *made;
    }
    http::Reply post(
        const std::string& body, std::string_view path = "/webhooks/lever", http::Method m = http::Method::post) {
        http::Incoming request;
        request.method = m;
        request.target = path;
        request.body = body;
        request.headers = &headers;
        return finish(intake().handle(request));
    }
    [[nodiscard]] bool counted(const std::string& line) const {
        return metrics.text().find(line) != std::string::npos;
    }

    testing::ManualClock clock;
    testing::FakeStore store{clock};
    testing::FakeProducer producer;
    metrics::Registry metrics;
    IntakeSettings settings;
    JsonHeaders headers;
    std::unique_ptr<Intake> made;
};

std::string webhook(const std::string& opportunity = "o-1") {
    constexpr std::int64_t at = 1'772'463'905'123;
    return R"({"event":"candidateStageChange","triggeredAt":)" + std::to_string(at) + R"(,"token":")" + token +
           R"(","signature":")" + lever::sign(sample_token, token, at) + R"(","data":{"opportunityId":")" +
           opportunity + "\"}}";
}

}  // namespace

TEST_CASE("intake: a webhook is claimed, stored and confirmed before it is answered") {
    Bench b;
    std::vector<std::string> order;
    b.store.watch = [&](std::string_view operation) { order.emplace_back(operation); };
    b.producer.fails = [&](const kafka::Message& m) {
        order.push_back("write " + m.topic);
        return false;
    };
    const auto reply = b.post(webhook());
    CHECK(reply.status == 200);
    CHECK(reply.body == R"({"status":"accepted"})");
    CHECK(order == std::vector<std::string>{"claim", "write lever.stage-changes", "confirm"});
    CHECK(b.producer.messages.at(0).value == webhook());
    CHECK(b.counted(R"(hirewire_webhooks_total{event="candidateStageChange",result="accepted"} 1)"));
}

TEST_CASE("intake: the same delivery again is a duplicate and is not stored again") {
    Bench b;
    b.post(webhook());
    const auto again = b.post(webhook());
    CHECK(again.status == 200);
    CHECK(again.body == R"({"status":"duplicate"})");
    CHECK(b.producer.messages.size() == 1);
    // Eight days later it is not remembered any more, and was too old long before.
    b.clock.advance(std::chrono::hours{24 * 7});
    CHECK(b.post(webhook()).status == 401);
}

TEST_CASE("intake: a forged body with a genuine signature does not keep the genuine delivery out") {
    Bench b;
    CHECK(b.post(webhook("forged")).status == 200);
    CHECK(b.post(webhook()).body == R"({"status":"accepted"})");
    CHECK(b.producer.messages.size() == 2);
}

TEST_CASE("intake: a token is good for three bodies, the fourth is 401") {
    Bench b;
    for (const char* o : {"a", "b", "c"}) CHECK(b.post(webhook(o)).status == 200);
    const auto reply = b.post(webhook("d"));
    CHECK(reply.status == 401);
    CHECK(reply.body.find("token-spent") != std::string::npos);
    CHECK(b.producer.messages.size() == 3);
    CHECK(b.post(webhook("a")).body == R"({"status":"duplicate"})");
}

TEST_CASE("intake: with Redis away webhooks are taken all the same, and counted") {
    Bench b;
    b.store.away = true;
    CHECK(b.post(webhook()).body == R"({"status":"accepted"})");
    CHECK(b.post(webhook()).body == R"({"status":"accepted"})");
    CHECK(b.producer.messages.size() == 2);
    CHECK(b.counted("hirewire_webhook_dedup_unavailable_total 2"));
}

TEST_CASE("intake: Redis going away between claim and confirmation does not turn a stored webhook into a failure") {
    Bench b;
    b.producer.fails = [&](const kafka::Message&) {
        b.store.away = true;
        return false;
    };
    CHECK(b.post(webhook()).status == 200);
    CHECK(b.counted("hirewire_webhook_dedup_unavailable_total 1"));
}

TEST_CASE("intake: what could not be stored is 503 with Retry-After, and the next delivery of it is not held up") {
    Bench b;
    bool broken = true;
    b.producer.fails = [&](const kafka::Message&) { return broken; };
    const auto reply = b.post(webhook());
    CHECK(reply.status == 503);
    CHECK(http::header(reply.headers, "Retry-After") == "5");
    CHECK(http::header(reply.headers, "Content-Type") == "application/problem+json");
    CHECK(b.counted(R"(result="not_stored"} 1)"));
    broken = false;
    CHECK(b.post(webhook()).body == R"({"status":"accepted"})");
}

TEST_CASE("intake: a second delivery waits for the first and then says duplicate") {
    Bench b;
    const auto first = finish(b.store.claim(
        {.token = token,
         .fingerprint =
             [] {
                 const auto digest = crypto::sha256(webhook());
                 return std::string{reinterpret_cast<const char*>(digest.data()), 16};
             }()},
        "somebody else",
        {}));
    REQUIRE(*first == redis::Claim::granted);
    int looks = 0;
    SUBCASE("that is stored meanwhile") {
        b.store.watch = [&](std::string_view operation) {
            if (operation != "claim" || ++looks != 2) return;
            const auto digest = crypto::sha256(webhook());
            b.store.watch = {};
            b.store.confirm(
                {.token = token, .fingerprint = {reinterpret_cast<const char*>(digest.data()), 16}},
                std::chrono::hours{1},
                [](const Result<void>& r) { CHECK(r.has_value()); });
        };
        CHECK(b.post(webhook()).body == R"({"status":"duplicate"})");
        CHECK(b.producer.messages.empty());
    }
    SUBCASE("that failed: now it is this one's turn") {
        b.store.watch = [&](std::string_view operation) {
            if (operation != "claim" || ++looks != 2) return;
            const auto digest = crypto::sha256(webhook());
            b.store.watch = {};
            finish(b.store.release(
                {.token = token, .fingerprint = {reinterpret_cast<const char*>(digest.data()), 16}},
                "somebody else"));
        };
        CHECK(b.post(webhook()).body == R"({"status":"accepted"})");
    }
    SUBCASE("whose process died: after its lease this one stores it") {
        b.store.watch = [&](std::string_view operation) {
            if (operation == "claim" && ++looks == 2) b.clock.advance(Milliseconds{10'000});
        };
        CHECK(b.post(webhook()).body == R"({"status":"accepted"})");
    }
    SUBCASE("that takes its time, and keeps its lease: 503") {
        b.settings.claim.lease = Milliseconds{200};
        b.store.watch = [&](std::string_view operation) {
            if (operation == "claim") b.clock.advance(Milliseconds{100});
        };
        const auto reply = b.post(webhook());
        CHECK(reply.status == 503);
        CHECK(reply.body.find("being-stored") != std::string::npos);
        CHECK_FALSE(http::header(reply.headers, "Retry-After").empty());
        CHECK(b.producer.messages.empty());
    }
}

TEST_CASE("intake: too much in flight is 503 with Retry-After, and the count goes down again") {
    Bench b;
    b.settings.max_in_flight = 1;
    http::Reply inner;
    b.producer.fails = [&](const kafka::Message&) {
        CHECK(b.intake().in_flight() == 1);
        b.producer.fails = {};
        inner = b.post(webhook("while the first is being stored"));
        return false;
    };
    CHECK(b.post(webhook()).status == 200);
    CHECK(inner.status == 503);
    CHECK(http::header(inner.headers, "Retry-After") == "1");
    CHECK(b.intake().in_flight() == 0);
    CHECK(b.post(webhook("afterwards")).status == 200);
}

TEST_CASE("intake: other paths are 404, other methods 405 with Allow") {
    Bench b;
    CHECK(b.post(webhook(), "/").status == 404);
    CHECK(b.post(webhook(), "/webhooks/lever/").status == 404);
    CHECK(b.post(webhook(), "/webhooks/lever?source=eu").status == 200);
    const auto reply = b.post("", "/webhooks/lever", http::Method::get);
    CHECK(reply.status == 405);
    CHECK(http::header(reply.headers, "Allow") == "POST");
}

TEST_CASE("intake: refused and verified ones touch neither Redis nor Kafka") {
    Bench b;
    b.store.watch = [](std::string_view) { FAIL("asked Redis"); };
    CHECK(b.post("{}").status == 400);
    auto forged = webhook();
    forged[forged.find("signature") + 13] ^= 1;
    CHECK(b.post(forged).status == 401);
    auto test = webhook();
    test.replace(test.find("{\"opportunityId\""), std::string::npos, "{}}");
    CHECK(b.post(test).body == R"({"status":"verified"})");
    CHECK(b.producer.writes == 0);
    CHECK(b.counted(R"(hirewire_webhooks_total{event="none",result="refused"} 2)"));
}

TEST_CASE("intake: new signature tokens hold from the next request on") {
    Bench b;
    b.intake().use_tokens({"rotated"});
    CHECK(b.post(webhook()).status == 401);
    b.intake().use_tokens({"rotated", sample_token});
    CHECK(b.post(webhook()).status == 200);
}
