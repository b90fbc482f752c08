// What goes to standard error is caught through a pipe in the file system: no socket, no other process.
#include "common/log/log.hpp"

#include <doctest/doctest.h>

#include "common/json/value.hpp"
#include "tests/support/caught.hpp"

using namespace hirewire;
using testing::caught;

namespace {}  // namespace

TEST_CASE("log: a line is one line and valid JSON, whatever is in the fields") {
    log::set_up("test", log::Level::info, log::Format::json);
    const std::string hostile[] = {
        "quote\" backslash\\ newline\n tab\t",
        std::string{"\0\x01\x7f", 3},
        "\xff\xfe not UTF-8 \xc3",
        "{} {:d} %s %n",
        "\xed\xa0\x80",
        "",
        std::string(20'000, 'x')};
    for (const auto& text : hostile) {
        const auto line = caught([&] {
            log::info("a.thing", {{"text", text}, {text, 1}, {"number", -5L}, {"yes", true}});
        });
        CAPTURE(line.substr(0, 200));
        REQUIRE_FALSE(line.empty());
        CHECK(line.find('\n') == line.size() - 1);
        const auto document = json::Document::parse(line);
        REQUIRE(document.has_value());
        CHECK((*document)["service"].string() == "test");
        CHECK((*document)["level"].string() == "info");
        CHECK((*document)["event"].string() == "a.thing");
        CHECK((*document)["number"].integer() == -5);
        CHECK((*document)["yes"].boolean());
        CHECK((*document)["time"].string().size() == 24);
    }
}

TEST_CASE("log: what is below the level is not written") {
    log::set_up("test", log::Level::warning, log::Format::json);
    CHECK(caught([] { log::info("quiet"); }).empty());
    CHECK_FALSE(caught([] { log::warning("heard"); }).empty());
    CHECK_FALSE(caught([] { log::error("heard"); }).empty());
    log::set_up("test", log::Level::info, log::Format::json);
}

TEST_CASE("log: the form for people has the same fields") {
    log::set_up("test", log::Level::info, log::Format::text);
    const auto line = caught([] { log::info("a.thing", {{"name", "value"}, {"n", 7}, {"yes", false}}); });
    log::set_up("test", log::Level::info, log::Format::json);
    CHECK(line.find(" info a.thing name=value n=7 yes=false\n") != std::string::npos);
}
