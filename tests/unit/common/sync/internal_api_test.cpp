#include "common/sync/internal_api.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "common/json/value.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/run.hpp"

using namespace hirewire;
using namespace hirewire::sync;

namespace {

constexpr Milliseconds timeout{1'000};
const std::string known_ann =
    R"({"known":[{"email":"ann@x.com","opportunities":["o1","o2"]}],"read_at":"2026-03-02T15:05:05.123Z"})";

std::size_t count_of(const http::Request& request) {
    const auto document = json::Document::parse(request.body);
    REQUIRE(document.has_value());
    return (*document)["emails"].size();
}

}  // namespace

TEST_CASE("internal API: presence asks with the token, and tells whose opportunities an address is in") {
    testing::FakeClient client;
    InternalApi api{client, "secret", timeout};
    client.will_answer(200, known_ann);
    const auto known = testing::finish(api.presence({"Ann@X.com", "bob@x.com"}, Confidential::left_out));
    REQUIRE(known.has_value());
    REQUIRE(known->size() == 1);
    CHECK(known->at(0).email == "ann@x.com");
    CHECK(known->at(0).opportunities == std::vector<std::string>{"o1", "o2"});
    REQUIRE(client.requests.size() == 1);
    const auto& request = client.requests[0];
    CHECK(request.method == http::Method::post);
    CHECK(request.target == "/internal/presence");
    CHECK(request.body == R"({"emails":["Ann@X.com","bob@x.com"]})");
    CHECK(http::header(request.headers, "Authorization") == "Bearer secret");
    CHECK(http::header(request.headers, "Content-Type") == "application/json");
}

TEST_CASE("internal API: presence asks for what is confidential only when it is to be told") {
    testing::FakeClient client;
    InternalApi api{client, "secret", timeout};
    client.otherwise.body = known_ann;
    testing::finish(api.presence({"ann@x.com"}, Confidential::told));
    CHECK(client.requests.at(0).body == R"({"emails":["ann@x.com"],"confidential":true})");
}

TEST_CASE("internal API: a long list is several questions, and nobody is answered twice") {
    testing::FakeClient client;
    InternalApi api{client, "secret", timeout};
    client.otherwise.body = known_ann;
    const auto known =
        testing::finish(api.presence(std::vector<std::string>(250, "ann@x.com"), Confidential::left_out));
    REQUIRE(known.has_value());
    CHECK(known->size() == 1);
    REQUIRE(client.requests.size() == 3);
    CHECK(count_of(client.requests[0]) == 100);
    CHECK(count_of(client.requests[2]) == 50);
}

TEST_CASE("internal API: who asks about nobody asks nothing") {
    testing::FakeClient client;
    InternalApi api{client, "secret", timeout};
    const auto known = testing::finish(api.presence({}, Confidential::left_out));
    REQUIRE(known.has_value());
    CHECK(known->empty());
    CHECK(client.requests.empty());
}

TEST_CASE("internal API: an answer is whole or an error with a sentence, also when a later question fails") {
    const auto why = [](auto prepare) {
        testing::FakeClient client;
        InternalApi api{client, "secret", timeout};
        client.will_answer(200, known_ann);
        prepare(client);
        const auto known =
            testing::finish(api.presence(std::vector<std::string>(150, "ann@x.com"), Confidential::left_out));
        REQUIRE(known.has_error());
        CHECK(known.error().message().size() > 20);
        CHECK(known.error().message().find("secret") == std::string::npos);
        return known.error();
    };
    CHECK(why([](auto& c) { c.will_fail(http::Errc::unreachable); }) == InternalErrc::silent);
    CHECK(why([](auto& c) { c.will_fail(http::Errc::timed_out); }) == InternalErrc::silent);
    CHECK(why([](auto& c) { c.will_answer(401); }) == InternalErrc::refused);
    CHECK(why([](auto& c) { c.will_answer(503); }) == InternalErrc::unavailable);
    CHECK(why([](auto& c) { c.will_answer(404); }) == InternalErrc::unexpected);
    CHECK(why([](auto& c) { c.will_answer(200, "<html>"); }) == InternalErrc::unreadable);
    CHECK(why([](auto& c) { c.will_answer(200, R"({"known":[{"mail":"x"}]})"); }) == InternalErrc::unreadable);
}

TEST_CASE("internal API: Lever's words for stages and reasons") {
    testing::FakeClient client;
    InternalApi api{client, "secret", timeout};
    client.will_answer(
        200,
        R"({"stages":[{"id":"s1","name":"Phone screen","pipeline":"p","rank":3}],)"
        R"("archive_reasons":[{"id":"r1","name":"Hired","type":"hired"}],"read_at":"2026-03-02T15:05:05.123Z"})");
    const auto words = testing::finish(api.vocabulary());
    REQUIRE(words.has_value());
    REQUIRE(words->stages.size() == 1);
    CHECK(words->stages[0].name == "Phone screen");
    REQUIRE(words->reasons.size() == 1);
    CHECK(words->reasons[0].type == "hired");
    CHECK(client.requests.at(0).method == http::Method::get);
    CHECK(client.requests.at(0).target == "/internal/vocabulary");
    client.will_answer(503);
    CHECK(testing::finish(api.vocabulary()).error() == InternalErrc::unavailable);
    client.will_answer(200, "[]");
    CHECK(testing::finish(api.vocabulary()).error() == InternalErrc::unreadable);
}

TEST_CASE("internal API: a new token counts from the next question on") {
    testing::FakeClient client;
    InternalApi api{client, "old", timeout};
    client.otherwise.body = known_ann;
    testing::finish(api.presence({"ann@x.com"}, Confidential::left_out));
    api.use_token("new");
    testing::finish(api.presence({"ann@x.com"}, Confidential::left_out));
    CHECK(http::header(client.requests.at(0).headers, "Authorization") == "Bearer old");
    CHECK(http::header(client.requests.at(1).headers, "Authorization") == "Bearer new");
}
