#include "common/json/writer.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "common/json/value.hpp"
#include "tests/support/seed.hpp"

using namespace hirewire;
using json::Writer;

TEST_CASE("json writer: the same calls give the same bytes, in the order of the calls") {
    const auto write = [] {
        Writer out;
        out.begin_object().member("z", 1).member("a", "text").member("b", true);
        out.key("list").begin_array().integer(-5).number(2.5).null().string("x").end_array();
        out.key("empty").begin_object().end_object().end_object();
        return out.text();
    };
    CHECK(write() == R"({"z":1,"a":"text","b":true,"list":[-5,2.5,null,"x"],"empty":{}})");
    CHECK(write() == write());
}

TEST_CASE("json writer: what must be escaped is escaped, and what need not be is not") {
    Writer out;
    out.begin_array();
    out.string("quote\" slash\\ /")
        .string("\n\r\t\b\f")
        .string(std::string_view{"\0\x01\x1f", 3})
        .string("\xc3\xa9\xf0\x9f\x98\x80");
    out.string("</script>").string(std::string_view{}).end_array();
    CHECK(
        out.text() ==
        "[\"quote\\\" slash\\\\ /\",\"\\n\\r\\t\\b\\f\",\"\\u0000\\u0001\\u001F\",\"\xc3\xa9\xf0\x9f\x98\x80\","
        "\"</script>\",\"\"]");
    CHECK(json::Document::parse(out.text()).has_value());
}

TEST_CASE("json writer: every control byte is escaped, in short texts and in long ones") {
    for (int c = 0; c < 0x20; ++c) {
        for (const std::size_t before : {0U, 5U, 50U}) {
            const std::string text = std::string(before, 'x') + static_cast<char>(c) + std::string(50, 'y');
            Writer out;
            out.begin_array().string(text).end_array();
            for (const char byte : out.text()) CHECK(static_cast<unsigned char>(byte) >= 0x20);
            const auto document = json::Document::parse(out.text());
            REQUIRE(document.has_value());
            CHECK(document->root().items()[0].string() == text);
            CHECK(document->root().text() == out.text());
        }
    }
}

TEST_CASE("json writer: a value read is written as it was") {
    const auto document = json::Document::parse(R"({"a":[1,{"b":null}],"c":"\u20ac"})");
    Writer out;
    out.begin_object().key("copy").value(document->root()).end_object();
    CHECK(out.text() == "{\"copy\":{\"a\":[1,{\"b\":null}],\"c\":\"\xe2\x82\xac\"}}");
}

TEST_CASE("json writer: numbers keep their last digit") {
    Writer out;
    out.begin_array()
        .integer(9'223'372'036'854'775'807)
        .integer(-9'223'372'036'854'775'807 - 1)
        .number(0.1)
        .end_array();
    CHECK(out.text() == "[9223372036854775807,-9223372036854775808,0.1]");
}

TEST_CASE("json writer: any bytes give a text that can be read, and what was UTF-8 is read back") {
    INFO(testing::how_to_repeat());
    testing::Dice dice{testing::seed()};
    for (int i = 0; i < 2'000; ++i) {
        std::string bytes;
        const int length = dice.below(60);
        for (int n = 0; n < length; ++n) bytes += static_cast<char>(dice.below(256));
        Writer out;
        out.begin_object().member(bytes, bytes).end_object();
        const auto document = json::Document::parse(out.text());
        CAPTURE(out.text());
        REQUIRE(document.has_value());
        const bool is_ascii = std::none_of(bytes.begin(), bytes.end(), [](char c) { return (c & 0x80) != 0; });
        if (is_ascii) CHECK((*document)[bytes].string() == bytes);
    }
}
