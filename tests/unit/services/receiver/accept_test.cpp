#include "services/receiver/accept.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "common/crypto/hash.hpp"
#include "common/lever/event.hpp"
#include "common/lever/signature.hpp"
#include "tests/support/samples.hpp"
#include "tests/support/seed.hpp"

using namespace hirewire;
using namespace hirewire::receiver;
using testing::sample_token;

namespace {

constexpr std::string_view json_type = "application/json";
const std::string token = "d12be163a532f390f87b76ef1815c9da2c3537db809cb4b8";
constexpr std::int64_t triggered = 1'772'463'905'123;
const Timestamp now = from_ms(triggered + 1'000);

AcceptSettings settings() {
    AcceptSettings s;
    s.account = "acme";
    s.signature_tokens = {"an older token", sample_token};
    return s;
}

// A webhook written by hand, signed as Lever signs.
std::string webhook(
    const std::string& data = R"({"opportunityId":"o-1"})",
    std::int64_t at = triggered,
    const std::string& event = "candidateStageChange") {
    return R"({"event":")" + event + R"(","triggeredAt":)" + std::to_string(at) + R"(,"token":")" + token +
           R"(","signature":")" + lever::sign(sample_token, token, at) + R"(","data":)" + data + "}";
}

Decision decide(const std::string& body, std::string_view type = json_type, Timestamp at = now) {
    Acceptor acceptor{settings()};
    return acceptor.decide(type, body, at);
}

Accepted accepted(const std::string& body, Timestamp at = now) {
    auto decision = decide(body, json_type, at);
    REQUIRE(std::holds_alternative<Accepted>(decision));
    return std::get<Accepted>(decision);
}

Refused refused(const Decision& decision) {
    REQUIRE(std::holds_alternative<Refused>(decision));
    return std::get<Refused>(decision);
}

}  // namespace

TEST_CASE("accept: each of Lever's ten events is stored, byte for byte, under its topic and key") {
    Acceptor acceptor{settings()};
    std::set<std::string> topics;
    for (const auto& sample : testing::samples()) {
        CAPTURE(sample.event);
        auto decision = acceptor.decide(json_type, sample.body, from_ms(1'772'464'400'000));
        REQUIRE(std::holds_alternative<Accepted>(decision));
        const auto& a = std::get<Accepted>(decision);
        CHECK(a.label == sample.event);
        CHECK(a.message.value == sample.body);
        CHECK(a.message.topic == lever::topic_of(sample.event));
        const bool contact = sample.event.starts_with("contact");
        CHECK(
            a.message.key ==
            (contact ? "b8a4d0c6-52f1-4e09-8a3b-7c6d5e4f3a22" : "6f0c2b1e-3a77-4f5e-9d2c-8b1f4a6e0c11"));
        CHECK_FALSE(a.message.partition);
        topics.insert(a.message.topic);
    }
    CHECK(topics.size() == 7);
}

TEST_CASE("accept: a record carries CloudEvents headers and begins a trace of its own") {
    const auto a = accepted(webhook());
    const auto header = [&](std::string_view name) { return kafka::header(a.message.headers, name); };
    CHECK(header("ce_id").starts_with(token + "-"));
    CHECK(header("ce_source") == "lever:acme");
    CHECK(header("ce_type") == "lever.candidateStageChange");
    CHECK(header("ce_time") == "2026-03-02T15:05:05.123Z");
    CHECK(header("ce_specversion") == "1.0");
    CHECK(header("content-type") == "application/json");
    const auto trace = header("traceparent");
    REQUIRE(trace.size() == 55);
    CHECK(trace.substr(0, 3) == "00-");
    CHECK(trace.substr(52) == "-01");
    CHECK(trace.substr(3, 32) != std::string(32, '0'));
    CHECK(kafka::header(accepted(webhook()).message.headers, "traceparent") != trace);
}

TEST_CASE("accept: the same token with another body is another delivery") {
    const auto one = accepted(webhook(R"({"opportunityId":"o-1"})"));
    const auto same = accepted(webhook(R"({"opportunityId":"o-1"})"));
    const auto other = accepted(webhook(R"({"opportunityId":"o-2"})"));
    CHECK(one.token == token);
    CHECK(one.fingerprint == same.fingerprint);
    CHECK(one.fingerprint != other.fingerprint);
    CHECK(kafka::header(one.message.headers, "ce_id") != kafka::header(other.message.headers, "ce_id"));
}

TEST_CASE("accept: an event that is new to us is stored, never refused") {
    const auto a = accepted(webhook(R"({"opportunityId":"o-1"})", triggered, "candidatePromoted"));
    CHECK(a.message.topic == "lever.unrecognized");
    CHECK(a.label == "unrecognized");
    CHECK(a.message.key == "o-1");
}

TEST_CASE("accept: without an id in the data, the token is the key") {
    CHECK(accepted(webhook(R"({"somethingElse":1})")).message.key == token);
    CHECK(accepted(webhook(R"({"contactId":"c-1"})", triggered, "contactUpdated")).message.key == "c-1");
}

TEST_CASE("accept: fields that Lever adds are no obstacle") {
    auto body = webhook();
    body.insert(1, R"("id":"x","somethingNew":{"a":[1,2,{"b":null}]},)");
    CHECK(accepted(body).message.value == body);
}

TEST_CASE("accept: a signed connection test is verified and stored nowhere") {
    for (const char* data : {"{}", "null", "[]", "\"\"", "0"}) {
        CAPTURE(data);
        CHECK(std::holds_alternative<Verified>(decide(webhook(data))));
    }
    auto without = webhook("{}");
    without.replace(without.find(R"(,"data":{})"), 10, "");
    CHECK(std::holds_alternative<Verified>(decide(without)));
    // Unsigned, it is nobody's test.
    auto forged = webhook("{}");
    forged[forged.find("signature") + 13] ^= 1;
    CHECK(refused(decide(forged)).status == 401);
}

TEST_CASE("accept: JSON in any of its usual dresses is taken, other media types are 415") {
    for (const char* type :
         {"application/json",
          "application/json; charset=utf-8",
          "APPLICATION/JSON",
          "application/problem+json",
          ""}) {
        CAPTURE(type);
        CHECK(std::holds_alternative<Accepted>(decide(webhook(), type)));
    }
    for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "text/json", "application/jsonx"}) {
        CAPTURE(type);
        CHECK(refused(decide(webhook(), type)).status == 415);
    }
}

TEST_CASE("accept: what is not a webhook is 400 with a word for it") {
    const auto with = [](const std::string& from, const std::string& to) {
        auto body = webhook();
        const auto at = body.find(from);
        REQUIRE(at != std::string::npos);
        return body.replace(at, from.size(), to);
    };
    const auto time = std::to_string(triggered);
    struct Row {
        std::string body{};
        std::string code{};
    };
    const std::vector<Row> rows{
        {"", "not-json"},
        {"hello", "not-json"},
        {webhook() + "x", "not-json"},
        {webhook().substr(0, 50), "not-json"},
        {std::string{"\xff\xfe"}, "not-json"},
        {webhook(R"({"opportunityId":")"
                 "\xc3\x28"
                 R"("})"),
         "not-json"},
        {webhook() + std::string(1, '\0'), "not-json"},
        {"[]", "not-an-object"},
        {"null", "not-an-object"},
        {"17", "not-an-object"},
        {"{}", "bad-event"},
        {with("\"candidateStageChange\"", "7"), "bad-event"},
        {with("\"candidateStageChange\"", "\"\""), "bad-event"},
        {with("\"event\"", "\"Event\""), "bad-event"},
        {with("candidateStageChange", std::string(129, 'e')), "bad-event"},
        {with(time, "\"" + time + "\""), "bad-triggered-at"},
        {with(time, "1.772463905123e12"), "bad-triggered-at"},
        {with(time, time + ".0"), "bad-triggered-at"},
        {with(time, "-" + time), "bad-triggered-at"},
        {with(time, "99999999999999999999"), "bad-triggered-at"},
        {with("\"" + token + "\"", "null"), "bad-token"},
        {with(token, ""), "bad-token"},
        {with(token, std::string(257, 't')), "bad-token"},
        {with("\"signature\"", "\"sig\""), "bad-signature"},
        {with("\"signature\":\"", "\"signature\":[],\"x\":\""), "bad-signature"},
        {webhook(std::string(31, '[') + std::string(31, ']') + ""), ""},
        {webhook(std::string(32, '[') + std::string(32, ']')), "too-deep"},
        {std::string(60'000, '['), "too-deep"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.body.substr(0, 120));
        const auto decision = decide(row.body);
        if (row.code.empty()) {
            CHECK_FALSE(std::holds_alternative<Refused>(decision));
            continue;
        }
        CHECK(refused(decision).status == 400);
        CHECK(refused(decision).code == row.code);
    }
}

TEST_CASE("accept: the window is exact to the millisecond on both sides") {
    const auto at = [](std::int64_t time) {
        const auto decision = decide(webhook(R"({"opportunityId":"o"})", time));
        return std::holds_alternative<Accepted>(decision) ? std::string{"accepted"}
                                                          : std::string{refused(decision).code};
    };
    const std::int64_t oldest = to_ms(now) - 7LL * 24 * 60 * 60 * 1'000;
    const std::int64_t newest = to_ms(now) + 5LL * 60 * 1'000;
    CHECK(at(oldest) == "accepted");
    CHECK(at(oldest - 1) == "outside-window");
    CHECK(at(newest) == "accepted");
    CHECK(at(newest + 1) == "outside-window");
    CHECK(at(0) == "outside-window");
    CHECK(at(std::numeric_limits<std::int64_t>::max()) == "outside-window");
    CHECK(refused(decide(webhook("{}", oldest - 1))).status == 401);
}

TEST_CASE("accept: any of the configured signature tokens will do, no other, and none at all refuses everything") {
    AcceptSettings one = settings();
    one.signature_tokens = {sample_token};
    AcceptSettings another = settings();
    another.signature_tokens = {"another token", sample_token + " "};
    AcceptSettings none = settings();
    none.signature_tokens.clear();
    const auto outcome = [](const AcceptSettings& s) {
        Acceptor acceptor{s};
        return std::holds_alternative<Accepted>(acceptor.decide(json_type, webhook(), now));
    };
    CHECK(outcome(one));
    CHECK(outcome(settings()));
    CHECK_FALSE(outcome(another));
    CHECK_FALSE(outcome(none));
}

TEST_CASE("accept: the signature covers token and time: any change of either, or of itself, is refused") {
    INFO(testing::how_to_repeat());
    testing::Dice dice{testing::seed()};
    Acceptor acceptor{settings()};
    const auto signature = lever::sign(sample_token, token, triggered);
    const auto body = [](const std::string& t, const std::string& time, const std::string& s) {
        return R"({"event":"candidateHired","triggeredAt":)" + time + R"(,"token":")" + t + R"(","signature":")" + s +
               R"(","data":{"opportunityId":"o-1"}})";
    };
    const std::string time = std::to_string(triggered);
    REQUIRE(std::holds_alternative<Accepted>(acceptor.decide(json_type, body(token, time, signature), now)));
    const std::string digits = "0123456789";
    const std::string plain = "0123456789abcdefABCDEF xyz-_";
    for (int i = 0; i < 3'000; ++i) {
        std::string t = token;
        std::string at = time;
        std::string s = signature;
        auto& victim = dice.one_in(3) ? t : dice.one_in(2) ? at : s;
        const auto& letters = &victim == &at ? digits : plain;
        const auto place = dice.below<std::size_t>(victim.size());
        switch (dice.below(4)) {
            case 0:
                victim[place] = dice.pick(letters);
                break;
            case 1:
                victim.insert(place, 1, dice.pick(letters));
                break;
            case 2:
                victim.erase(place, 1);
                break;
            default:
                std::swap(victim[place], victim[dice.below<std::size_t>(victim.size())]);
                break;
        }
        if (t == token && at == time && s == signature) continue;
        if (at.size() > 1 && at[0] == '0') continue;  // not JSON; tested elsewhere
        const auto forged = body(t, at, s);
        CAPTURE(forged);
        // The time moved into the token's end, or the other way round, is what concatenation cannot tell apart.
        if (t + at == token + time && s == signature) continue;
        const auto decision = acceptor.decide(json_type, forged, now);
        REQUIRE(std::holds_alternative<Refused>(decision));
        CHECK(std::get<Refused>(decision).status >= 400);
        CHECK(std::get<Refused>(decision).status <= 401);
    }
}

TEST_CASE("accept: an upper-case signature is not Lever's") {
    auto body = webhook();
    const auto signature = lever::sign(sample_token, token, triggered);
    auto upper = signature;
    std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
        return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    body.replace(body.find(signature), signature.size(), upper);
    CHECK(refused(decide(body)).code == "bad-signature");
}

TEST_CASE("accept: a refusal repeats nothing of the body") {
    const std::string secret = "Ann-Park-was-here";
    for (const auto& body :
         {R"({"event":")" + secret + R"("})",
          secret,
          R"({"event":"x","triggeredAt":1,"token":")" + secret + "\"}",
          webhook(R"({"opportunityId":")" + secret + "\"}", 0)}) {
        const auto r = refused(decide(body));
        CHECK(std::string{r.detail}.find(secret) == std::string::npos);
        CHECK(std::string{r.code}.find(secret) == std::string::npos);
        CHECK_FALSE(r.detail.empty());
    }
}

TEST_CASE("accept: one acceptor decides one after the other without remembering") {
    Acceptor acceptor{settings()};
    for (int i = 0; i < 3; ++i) {
        CHECK(std::holds_alternative<Accepted>(acceptor.decide(json_type, webhook(), now)));
        CHECK(std::holds_alternative<Refused>(acceptor.decide(json_type, std::string(50'000, '['), now)));
        CHECK(std::holds_alternative<Refused>(acceptor.decide(json_type, R"({"event":"x")", now)));
        CHECK(std::holds_alternative<Verified>(acceptor.decide(json_type, webhook("{}"), now)));
    }
}
