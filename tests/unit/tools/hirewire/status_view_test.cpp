#include "tools/hirewire/status_view.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "common/json/value.hpp"

using namespace hirewire;
using cli::DestinationStatus;
using cli::Overview;

namespace {

constexpr std::int64_t noon = 1'772'463'905'123;
constexpr const char* said =
    "# HELP hirewire_held 1 while the destination is held\n"
    "hirewire_held{destination=\"clara\"} 1\n"
    "hirewire_circuit_open{destination=\"clara\"} 0\n"
    "hirewire_parked{destination=\"clara\"} 4\n"
    "hirewire_in_flight{destination=\"clara\"} 2\n"
    "hirewire_mode{destination=\"clara\",mode=\"live\"} 0\n"
    "hirewire_mode{destination=\"clara\",mode=\"shadow\"} 1\n"
    "hirewire_retention_used_ratio{destination=\"clara\"} 0.25\n"
    "hirewire_webhook_subscriptions{event=\"candidateHired\",state=\"ok\"} 1\n"
    "hirewire_webhook_subscriptions{event=\"candidateDeleted\",state=\"ok\"} 0\n"
    "hirewire_webhook_subscriptions{event=\"candidateDeleted\",state=\"missing\"} 1\n"
    "hirewire_heldback 7\n";

DestinationStatus clara() {
    DestinationStatus status;
    status.name = "clara";
    status.begun = true;
    status.asked = true;
    status.daemon = cli::DaemonStatus{};
    status.daemon->mode = "live";
    return status;
}

Overview with(DestinationStatus status) {
    Overview overview;
    overview.now_ms = noon;
    overview.destinations.push_back(std::move(status));
    return overview;
}

std::size_t needs(DestinationStatus status) {
    return cli::needs_of(with(std::move(status))).size();
}

v1::Run run(const std::string& kind, v1::RunState state, std::int64_t at_ms, const std::string& destination = {}) {
    v1::Run made;
    made.set_run_id(kind + std::to_string(at_ms));
    made.set_kind(kind);
    made.set_state(state);
    made.set_at_ms(at_ms);
    made.set_destination(destination);
    return made;
}

}  // namespace

TEST_CASE("status: metrics are read by name and label, and none is not zero") {
    CHECK(cli::metric_in(said, "hirewire_held") == 1);
    CHECK(cli::metric_in(said, "hirewire_parked") == 4);
    CHECK_FALSE(cli::metric_in(said, "hirewire_paused"));
    CHECK(cli::metric_in(said, "hirewire_webhook_subscriptions", "state=\"ok\"") == 1);
    const auto status = cli::daemon_status_of(said);
    CHECK(status.held);
    CHECK_FALSE(status.circuit_open);
    CHECK(status.parked == 4);
    CHECK(status.mode == "shadow");
    CHECK(status.retention_used == doctest::Approx(0.25));
    const auto webhooks = cli::webhooks_of(said);
    REQUIRE(webhooks);
    CHECK(webhooks->at("ok") == 1);
    CHECK(webhooks->at("missing") == 1);
    CHECK_FALSE(cli::webhooks_of("hirewire_held 0\n"));
}

TEST_CASE("status: a person is needed for what does not mend itself") {
    CHECK(needs(clara()) == 0);
    auto held = clara();
    held.daemon->held = true;
    CHECK(needs(held) == 1);
    auto dead = clara();
    dead.dead = 3;
    CHECK(cli::needs_of(with(dead)).front().find("hirewire dlq list --dest clara") != std::string::npos);
    auto missed = clara();
    missed.missed = 5;
    CHECK(needs(missed) == 1);
    auto late = clara();
    late.daemon->retention_used = 0.5;
    CHECK(needs(late) == 1);
    auto silent = clara();
    silent.daemon.reset();
    CHECK(needs(silent) == 1);
}

TEST_CASE("status: nobody is called for weather, for a pause, or for what was not asked") {
    auto down = clara();
    down.daemon->circuit_open = true;
    CHECK(needs(down) == 0);
    auto paused = clara();
    paused.paused_by = "ann@host, noon";
    CHECK(needs(paused) == 0);
    // A daemon that stands still says that it is held, too.
    paused.daemon->held = true;
    CHECK(needs(paused) == 0);
    CHECK(cli::table_of(with(paused), 120, false).find("HELD") == std::string::npos);
    auto off = clara();
    off.daemon->held = true;
    off.daemon->mode = "off";
    CHECK(needs(off) == 0);
    auto behind = clara();
    behind.behind = 100'000;
    behind.oldest_ms = noon - 3'600'000;
    CHECK(needs(behind) == 0);
    auto unknown = clara();
    unknown.asked = false;
    unknown.daemon.reset();
    CHECK(needs(unknown) == 0);
    unknown.oldest_ms = noon - 20LL * 24 * 3'600'000;
    CHECK(needs(unknown) == 1);
}

TEST_CASE("status: a failed run and a missing webhook need a person, until the next one is well") {
    Overview overview;
    cli::LastRuns runs;
    runs.add(run("sweep", v1::RUN_STATE_FAILED, noon));
    runs.add(run("pause", v1::RUN_STATE_STARTED, noon, "clara"));
    overview.runs = runs.all();
    REQUIRE(overview.runs.size() == 1);
    CHECK(cli::needs_of(overview).size() == 1);
    runs.add(run("sweep", v1::RUN_STATE_FINISHED, noon + 1));
    overview.runs = runs.all();
    CHECK(cli::needs_of(overview).empty());
    overview.webhooks = std::map<std::string, int>{{"ok", 5}, {"missing", 1}, {"unknown", 2}};
    CHECK(cli::needs_of(overview).size() == 1);
}

TEST_CASE("status: a run that was asked for is shown until its destination has taken it up") {
    cli::LastRuns runs;
    runs.add(run("cleary", v1::RUN_STATE_ASKED, noon));
    REQUIRE(runs.all().size() == 1);
    CHECK(runs.all().front().state == "asked");
    // One that had ended before is no answer.
    runs.add(run("cleary", v1::RUN_STATE_FINISHED, noon - 1, "cleary"));
    CHECK(runs.all().size() == 2);
    runs.add(run("cleary", v1::RUN_STATE_FINISHED, noon + 1, "cleary"));
    REQUIRE(runs.all().size() == 1);
    CHECK(runs.all().front().state == "finished");
}

TEST_CASE("status: one is one dead letter and one webhook, not several") {
    auto status = clara();
    status.dead = 1;
    auto overview = with(status);
    overview.webhooks = std::map<std::string, int>{{"missing", 1}};
    const auto sentences = cli::needs_of(overview);
    REQUIRE(sentences.size() == 2);
    CHECK(sentences[0].find("1 dead letter:") != std::string::npos);
    CHECK(sentences[1].find("1 webhook in Lever is missing") != std::string::npos);
}

TEST_CASE("status: one screen, plain without colours, and the same for programs") {
    auto status = clara();
    status.behind = 1'234;
    status.oldest_ms = noon - 40'000;
    status.dead = 2;
    cli::LetterGroup group;
    group.reason = "answered 422";
    group.count = 2;
    status.dead_by_reason.push_back(group);
    const auto overview = with(status);
    const auto text = cli::table_of(overview, 120, false);
    CHECK(text.find('\033') == std::string::npos);
    CHECK(text.find("1,234") != std::string::npos);
    CHECK(text.find("40 s") != std::string::npos);
    CHECK(text.find("2 answered 422") != std::string::npos);
    CHECK(text.find("This needs you:") != std::string::npos);
    CHECK(std::count(text.begin(), text.end(), '\n') < 24);
    CHECK(cli::table_of(overview, 120, true).find("\033[") != std::string::npos);
    const auto parsed = json::Document::parse(cli::json_of(overview));
    REQUIRE(parsed.has_value());
    const auto first = (*parsed)["destinations"].items().front();
    CHECK(first["behind"].integer() == 1'234);
    CHECK(first["oldest_age_ms"].integer() == 40'000);
    CHECK((*parsed)["webhooks"].is_null());
    CHECK((*parsed)["needs"].size() == 1);
}
