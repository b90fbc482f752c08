// CLARA refuses whoever asks, because of the token or an unpaid bill: everything waits, nothing is given up, and
// there are two ways out, a probe that succeeds and a new token.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <csignal>
#include <map>
#include <thread>

#include "tests/e2e/installation.hpp"
#include "tests/support/http_call.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

// One opportunity's 403 may be about it alone, so it is repeated until another one meets the same.
constexpr std::size_t repeated = 4;
constexpr std::chrono::seconds probe_interval{1};
constexpr std::chrono::seconds a_while{3};

Installation& installation() {
    static Installation one{
        {Service::receiver, Service::lever_source, Service::sync_clara},
        std::vector<Setting>{{"sync", "probe_interval", in_quotes(std::to_string(probe_interval.count()) + "s")}}};
    return one;
}

// Held, and no call under way any more.
void await_hold(Installation& the) {
    const auto wrong = [&]() -> std::string {
        if (the.clara("hirewire_held") != 1) return "not held";
        return the.clara("hirewire_in_flight") == 0 ? "" : "a call is under way";
    };
    eventually("CLARA is held", wrong);
}

// Still held, which is no fault of the daemon's.
void check_hold(Installation& the) {
    CHECK(the.clara("hirewire_held") == 1);
    CHECK(the.clara("hirewire_dead_letters") == 0);
    CHECK(get(the.stack[Service::sync_clara].admin_port, "/readyz").status == 200);
}

void check_end_of_hold(Installation& the) {
    the.all_become_right();
    the.await("hirewire_held", 0);
    CHECK(the.set_aside() == 0);
    CHECK(the.oracle.violations() == "");
}

}  // namespace

TEST_CASE("a destination that refuses us is asked once a probe interval, and all goes on when it takes us again") {
    auto& the = installation();
    const auto everybody = the.add(30);
    the.all_become_right();
    const std::map<int, std::string> stage_by_status{
        {401, "Recruiter screen"}, {402, "On-site interview"}, {403, "Reference check"}};
    for (const auto& entry : stage_by_status) {
        const int status = entry.first;
        CAPTURE(status);
        const auto before = the.calls();
        const auto began = std::chrono::steady_clock::now();
        the.fail_with(status);
        the.move(everybody, entry.second);
        await_hold(the);
        std::this_thread::sleep_for(a_while);
        check_hold(the);
        const auto calls = the.calls() - before;
        const auto lasted = std::chrono::steady_clock::now() - began;
        const auto probes = static_cast<std::size_t>(lasted / probe_interval) + 1;
        CHECK(calls <= Installation::slots + repeated + probes);
        MESSAGE(calls << " calls while " << everybody.size() << " changes wait, answered " << status);
        the.recover();
        check_end_of_hold(the);
    }
    std::map<int, int> held;  // by the destination's answer
    for (const auto& entry : the.outcomes()) {
        for (const auto& outcome : entry.second) {
            if (outcome.outcome() == v1::OUTCOME_KIND_HELD) ++held[outcome.http_status()];
        }
        CHECK(entry.second.back().outcome() == v1::OUTCOME_KIND_APPLIED);
    }
    for (const auto& entry : stage_by_status) CHECK(held[entry.first] > 0);
}

TEST_CASE("a new token ends a hold at once, a signal without one does not") {
    auto& the = installation();
    const auto everybody = the.add(30);
    the.all_become_right();
    // CLARA's token has been changed, and ours is still the old one. No probe comes in time to learn of a new one.
    const auto token_file = the.stack.write("clara-token", "the-old-token");
    the.stack.restart(
        Service::sync_clara,
        {{"clara", "token_file", in_quotes(token_file)}, {"sync", "probe_interval", in_quotes("1h")}});
    the.stack.await_ready();
    const auto before = the.calls();
    the.move(everybody, "offer");
    await_hold(the);
    check_hold(the);
    const auto refused = the.calls() - before;
    CHECK(refused <= Installation::slots);

    auto& daemon = *the.stack[Service::sync_clara].process;
    daemon.send(SIGHUP);
    daemon.await_event("config.reloaded", Milliseconds{10'000});
    std::this_thread::sleep_for(a_while);
    check_hold(the);
    CHECK(the.calls() - before == refused);

    the.stack.write("clara-token", the.stack.secrets().at("CLARA_TOKEN"));
    daemon.send(SIGHUP);
    check_end_of_hold(the);
    CHECK(the.calls() - before == refused + everybody.size());
}
