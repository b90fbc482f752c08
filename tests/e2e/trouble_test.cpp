// What goes wrong at a destination or in Redis, through the real binaries: an outage, poisoned changes, somebody who
// is not known there yet, an emptied Redis. The outage lasts for HIREWIRE_OUTAGE_SECONDS.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <set>
#include <thread>

#include "hirewire/v1/change.pb.h"
#include "tests/e2e/installation.hpp"
#include "tests/support/http_call.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

// circuit_least, and half of circuit_window: so many failed calls open the circuit, whatever was before them.
constexpr std::size_t window = 10;
constexpr Milliseconds first_probe{500};
constexpr Milliseconds last_probe{4'000};

std::string in_ms(Milliseconds time) {
    return in_quotes(std::to_string(time.count()) + "ms");
}

Installation& installation() {
    static Installation one{
        {std::begin(usual_services), std::end(usual_services)},
        std::vector<Setting>{
            {"sync", "circuit_window", std::to_string(2 * window)},
            {"sync", "circuit_least", std::to_string(window)},
            {"sync", "circuit_first_probe", in_ms(first_probe)},
            {"sync", "circuit_last_probe", in_ms(last_probe)},
            {"sync", "retry_1m", in_quotes("3s")},
        }};
    return one;
}

std::chrono::seconds outage() {
    const char* text = std::getenv("HIREWIRE_OUTAGE_SECONDS");
    return std::chrono::seconds{text != nullptr ? std::atoi(text) : 15};
}

// How many probes an open circuit lets through in that time.
std::size_t probes_in(Milliseconds time) {
    std::size_t probes = 0;
    Milliseconds pause = first_probe;
    for (Milliseconds at = pause; at <= time; at += pause) {
        ++probes;
        pause = std::min(pause * 2, last_probe);
    }
    return probes;
}

// One after the other, four every 100 ms, round and round; answers how many moves that were.
std::size_t keep_moving(Installation& the, const std::vector<std::string>& opportunities, Instant until) {
    const std::vector<std::string> stages{"Recruiter screen", "On-site interview", "Reference check"};
    std::size_t moves = 0;
    while (std::chrono::steady_clock::now() < until) {
        for (int i = 0; i < 4; ++i, ++moves) {
            const auto lap = moves / opportunities.size();
            the.move(opportunities[moves % opportunities.size()], stages[lap % stages.size()]);
        }
        std::this_thread::sleep_for(Milliseconds{100});
    }
    return moves;
}

double moves_emitted(Installation& the) {
    const int port = the.stack[Service::lever_source].admin_port;
    return metric(port, "hirewire_changes_emitted_total", R"(kind="stage_changed")");
}

bool comes_from(const kafka::Record& dead, const kafka::Record& source) {
    return kafka::header(dead.headers, "hirewire-source-topic") == source.partition.topic &&
           kafka::header(dead.headers, "hirewire-source-partition") == std::to_string(source.partition.number) &&
           kafka::header(dead.headers, "hirewire-source-offset") == std::to_string(source.offset);
}

// That the dead letters are these opportunities' changes into the stage, one of each, and lead back to their records.
// Answers the changes' ids by opportunity.
std::map<std::string, std::string> check_dead_letters(
    const Installation& the, const std::set<std::string>& opportunities, const std::string& stage) {
    std::map<std::string, std::string> ids;
    const auto changes = the.records("hiring.changes");
    const auto letters = the.records("sync.clara.dlq");
    CHECK(letters.size() == opportunities.size());
    for (const auto& dead : letters) {
        CAPTURE(dead.key);
        CHECK(opportunities.count(dead.key) == 1);
        CHECK(kafka::header(dead.headers, "hirewire-error-reason") == "answered 422 invalid-request");
        CHECK(kafka::header(dead.headers, "hirewire-error-attempts") == "1");
        const auto source = std::find_if(
            changes.begin(), changes.end(), [&](const kafka::Record& record) { return comes_from(dead, record); });
        REQUIRE(source != changes.end());
        CHECK(source->key == dead.key);
        const bool same_bytes = source->value == dead.value;
        CHECK(same_bytes);
        v1::Change change;
        REQUIRE(change.ParseFromString(dead.value.value_or("")));
        CHECK(change.opportunity_id() == dead.key);
        CHECK(change.status().name() == stage);
        ids[dead.key] = change.change_id();
    }
    CHECK(ids.size() == opportunities.size());
    return ids;
}

// That of each dead change it was told that it died, then that it is resolved, and nothing else; and that no other
// change died.
void check_resolved(const Installation& the, const std::map<std::string, std::string>& dead_changes) {
    const auto outcomes = the.outcomes();
    for (const auto& entry : dead_changes) {
        CAPTURE(entry.first);
        const auto& all = outcomes.at(entry.first);
        std::vector<v1::Outcome> told;
        std::copy_if(all.begin(), all.end(), std::back_inserter(told), [&](const v1::Outcome& outcome) {
            return outcome.change_id() == entry.second;
        });
        REQUIRE(told.size() == 2);
        CHECK(told[0].outcome() == v1::OUTCOME_KIND_DEAD);
        CHECK(told[0].reason() == "answered 422 invalid-request");
        CHECK(told[0].attempts() == 1);
        CHECK(told[1].outcome() == v1::OUTCOME_KIND_SUPERSEDED);
        CHECK(told[1].reason() == "its dead letter is resolved by a newer change");
        CHECK(told[1].version() == told[0].version());
        CHECK(all.back().outcome() == v1::OUTCOME_KIND_APPLIED);
    }
    std::size_t deaths = 0;
    for (const auto& entry : outcomes) {
        for (const auto& outcome : entry.second) deaths += outcome.outcome() == v1::OUTCOME_KIND_DEAD ? 1 : 0;
    }
    CHECK(deaths == dead_changes.size());
}

}  // namespace

TEST_CASE("an outage under load makes no dead letters, costs a handful of calls, and ends by itself") {
    auto& the = installation();
    const auto moving = the.add(40);
    the.all_become_right();
    const auto before = the.calls();
    const auto emitted_before = moves_emitted(the);
    the.fail_with(503);
    const auto began = std::chrono::steady_clock::now();
    // They apply and then stay where they are: the oldest that waits is one of them.
    const auto waiting = the.add(12);
    the.await("hirewire_circuit_open", 1);
    auto moves = keep_moving(the, moving, began + outage());
    // The last word on each is a status that was not announced before: a second announcement of the same one would be
    // a change of its own for the person, and cost a call of its own.
    the.move(moving, "offer");
    moves += moving.size();
    const auto missing = [&]() -> std::string {
        const auto emitted = moves_emitted(the) - emitted_before;
        return emitted >= static_cast<double>(moves) ? "" : std::to_string(emitted) + " of " + std::to_string(moves);
    };
    eventually("all moves are in Kafka", missing);
    const auto reading = [&] { return the.clara("hirewire_paused_partitions") > 0 ? "" : "all partitions are read"; };
    eventually("what cannot be sent is not read either", reading);
    CHECK(the.clara("hirewire_circuit_open") == 1);
    CHECK(get(the.stack[Service::sync_clara].admin_port, "/readyz").status == 200);
    const auto oldest = the.clara("hirewire_oldest_unapplied_seconds");
    const auto during = the.calls() - before;
    const auto lasted = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - began);
    CHECK(oldest > std::chrono::duration<double>(lasted).count() / 2);
    CHECK(during <= Installation::slots + window + probes_in(lasted));
    MESSAGE(during << " calls in an outage of " << lasted.count() << " ms");

    the.recover();
    the.all_become_right();
    the.await("hirewire_circuit_open", 0);
    CHECK(the.set_aside() == 0);
    CHECK(the.oracle.violations() == "");
    const auto after = the.calls() - before - during;
    const auto behind = moving.size() + waiting.size();
    CHECK(after >= behind);
    CHECK(10 * after <= 11 * behind);
    MESSAGE(
        after << " calls for a backlog of " << moves + waiting.size() << " changes of " << behind
              << " opportunities");
}

TEST_CASE("a poisoned change in one of a hundred opportunities: these alone are dead letters, and resolved later") {
    auto& the = installation();
    const auto everybody = the.add(300);
    const std::set<std::string> poisoned{everybody[50], everybody[150], everybody[250]};
    std::vector<std::string> others;
    std::copy_if(everybody.begin(), everybody.end(), std::back_inserter(others), [&](const std::string& one) {
        return poisoned.count(one) == 0;
    });
    the.move(everybody, "Recruiter screen");
    the.all_become_right();

    for (const auto& one : poisoned) the.set("refused", one);
    the.move(everybody, "On-site interview");
    the.await("hirewire_dead_letters", static_cast<double>(poisoned.size()));
    the.all_become_right(poisoned);
    the.move(others, "Reference check");
    the.all_become_right(poisoned);
    const auto dead_changes = check_dead_letters(the, poisoned, "On-site interview");

    for (const auto& one : poisoned) the.unset("refused", one);
    the.move(everybody, "offer");
    the.all_become_right();
    the.await("hirewire_dead_letters", 0);
    check_resolved(the, dead_changes);
}

TEST_CASE("who is not known there yet waits in a retry topic, over a restart too, and holds nobody up") {
    auto& the = installation();
    const auto stranger = the.add();
    const auto other = the.add();
    the.all_become_right();
    the.set("unknown", stranger);
    the.move(stranger, "Recruiter screen");
    const auto parked = [&] { return the.records("sync.clara.retry.1m").empty() ? "not parked" : ""; };
    eventually("it is parked", parked);
    the.move(other, "Recruiter screen");
    the.stack.restart(Service::sync_clara);
    the.unset("unknown", stranger);
    the.stack.await_ready();
    the.all_become_right();
    const auto outcomes = the.outcomes().at(stranger);
    CHECK(outcomes.back().outcome() == v1::OUTCOME_KIND_APPLIED);
    CHECK(outcomes.back().attempts() == 2);
}

TEST_CASE("an emptied Redis: the ledger is rebuilt from the outcomes, and what was applied is not sent again") {
    auto& the = installation();
    const auto opportunity = the.add();
    the.move(opportunity, "Recruiter screen");
    the.all_become_right();
    const auto settled = the.oracle.states();
    redis_command(the.stack.redis_port(), "FLUSHALL");
    const auto before = the.calls();
    // From the beginning of everything: all that was ever emitted comes again.
    the.move(opportunity, "offer");
    the.all_become_right();
    CHECK(the.oracle.states() != settled);
    CHECK(the.calls() - before == 1);
    bool rebuilt = false;
    for (const auto& [name, log] : the.stack.service_logs()) {
        rebuilt = rebuilt || log.find("\"ledger.rebuilt\"") != std::string::npos;
    }
    CHECK(rebuilt);
    CHECK(the.oracle.violations() == "");
}
