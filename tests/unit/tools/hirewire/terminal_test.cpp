#include "tools/hirewire/terminal.hpp"

#include <doctest/doctest.h>

using namespace hirewire;

TEST_CASE("terminal: colours only on one that can, and never against NO_COLOR") {
    CHECK(cli::colours_wanted(true, nullptr, "xterm-256color"));
    CHECK(cli::colours_wanted(true, "", "xterm"));
    CHECK_FALSE(cli::colours_wanted(false, nullptr, "xterm"));
    CHECK_FALSE(cli::colours_wanted(true, "1", "xterm"));
    CHECK_FALSE(cli::colours_wanted(true, nullptr, "dumb"));
    CHECK_FALSE(cli::colours_wanted(true, nullptr, nullptr));
    CHECK(cli::painted("text", cli::Colour::red, false) == "text");
    CHECK(cli::painted("text", cli::Colour::red, true) == "\033[31mtext\033[0m");
}

TEST_CASE("terminal: a bar is never shorter than empty nor longer than full") {
    CHECK(cli::bar(0, 100, 10) == "[          ]");
    CHECK(cli::bar(50, 100, 10) == "[=====     ]");
    CHECK(cli::bar(100, 100, 10) == "[==========]");
    CHECK(cli::bar(250, 100, 10) == "[==========]");
    CHECK(cli::bar(0, 0, 10) == "[          ]");
    CHECK(cli::bar(-1, 100, 10) == "[          ]");
}

// Protects the terminal from what others have put into a topic.
TEST_CASE("terminal: what is cut stays readable, and nothing of it steers the terminal") {
    CHECK(cli::clipped("short", 10) == "short");
    CHECK(cli::clipped("exactly 10", 10) == "exactly 10");
    CHECK(cli::clipped("longer than that", 10) == "longer ...");
    CHECK(cli::clipped("Zürich", 6) == "Zürich");
    CHECK(cli::clipped("Zürich-Oerlikon", 6) == "Zür...");
    CHECK(cli::clipped("a\033[31mb\nc", 20) == "a?[31mb?c");
    CHECK(cli::clipped("a\xc2\x9b\xc3\xbc", 3) == "a?ü");
}

TEST_CASE("terminal: control characters of one byte and of two are no more, every other character is as it was") {
    CHECK(cli::clean("\x01\t\n\r\033\x7f") == "??????");
    CHECK(cli::clean("\xc2\x80-\xc2\x9f-") == "?-?-");
    CHECK(cli::clean("Zürich, 漢字, a\xc2\xa0no-break space") == "Zürich, 漢字, a\xc2\xa0no-break space");
    // Cut off in the middle of a character, and the same second byte behind another first one.
    CHECK(cli::clean("a\xc2") == "a\xc2");
    CHECK(cli::clean("\xc3\x9f") == "ß");
    CHECK(cli::clean("").empty());
}

TEST_CASE("terminal: a table shows no control character of any cell, and its columns stand straight") {
    const auto text = cli::aligned({{"a\nb", "\033]0;x\007", "c"}, {"d", "e", "\xc2\x9bm"}});
    CHECK(text == "a?b  ?]0;x?  c\nd    e       ?m\n");
}

TEST_CASE("terminal: columns are as wide as their widest cell, letters of two bytes included") {
    CHECK(cli::aligned({{"A", "BB"}, {"long", "x"}}) == "A     BB\nlong  x\n");
    CHECK(cli::aligned({{"ü", "1"}, {"u", "2"}}) == "ü  1\nu  2\n");
    CHECK(cli::aligned({{"a", ""}}) == "a\n");
    CHECK(cli::aligned({}).empty());
}

TEST_CASE("terminal: thousands are told apart") {
    CHECK(cli::grouped(0) == "0");
    CHECK(cli::grouped(999) == "999");
    CHECK(cli::grouped(1'000) == "1,000");
    CHECK(cli::grouped(1'234'567) == "1,234,567");
    CHECK(cli::grouped(-1'234) == "-1,234");
}
