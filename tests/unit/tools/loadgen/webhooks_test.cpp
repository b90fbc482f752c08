#include "tools/loadgen/webhooks.hpp"

#include <doctest/doctest.h>

#include <set>
#include <stdexcept>
#include <string>

#include "common/crypto/hash.hpp"
#include "common/json/value.hpp"
#include "tools/loadgen/sender.hpp"

using namespace hirewire;
using namespace hirewire::loadgen;

namespace {

const std::string key = "a-signature-token";
const Timestamp now = from_ms(1'772'463'845'123);

Webhooks webhooks(std::string event = {}) {
    return Webhooks{WebhookSettings{.signature_token = key, .opportunities = 10, .event = std::move(event)}};
}

}  // namespace

TEST_CASE("webhooks: each is JSON, signed as Lever signs, and of one of the ten events") {
    auto made = webhooks();
    crypto::HmacSha256 sign{key};
    std::set<std::string> events;
    std::set<std::string> tokens;
    std::set<std::string> opportunities;
    for (std::uint64_t n = 0; n < 200; ++n) {
        const std::string body = made.body(n, now);
        const auto document = json::Document::parse(body);
        REQUIRE(document.has_value());
        const auto& webhook = *document;
        CHECK(webhook["triggeredAt"].integer() == to_ms(now));
        const std::string token{webhook["token"].string()};
        CHECK(token.size() == 48);
        CHECK(webhook["signature"].string() == crypto::hex(sign(token, std::to_string(to_ms(now)))));
        events.emplace(webhook["event"].string());
        tokens.insert(token);
        const auto opportunity = webhook["data"]["opportunityId"].string();
        if (!opportunity.empty()) opportunities.emplace(opportunity);
    }
    CHECK(events.size() == 10);
    CHECK(tokens.size() == 200);
    CHECK(opportunities.size() == 10);
}

TEST_CASE("webhooks: a body tells its number, and nobody else's does") {
    auto made = webhooks();
    auto others = webhooks();
    for (const std::uint64_t n : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{123'456'789}}) {
        CHECK(made.number_of(made.body(n, now)) == n);
        CHECK_FALSE(made.number_of(others.body(n, now)));
    }
    CHECK_FALSE(made.number_of(""));
}

TEST_CASE("webhooks: a framed request has the body's length and the body") {
    auto made = webhooks("candidateHired");
    const std::string body = made.body(7, now);
    made.frame("127.0.0.1:8080", "/webhooks/lever");
    std::string request;
    made.request(7, now, request);
    CHECK(request.starts_with("POST /webhooks/lever HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"));
    CHECK(request.find("Content-Length: " + std::to_string(body.size()) + "\r\n\r\n") != std::string::npos);
    CHECK(request.ends_with("\r\n\r\n" + body));
    CHECK(made.body(7, now) == body);
}

TEST_CASE("webhooks: an event that Lever does not have is refused") {
    CHECK_THROWS_AS(webhooks("offerCreated"), std::invalid_argument);
}

TEST_CASE("sender: an address is split into host, port and path") {
    const auto whole = parse_url("http://127.0.0.1:8080/webhooks/lever");
    CHECK(whole.host == "127.0.0.1");
    CHECK(whole.port == "8080");
    CHECK(whole.path == "/webhooks/lever");
    const auto shortest = parse_url("http://localhost");
    CHECK(shortest.port == "80");
    CHECK(shortest.path == "/");
    CHECK_THROWS_AS(parse_url("https://localhost"), std::invalid_argument);
    CHECK_THROWS_AS(parse_url("http://:80/"), std::invalid_argument);
}
