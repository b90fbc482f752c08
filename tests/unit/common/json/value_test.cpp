#include "common/json/value.hpp"

#include <doctest/doctest.h>

using namespace hirewire;
using namespace hirewire::json;

namespace {

std::string nested(std::size_t depth, char open = '[', char close = ']') {
    return std::string(depth, open) + std::string(depth, close);
}

// Both parsers must agree on what is JSON.
Error both(const std::string& text, Limits limits = {}) {
    const auto document = Document::parse(text, limits);
    Parser parser{limits};
    const auto value = parser.parse(text);
    CAPTURE(text.substr(0, 60));
    CHECK(document.has_value() == value.has_value());
    if (document.has_value() || value.has_value()) return {};
    CHECK(document.error() == value.error());
    return document.error();
}

}  // namespace

TEST_CASE("json: 32 levels are read, 33 are too deep") {
    CHECK_FALSE(both(nested(32)));
    CHECK(both(nested(33)) == Errc::too_deep);
    std::string objects;
    for (int i = 0; i < 32; ++i) objects += R"({"a":)";
    CHECK_FALSE(both(objects + "1" + std::string(32, '}')));
    CHECK(both(R"({"a":)" + objects + "1" + std::string(33, '}')) == Errc::too_deep);
    // Depth is how deep, not how many.
    std::string wide = "[";
    for (int i = 0; i < 1'000; ++i) wide += "[],";
    CHECK_FALSE(both(wide + "[]]"));
}

TEST_CASE("json: two million brackets are an error and no crash") {
    CHECK(both(std::string(2'000'000, '[')) == Errc::too_deep);
    std::string objects;
    for (int i = 0; i < 400'000; ++i) objects += R"({"a":)";
    CHECK(both(objects) == Errc::too_deep);
    CHECK(both(std::string(2'000'000, '['), {.depth = 10'000'000}) == Errc::not_json);
}

TEST_CASE("json: what is too large is not looked at") {
    CHECK(both("[1,2,3]", {.depth = 32, .bytes = 6}) == Errc::too_large);
    CHECK_FALSE(both("[1,2,3]", {.depth = 32, .bytes = 7}));
}

TEST_CASE("json: what is not JSON") {
    for (const std::string& text :
         {std::string{},           std::string{" "},          std::string{"{"},         std::string{"}"},
          std::string{"[1,]"},     std::string{"{\"a\":1,}"}, std::string{"{'a':1}"},   std::string{"{a:1}"},
          std::string{"nul"},      std::string{"tru"},        std::string{"01"},        std::string{"+1"},
          std::string{"1."},       std::string{".5"},         std::string{"0x10"},      std::string{"NaN"},
          std::string{"Infinity"}, std::string{"// c\n1"},    std::string{"1 2"},       std::string{"[1] x"},
          std::string{"\"a\nb\""}, std::string{"\"\\x41\""},  std::string{"\"\\u12\""}, std::string{"\"a"}}) {
        CHECK(both(text) == Errc::not_json);
    }
}

TEST_CASE("json: a NUL byte is never an end") {
    const std::string nul(1, '\0');
    CHECK(both("{}" + nul) == Errc::not_json);
    CHECK(both("{}" + nul + "garbage") == Errc::not_json);
    CHECK(both(nul) == Errc::not_json);
    CHECK(both("\"a" + nul + "b\"") == Errc::not_json);
    // Escaped it is a character like any other.
    const auto document = Document::parse(R"(["a\u0000b"])");
    CHECK(document->root().items()[0].string() == std::string_view{"a\0b", 3});
}

TEST_CASE("json: control bytes are not JSON, wherever and in however long a text they stand") {
    for (int c = 1; c < 0x20; ++c) {
        if (c == '\t' || c == '\n' || c == '\r') continue;
        for (const std::size_t before : {0U, 3U, 40U}) {
            const std::string text = std::string(before, 'x') + static_cast<char>(c) + std::string(40, 'y');
            CHECK(both("[\"" + text + "\"]") == Errc::not_json);
            CHECK(both("[1," + std::string(1, static_cast<char>(c)) + "2]") == Errc::not_json);
        }
    }
    // Those that may stand between tokens may not stand in a string.
    for (const char c : {'\t', '\n', '\r'}) {
        const std::string one(1, c);
        CHECK(both("[\"" + std::string(40, 'x') + one + std::string(40, 'y') + "\"]") == Errc::not_json);
        CHECK_FALSE(both("[1," + one + "2]"));
    }
}

TEST_CASE("json: text that is not UTF-8 is not JSON") {
    for (const char* bytes :
         {"\xff", "\xc3", "\xc3\x28", "\xe2\x82", "\xf0\x9f\x98", "\xed\xa0\x80", "\xc0\xaf", "\xf5\x80\x80\x80"}) {
        CHECK(both("\"" + std::string{bytes} + "\"") == Errc::not_json);
    }
    CHECK_FALSE(both("\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\""));
    CHECK(both(R"("\ud800")") == Errc::not_json);
}

TEST_CASE("json: an integer is an integer literal that fits 64 bits") {
    const auto integer = [](const std::string& text) {
        const auto document = Document::parse(text);
        REQUIRE(document.has_value());
        return document->root().is_integer() ? std::to_string(document->root().integer()) : std::string{"none"};
    };
    CHECK(integer("1772463905123") == "1772463905123");
    CHECK(integer("0") == "0");
    CHECK(integer("-0") == "0");
    CHECK(integer("9223372036854775807") == "9223372036854775807");
    CHECK(integer("-9223372036854775808") == "-9223372036854775808");
    CHECK(integer("9223372036854775808") == "none");
    CHECK(integer("18446744073709551616") == "none");
    CHECK(integer("123456789012345678901234567890") == "none");
    CHECK(integer("1.78e12") == "none");
    CHECK(integer("1772463905123.0") == "none");
    CHECK(integer("1e0") == "none");
    CHECK(integer("\"1\"") == "none");
    CHECK(Document::parse("1.5")->root().number() == 1.5);
    CHECK(Document::parse("7")->root().number() == 7.0);
}

TEST_CASE("json: of duplicate members the first counts") {
    const auto document = Document::parse(R"({"a":1,"a":2})");
    CHECK((*document)["a"].integer() == 1);
    CHECK(document->root().members().size() == 2);
}

TEST_CASE("json: asking for what is not there needs no checks") {
    const auto document = Document::parse(R"({"a":{"b":[1,"x",null,true]}})");
    CHECK((*document)["a"]["b"].items().size() == 4);
    CHECK((*document)["x"]["y"]["z"].string().empty());
    CHECK((*document)["a"]["b"]["c"].is_null());
    CHECK((*document)["a"].items().empty());
    CHECK((*document)["a"]["b"].members().empty());
    CHECK((*document)["a"].integer(7) == 7);
    CHECK((*document)["a"].boolean(true));
    CHECK((*document)["a"]["b"].items()[3].boolean());
    CHECK(Value{}.is_null());
    CHECK(Value{}.text() == "null");
}

TEST_CASE("json: a value as text is compact and keeps its order") {
    const auto document = Document::parse("{ \"b\" : [ 1 , 2.5 , \"\\u00e9\" ] , \"a\" : { } }");
    CHECK(document->root().text() == "{\"b\":[1,2.5,\"\xc3\xa9\"],\"a\":{}}");
}

TEST_CASE("json: a parser is used again and again, whatever came before") {
    Parser parser;
    const std::string large = "[" + std::string(20'000, ' ') + "\"" + std::string(40'000, 'x') + "\"]";
    for (int i = 0; i < 50; ++i) {
        CHECK(parser.parse(R"({"n":1})").value()["n"].integer() == 1);
        CHECK(parser.parse(large).value().items()[0].string().size() == 40'000);
        CHECK(parser.parse(std::string(1'000, '[')).error() == Errc::too_deep);
        CHECK(parser.parse("{").error() == Errc::not_json);
        CHECK(parser.parse(R"(["a\tb","c"])").value().items()[0].string() == "a\tb");
    }
}
