#include "services/sync-cleary/agenda.hpp"

#include <doctest/doctest.h>

using namespace hirewire;
using namespace hirewire::cleary;

namespace {

v1::Run run(const std::string& id, v1::RunState state, std::int64_t at_ms = 1, std::string checkpoint = {}) {
    v1::Run made;
    made.set_run_id(id);
    made.set_kind("cleary");
    made.set_state(state);
    made.set_at_ms(at_ms);
    made.set_began_ms(at_ms);
    made.set_checkpoint(std::move(checkpoint));
    return made;
}

struct Case {
    Agenda agenda{};
    Settings settings{};
    Timestamp now = *parse_iso("2026-03-02T12:00:00.000Z");

    Case() { settings.time_zone = "Europe/Berlin"; }
    [[nodiscard]] std::string next() const {
        const auto found = next_run(agenda, "main", now, settings);
        return found ? found->run_id() : "";
    }
    void end_daily(const std::string& day) { add_run(agenda, run(daily_id("main", day), v1::RUN_STATE_FINISHED)); }
};

}  // namespace

TEST_CASE("#33 agenda: the daily run of a date is due once, from its time on") {
    Case c;
    CHECK(c.next() == daily_id("main", "2026-03-02"));
    c.end_daily("2026-03-02");
    CHECK(c.next().empty());
    c.now = *parse_iso("2026-03-03T04:59:00.000Z");
    CHECK(c.next().empty());
    c.now = *parse_iso("2026-03-03T05:00:00.000Z");
    CHECK(c.next() == daily_id("main", "2026-03-03"));
}

TEST_CASE("#33 agenda: days on which nobody was there are made up by one run") {
    Case c;
    c.end_daily("2026-03-02");
    c.now = *parse_iso("2026-03-09T12:00:00.000Z");
    CHECK(c.next() == daily_id("main", "2026-03-09"));
    c.end_daily("2026-03-09");
    CHECK(c.next().empty());
}

TEST_CASE("#33 agenda: another time or zone on the same date is no second run") {
    Case c;
    c.end_daily("2026-03-02");
    c.settings.daily_at = "11:00";
    CHECK(c.next().empty());
    c.settings.time_zone = "UTC";
    CHECK(c.next().empty());
}

TEST_CASE("#34 agenda: what is asked for comes before what is due, the first one first") {
    Case c;
    add_run(c.agenda, run("b", v1::RUN_STATE_ASKED, 10));
    add_run(c.agenda, run("a", v1::RUN_STATE_ASKED, 20));
    CHECK(c.next() == "b");
}

TEST_CASE("#34 agenda: a run that somebody began goes on before all others, where it was left") {
    Case c;
    add_run(c.agenda, run("asked", v1::RUN_STATE_ASKED, 1));
    add_run(c.agenda, run("begun", v1::RUN_STATE_STARTED, 5));
    add_run(c.agenda, run("begun", v1::RUN_STATE_CHECKPOINT, 6, "half way"));
    const auto next = next_run(c.agenda, "main", c.now, c.settings);
    REQUIRE(next.has_value());
    CHECK(next->run_id() == "begun");
    CHECK(next->checkpoint() == "half way");
}

TEST_CASE("#34 agenda: who has joined a run that ended without it is asked for again, from its beginning") {
    Case c;
    add_run(c.agenda, run("first", v1::RUN_STATE_STARTED));
    add_run(c.agenda, run("second", v1::RUN_STATE_STARTED, 2, joins("first")));
    CHECK(c.next() == "first");
    CHECK(joined_by(c.agenda.open.at("second")) == "first");
    CHECK(joined_by(c.agenda.open.at("first")).empty());
    add_run(c.agenda, run("first", v1::RUN_STATE_CANCELLED));
    const auto next = next_run(c.agenda, "main", c.now, c.settings);
    REQUIRE(next.has_value());
    CHECK(next->run_id() == "second");
    CHECK(next->checkpoint().empty());
}

TEST_CASE("#34 agenda: a record that is heard late does not open an ended run again") {
    Case c;
    c.end_daily("2026-03-02");
    add_run(c.agenda, run("one", v1::RUN_STATE_ASKED));
    add_run(c.agenda, run("one", v1::RUN_STATE_FINISHED));
    add_run(c.agenda, run("one", v1::RUN_STATE_CHECKPOINT));
    CHECK(c.next().empty());
}

TEST_CASE("#34 agenda: runs of others are not on it") {
    Case c;
    c.end_daily("2026-03-02");
    auto sweep = run("sweep", v1::RUN_STATE_ASKED);
    sweep.set_kind("sweep");
    add_run(c.agenda, sweep);
    CHECK(c.next().empty());
}
