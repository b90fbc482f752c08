#include "common/http/message.hpp"

#include <doctest/doctest.h>

#include "common/json/value.hpp"
#include "tests/support/seed.hpp"

using namespace hirewire;
using namespace hirewire::http;

TEST_CASE("http: header names compare without case, values do not change") {
    const std::vector<Header> headers{{"Content-Type", "Text/Plain"}, {"X-A", "1"}, {"x-a", "2"}};
    CHECK(header(headers, "content-TYPE") == "Text/Plain");
    CHECK(header(headers, "x-A") == "1");
    CHECK(header(headers, "X").empty());
    CHECK(header({}, "X").empty());
}

TEST_CASE("http: methods by name, exactly") {
    for (const auto method :
         {Method::get, Method::head, Method::post, Method::put, Method::patch, Method::del, Method::options}) {
        CHECK(method_from(name_of(method)) == method);
    }
    CHECK(method_from("DELETE") == Method::del);
    CHECK(method_from("get") == Method::other);
    CHECK(method_from("BREW") == Method::other);
}

TEST_CASE("http: a problem is of RFC 9457's form") {
    const auto reply = problem(413, "too-large", "The \"body\" is too large.");
    CHECK(reply.status == 413);
    CHECK(header(reply.headers, "Content-Type") == "application/problem+json");
    const auto body = json::Document::parse(reply.body);
    REQUIRE(body.has_value());
    CHECK((*body)["type"].string() == "about:blank");
    CHECK((*body)["status"].integer() == 413);
    CHECK((*body)["title"].string() == "Content Too Large");
    CHECK((*body)["detail"].string() == "The \"body\" is too large.");
    CHECK((*body)["code"].string() == "too-large");
}

TEST_CASE("http: percent coding leaves the unreserved alone, and reads back anything") {
    CHECK(percent_encode("azAZ09-._~") == "azAZ09-._~");
    CHECK(percent_encode("a b/c?d&e=f%\"+\xc3\xa9") == "a%20b%2Fc%3Fd%26e%3Df%25%22%2B%C3%A9");
    CHECK(percent_decode("%41%7a%C3%A9") == "Az\xc3\xa9");
    CHECK(percent_decode("100%") == "100%");
    CHECK(percent_decode("%4") == "%4");
    CHECK(percent_decode("%zz%41") == "%zzA");
    testing::Dice dice{testing::seed()};
    INFO(testing::how_to_repeat());
    for (int i = 0; i < 1'000; ++i) {
        std::string text;
        for (int n = dice.below(20); n > 0; --n) text += static_cast<char>(dice.below(256));
        REQUIRE(percent_decode(percent_encode(text)) == text);
    }
}

TEST_CASE("http: queries") {
    const std::string target = "/a?x=1&y=a%20b+c&x=2&empty=&flag&%7a=enc&=nameless";
    CHECK(path_of(target) == "/a");
    CHECK(path_of("/a") == "/a");
    CHECK(query_value(target, "x") == "1");
    CHECK(query_values(target, "x") == std::vector<std::string>{"1", "2"});
    CHECK(query_value(target, "y") == "a b c");
    CHECK(query_value(target, "empty") == "");
    CHECK(query_value(target, "flag") == "");
    CHECK(query_value(target, "z") == "enc");
    CHECK_FALSE(query_value(target, "none"));
    CHECK_FALSE(query_value("/a", "x"));
    CHECK_FALSE(query_value("/a?", "x"));
    CHECK(query_value("/a?&&x=1", "x") == "1");
    CHECK(query_value("/a?x=1=2", "x") == "1=2");
}
