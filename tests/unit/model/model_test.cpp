// The engine as a whole against every trouble at once, judged by an oracle; and the oracle against deliberate bugs.
#include <doctest/doctest.h>

#include <cstdlib>

#include "common/log/log.hpp"
#include "tests/unit/model/world.hpp"

using namespace hirewire;
using namespace hirewire::model;

namespace {

constexpr int steps_per_world = 4'000;

// Fewer under a sanitizer, which is slow: HIREWIRE_MODEL_STEPS.
int steps_to_go() {
    const char* text = std::getenv("HIREWIRE_MODEL_STEPS");
    return text != nullptr ? std::atoi(text) : 240'000;
}

// One line of log a dead letter would be thousands.
const bool quiet = [] {
    log::set_up("model", log::Level::error, log::Format::json);
    return true;
}();

// What the oracle said of a world of this seed; "" when it was content.
std::string judge(Settings settings, Tally& tally) {
    World world{settings};
    std::string verdict;
    try {
        for (int i = 0; i < steps_per_world; ++i) world.step();
        world.settle_and_judge();
    } catch (const Breach& breach) {
        verdict = breach.what();
    }
    tally += world.tally();
    return verdict;
}

}  // namespace

TEST_CASE("model: whatever happens, every change is applied, superseded, skipped or visibly dead") {
    MESSAGE(testing::how_to_repeat());
    Tally tally;
    const int worlds = std::max(1, steps_to_go() / steps_per_world);
    for (int n = 0; n < worlds; ++n) {
        const Settings settings{.seed = testing::seed() + static_cast<std::uint64_t>(n)};
        CAPTURE(n);
        const auto verdict = judge(settings, tally);
        INFO(testing::how_to_repeat());
        REQUIRE(verdict == "");
    }
    // A model in which nothing happens proves nothing.
    if (worlds < 20) return;
    for (const char* what : {"applied",          "commits",
                             "crashes",          "thaws",
                             "rebalances",       "Redis away",
                             "Redis emptied",    "ledgers rebuilt",
                             "late arrivals",    "leases met",
                             "time-outs",        "parked",
                             "circuits opened",  "writes not acknowledged",
                             "outcome dead",     "outcome superseded",
                             "outcome skipped",  "outcome unchanged",
                             "outcome held",     "outcome retrying",
                             "outcome disabled", "rebuilds overtaken by a loss",
                             "paused for open",  "paused for span",
                             "paused for bytes", "paused for lanes",
                             "paused for shut"}) {
        CAPTURE(what);
        CHECK(tally.counts[what] >= 3);
    }
    std::string text;
    for (const auto& [what, count] : tally.counts) text += "\n    " + std::to_string(count) + " " + what;
    MESSAGE((worlds * steps_per_world) << " steps:" << text);
}

TEST_CASE("model: the oracle sees every deliberate bug") {
    MESSAGE(testing::how_to_repeat());
    const std::map<Bug, std::string> bugs{
        {Bug::commit_what_was_read, "commit what was read"},
        {Bug::go_on_from_what_was_read, "go on from what was read"},
        {Bug::ignore_leases, "ignore leases"},
        {Bug::ignore_own_lanes, "ignore own lanes"},
        {Bug::lose_outcomes, "lose outcomes"},
        {Bug::lose_dead_letters, "lose dead letters"},
        {Bug::lose_parked, "lose parked"},
        {Bug::take_errors_for_success, "take errors for success"},
        {Bug::take_silence_for_success, "take silence for success"},
        {Bug::call_newest_superseded, "call the newest superseded"},
        {Bug::take_wait_for_done, "take wait for done"},
        {Bug::take_retry_for_done, "take retry for done"},
        {Bug::take_weather_for_done, "take weather for done"},
        {Bug::take_not_yet_for_done, "take not yet for done"},
        {Bug::take_hold_for_done, "take hold for done"},
        {Bug::forget_parked_at_restart, "forget parked at restart"},
        {Bug::do_not_write_refused, "do not write refused"},
        {Bug::unguarded_destination, "a destination without a guard"},
    };
    constexpr int patience = 400;  // worlds
    for (const auto& [bug, title] : bugs) {
        const std::string name{title};  // clang 14 captures no structured binding
        Tally tally;
        std::string verdict;
        int worlds = 0;
        while (verdict.empty() && worlds < patience) {
            const Settings settings{.seed = testing::seed() + static_cast<std::uint64_t>(worlds++), .bug = bug};
            verdict = judge(settings, tally);
        }
        INFO(testing::how_to_repeat());
        CAPTURE(name);
        CHECK(verdict != "");
        MESSAGE(name << ": seen in world " << worlds << ": " << verdict);
    }
}
