#include "tools/hirewire/place.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <stdexcept>

#include "common/config/schema.hpp"

using namespace hirewire;

namespace {

const std::map<std::string, int> topics{{"hiring.changes", 12}, {"sync.clara.dlq", 12}, {"sync.cluster.dlq", 12}};
constexpr Timestamp now{Milliseconds{1'772'463'905'123}};

// What was wrong with what the operator said; "" = nothing.
std::string refusal(const std::function<void()>& act) {
    try {
        act();
    } catch (const config::Error& e) {
        return e.what();
    }
    return {};
}

}  // namespace

TEST_CASE("hirewire: a misspelt destination is told which there are; without topics, how to make them") {
    CHECK(refusal([] { cli::need_destination(topics, "clara"); }).empty());
    const auto said = refusal([] { cli::need_destination(topics, "klara"); });
    CHECK(said == "there is no destination \"klara\" here; there are clara, cluster");
    CHECK_THROWS_WITH_AS(
        cli::need_destination({}, "clara"),
        "the installation's topics are not there: make them with hirewire topics apply, or see --topic-prefix",
        std::runtime_error);
}

TEST_CASE("hirewire: a missing topic is named") {
    CHECK_NOTHROW(cli::need_topic(topics, "hiring.changes"));
    std::string said;
    try {
        cli::need_topic(topics, "hiring.chages");
    } catch (const std::runtime_error& e) {
        said = e.what();
    }
    CHECK(said.starts_with("there is no topic hiring.chages here"));
}

TEST_CASE("hirewire: who is told by runs is handed no single changes, and is told so with the verb that does it") {
    CHECK(refusal([] { cli::need_told_of_changes("--to", "clara"); }).empty());
    const auto said = refusal([] { cli::need_told_of_changes("--to", "theorg"); });
    CHECK(said.starts_with("--to theorg: "));
    CHECK(said.ends_with("hirewire run theorg"));
}

TEST_CASE("hirewire: times and rates that are none are refused with their flag and an example") {
    CHECK(cli::moment_of("--from", "2h", now) == now - std::chrono::hours{2});
    CHECK(refusal([] { cli::moment_of("--from", "yesterday", now); }).starts_with("--from: \"yesterday\""));
    CHECK(cli::rate_of("--rate", "120/m") == doctest::Approx(2));
    for (const auto* text : {"", "0/s", "-1", "fast"}) {
        CAPTURE(text);
        CHECK(refusal([text] { cli::rate_of("--rate", text); }).find("50/s") != std::string::npos);
    }
}
