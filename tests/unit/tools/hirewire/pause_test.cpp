#include "tools/hirewire/pause.hpp"

#include <doctest/doctest.h>

using namespace hirewire;

namespace {

constexpr std::int64_t noon = 1'772'463'905'123;  // 2026-03-02T15:05:05.123Z

}  // namespace

TEST_CASE("hirewire pause: who says so is who asked for root's rights, else who is logged in, else a number") {
    CHECK(cli::who_of("ann", "root", 0, "host") == "ann@host");
    CHECK(cli::who_of(nullptr, "bob", 1000, "host") == "bob@host");
    CHECK(cli::who_of("", "bob", 1000, "host") == "bob@host");
    CHECK(cli::who_of(nullptr, nullptr, 1000, "host") == "uid 1000@host");
    CHECK(cli::who_of(nullptr, "", 1000, "host") == "uid 1000@host");
}

TEST_CASE("hirewire pause: one line says what holds now, and how it ends") {
    const auto paused = sync::word_of(sync::Word::pause, "clara", "ann@host", noon);
    CHECK(
        cli::report_of(paused) ==
        "clara is paused (ann@host, 2026-03-02T15:05:05.123Z): nothing is sent to it, Kafka keeps what comes. It "
        "goes "
        "on with hirewire resume --dest clara");
    const auto goes_on = sync::word_of(sync::Word::resume, "clara", "ann@host", noon);
    CHECK(
        cli::report_of(goes_on) ==
        "clara goes on (ann@host, 2026-03-02T15:05:05.123Z); if it was held, it is tried again now");
}

TEST_CASE("hirewire pause: programs read the same") {
    const auto paused = sync::word_of(sync::Word::pause, "clara", "ann@host", noon);
    CHECK(
        cli::json_of(paused) ==
        R"({"destination":"clara","paused":true,"by":"ann@host","at":"2026-03-02T15:05:05.123Z"})");
    const auto goes_on = sync::word_of(sync::Word::resume, "clara", "ann@host", noon);
    CHECK(
        cli::json_of(goes_on) ==
        R"({"destination":"clara","paused":false,"by":"ann@host","at":"2026-03-02T15:05:05.123Z"})");
}
