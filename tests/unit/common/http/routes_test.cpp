#include "common/http/routes.hpp"

#include <doctest/doctest.h>

#include "tests/support/run.hpp"

using namespace hirewire;
using namespace hirewire::http;

namespace {

using Values = PathValues;

Reply ask(const Handler& handler, Method method, std::string_view target) {
    Incoming request;
    request.method = method;
    request.target = target;
    return testing::finish(handler(request));
}

RouteHandler echo(std::string name) {
    return answer([name = std::move(name)](const Incoming&, const PathValues& values) {
        Reply reply;
        reply.body = name;
        for (const auto& value : values) reply.body += "|" + value;
        return reply;
    });
}

}  // namespace

TEST_CASE("routes: a path matches as a whole") {
    CHECK(match("/", "/"));
    CHECK(match("/a/b", "/a/b"));
    CHECK_FALSE(match("/a/b", "/a"));
    CHECK_FALSE(match("/a", "/a/b"));
    CHECK_FALSE(match("/a", "/a/"));
    CHECK_FALSE(match("/a/", "/a"));
    CHECK_FALSE(match("/a", "/A"));
    CHECK_FALSE(match("/a", "a"));
    CHECK_FALSE(match("/a", ""));
    CHECK_FALSE(match("/a/b", "/a//b"));
}

TEST_CASE("routes: names take one segment each, decoded, and none that is empty") {
    CHECK(match("/o/{id}", "/o/7") == Values{"7"});
    CHECK(match("/o/{id}/x/{other}", "/o/7/x/8") == Values{"7", "8"});
    CHECK(match("/o/{id}", "/o/a%2Fb%20c") == Values{"a/b c"});
    CHECK_FALSE(match("/o/{id}", "/o/"));
    CHECK_FALSE(match("/o/{id}", "/o/a/b"));
    CHECK_FALSE(match("/o/{id}/x", "/o//x"));
    CHECK(match("/o/{id}", "/o/a+b") == Values{"a+b"});
}

TEST_CASE("routes: a final {*} takes the rest") {
    CHECK(match("/static/{*}", "/static/a/b.js") == Values{"a/b.js"});
    CHECK(match("/static/{*}", "/static/") == Values{""});
    CHECK_FALSE(match("/static/{*}", "/other/a"));
}

TEST_CASE("routes: unknown is 404, another method 405 with all that are allowed, HEAD goes with GET") {
    std::vector<Route> routes;
    routes.push_back({Method::get, "/o/{id}", echo("read")});
    routes.push_back({Method::put, "/o/{id}", echo("write")});
    routes.push_back({Method::get, "/list", echo("list")});
    const auto handler = make_handler(std::move(routes));
    CHECK(ask(handler, Method::get, "/o/7?x=1").body == "read|7");
    CHECK(ask(handler, Method::put, "/o/7").body == "write|7");
    CHECK(ask(handler, Method::head, "/list").status == 200);
    CHECK(ask(handler, Method::get, "/none").status == 404);
    const auto refused = ask(handler, Method::del, "/o/7");
    CHECK(refused.status == 405);
    CHECK(header(refused.headers, "Allow") == "GET, PUT");
    CHECK(header(refused.headers, "Content-Type") == "application/problem+json");
}
