#include "tools/sandbox/cluster.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "common/http/routes.hpp"
#include "common/json/value.hpp"
#include "tests/support/run.hpp"
#include "tests/support/stand_in_client.hpp"

using namespace hirewire;

namespace {

using http::Method;

const std::string posting =
    R"({"title":"Engineer","department":"","location":"","state":"published","url":"","description":""})";
const std::string mark = R"({"already_in_ats":true,"matched_on":"email","opportunity_id":"o-1"})";

struct Bench {
    Bench() { handler = testing::handler_of(stand_in); }
    using Fields = std::vector<http::Header>;
    http::Reply send(Method method, const std::string& target, const std::string& body, const Fields& all) {
        const testing::HeaderList headers{all};
        const http::Incoming incoming{.method = method, .target = target, .body = body, .headers = &headers};
        return testing::finish(handler(incoming));
    }
    // A request of the contract, with all that it needs; a key of its own unless it is said.
    http::Reply call(Method method, const std::string& target, const std::string& body = {}) {
        return call_with(method, target, body, calls + 1);
    }
    http::Reply call_with(Method method, const std::string& target, const std::string& body, std::int64_t version) {
        const std::string number = std::to_string(100'000'000'000 + ++calls);
        Fields all{{"Authorization", "Bearer a-token"}};
        if (method != Method::get) {
            all.push_back({"Idempotency-Key", "\"00000000-0000-0000-0000-" + number + "\""});
            all.push_back({"Source-Version", std::to_string(version)});
        }
        if (!body.empty()) all.push_back({"Content-Type", "application/json"});
        return send(method, "/cluster" + target, body, all);
    }
    http::Reply control(const std::string& what, const std::string& body) {
        return send(Method::post, "/_sandbox/cluster/" + what, body, {});
    }
    json::Document shown(const std::string& what) {
        auto document = json::Document::parse(send(Method::get, "/_sandbox/cluster/" + what, {}, {}).body);
        REQUIRE(document.has_value());
        return std::move(*document);
    }
    std::size_t violations() { return shown("violations").root().size(); }

    sandbox::Dice dice{1};
    sandbox::Cluster stand_in{"a-token", dice};
    http::Handler handler;
    std::int64_t calls = 0;
};

}  // namespace

TEST_CASE("the sandbox's Cluster: what its contract forbids is answered as an error and kept as a violation") {
    Bench b;
    b.control("candidates", R"({"job":"j","candidate":"c","emails":["ann@x.com"]})");
    b.control("candidates", R"({"job":"j","candidate":"silent","emails":[]})");
    const std::string presence = "/jobs/j/candidates/c/ats-presence";
    struct Wrong {
        Method method = Method::put;
        std::string target{};
        std::string body{};
        int status = 400;
    };
    const std::vector<Wrong> wrongs{
        {Method::get, "/jobs/j/candidates", "", 400},
        {Method::get, "/jobs/j/candidates?with_email=false", "", 400},
        {Method::get, "/jobs/j/candidates?with_email=true&email=ann%40x.com", "", 400},
        {Method::get, "/jobs/j/candidates?with_email=true&cursor=unknown", "", 400},
        {Method::put, presence, R"({"already_in_ats":false,"matched_on":"email","opportunity_id":"o-1"})", 400},
        {Method::put, presence, R"({"already_in_ats":true,"matched_on":"name","opportunity_id":"o-1"})", 400},
        {Method::put, presence, R"({"already_in_ats":true,"matched_on":"email"})", 400},
        {Method::put,
         presence,
         R"({"already_in_ats":true,"matched_on":"email","opportunity_id":"o-1","email":"ann@x.com"})",
         400},
        {Method::put, "/jobs/j/candidates/silent/ats-presence", mark, 422},
        {Method::put, "/ats/lever/postings/p", R"({"title":"Engineer"})", 400},
        {Method::put, "/ats/lever/postings/p", posting.substr(0, posting.size() - 1) + R"(,"draft":false})", 400},
        {Method::del, "/jobs/j/ats-link", "{}", 400},
        {Method::post, "/jobs/j/candidates", "{}", 404}};
    std::size_t expected = 0;
    for (const auto& wrong : wrongs) {
        CAPTURE(wrong.target);
        CAPTURE(wrong.body);
        CHECK(b.call(wrong.method, wrong.target, wrong.body).status == wrong.status);
        CHECK(b.violations() == ++expected);
    }
    const Bench::Fields without_type{{"Authorization", "Bearer a-token"}};
    CHECK(b.send(Method::put, "/cluster/ats/lever/postings/p", posting, without_type).status == 415);
    CHECK(b.violations() == ++expected);
    CHECK_FALSE(b.shown("state")["drafts"].exists());
}

TEST_CASE("the sandbox's Cluster: an unknown candidate is no violation, and neither is a wrong token") {
    Bench b;
    CHECK(b.call(Method::put, "/jobs/j/candidates/nobody/ats-presence", mark).status == 404);
    const Bench::Fields wrong_token{{"Authorization", "Bearer x"}};
    CHECK(b.send(Method::get, "/cluster/jobs/j/candidates?with_email=true", {}, wrong_token).status == 401);
    CHECK(b.violations() == 0);
}

TEST_CASE("the sandbox's Cluster: candidates come in pages, those with an address only, each once") {
    Bench b;
    b.control("page-size", R"({"size":2})");
    for (const auto* id : {"a", "b", "c", "d", "e"}) {
        const std::string emails = std::string{id} == "c" ? "[]" : R"(["x@y.z"])";
        b.control("candidates", R"({"job":"j","candidate":")" + std::string{id} + R"(","emails":)" + emails + "}");
    }
    std::string found;
    std::string cursor;
    int pages = 0;
    do {
        const auto target = "/jobs/j/candidates?with_email=true" + (cursor.empty() ? "" : "&cursor=" + cursor);
        const auto page = json::Document::parse(b.call(Method::get, target).body);
        REQUIRE(page.has_value());
        for (const auto& one : (*page)["data"].items()) found += one["id"].string();
        cursor = (*page)["next"].string();
        ++pages;
    } while (!cursor.empty() && pages < 9);
    CHECK(found == "abde");
    CHECK(pages == 2);
}

TEST_CASE("the sandbox's Cluster: an import is a draft once, and a draft that was published stays so") {
    Bench b;
    CHECK(b.call(Method::put, "/ats/lever/postings/p", posting).status == 201);
    CHECK(b.call(Method::put, "/ats/lever/postings/p", posting).status == 200);
    CHECK(b.shown("state")["drafts"]["p"]["draft"].boolean());
    CHECK(b.control("publish", R"({"posting":"p"})").status == 200);
    CHECK(b.call(Method::put, "/ats/lever/postings/p", posting).body == R"({"outcome":"unchanged"})");
    CHECK_FALSE(b.shown("state")["drafts"]["p"]["draft"].boolean(true));
    CHECK(b.control("publish", R"({"posting":"q"})").status == 404);
}

TEST_CASE("the sandbox's Cluster: a disconnected job has nothing of Lever's, and takes nothing till connected") {
    Bench b;
    b.control("candidates", R"({"job":"j","candidate":"c","emails":["ann@x.com"]})");
    CHECK(b.call(Method::put, "/jobs/j/candidates/c/ats-presence", mark).status == 200);
    CHECK(b.shown("state")["candidates"]["j"]["c"]["already_in_ats"].boolean());
    CHECK(b.call(Method::del, "/jobs/j/ats-link").status == 204);
    CHECK_FALSE(b.shown("state")["candidates"]["j"]["c"]["already_in_ats"].boolean(true));
    CHECK(b.shown("state")["purges"]["j"].integer() == 1);
    CHECK(b.call(Method::del, "/jobs/j/ats-link").status == 410);
    CHECK(b.call(Method::put, "/jobs/j/candidates/c/ats-presence", mark).status == 410);
    CHECK(b.call(Method::get, "/jobs/j/candidates?with_email=true").status == 410);
    CHECK(b.control("connected", R"({"job":"j","connected":true})").status == 200);
    // An old version, too: nothing is known of what was before.
    CHECK(b.call_with(Method::put, "/jobs/j/candidates/c/ats-presence", mark, 1).body == R"({"outcome":"updated"})");
    CHECK(b.violations() == 0);
}
