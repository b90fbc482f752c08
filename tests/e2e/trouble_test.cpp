// What goes wrong at a destination or in Redis, through the real binaries: an outage, a poisoned change, somebody who
// is not known there yet, an emptied Redis.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <thread>

#include "hirewire/v1/outcome.pb.h"
#include "tests/support/eventually.hpp"
#include "tests/support/http_call.hpp"
#include "tests/support/metrics.hpp"
#include "tests/support/oracle.hpp"
#include "tests/support/stack.hpp"
#include "tests/support/topic_log.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

constexpr int slots = 8;
constexpr int window = 10;  // circuit_least

struct Installation {
    Stack stack{StackOptions{
        .services = {std::begin(all_services), std::end(all_services)},
        .sandbox = true,
        .sandbox_arguments = {"--no-rate-limit"},
        .settings = {
            {"lever", "requests_per_second", "1000"},
            {"lever", "burst", "1000"},
            {"sync", "slots", std::to_string(slots)},
            {"sync", "circuit_least", std::to_string(window)},
            {"sync", "circuit_last_probe", "\"2s\""},
            {"sync", "retry_1m", "\"3s\""},
            {"sync", "request_timeout", "\"3s\""},
            {"sync", "lease", "\"6s\""},
        }}};
    Oracle oracle{stack};

    std::string add() {
        const auto made = stack.control(http::Method::post, "/_sandbox/opportunities", "{}");
        return std::string{made["id"].string()};
    }
    void move(const std::string& opportunity, const std::string& stage) {
        stack.control(
            http::Method::post, "/_sandbox/opportunities/" + opportunity + "/stage", R"({"stage":")" + stage + "\"}");
    }
    void control(const std::string& what, const std::string& body) {
        stack.control(http::Method::post, "/_sandbox/clara/" + what, body);
    }
    void all_become_right() {
        eventually(
            "everybody is right everywhere",
            [this] { return oracle.difference(); },
            Milliseconds{60'000},
            Milliseconds{100});
    }
    double clara(std::string_view name, std::string_view labels = {}) {
        return metric(stack[Service::sync_clara].admin_port, name, labels);
    }
    std::vector<v1::Outcome> outcomes(const std::string& opportunity) {
        TopicLog log{stack.kafka(), {"sync.outcomes"}};
        std::vector<v1::Outcome> found;
        for (const auto& record : log.all()) {
            v1::Outcome outcome;
            REQUIRE(outcome.ParseFromString(record.value.value_or("")));
            if (outcome.destination() == "clara" && outcome.opportunity_id() == opportunity) found.push_back(outcome);
        }
        return found;
    }
    std::vector<kafka::Record> records(const std::string& topic) {
        TopicLog log{stack.kafka(), {topic}};
        return log.all();
    }
};

Installation& installation() {
    static Installation one;
    return one;
}

}  // namespace

TEST_CASE("an outage makes no dead letters, costs a handful of calls, and ends by itself") {
    auto& the = installation();
    std::vector<std::string> opportunities;
    for (int i = 0; i < 40; ++i) opportunities.push_back(the.add());
    the.all_become_right();
    const auto before = the.oracle.requests("clara");
    the.control("faults", R"({"status":503})");
    const auto began = std::chrono::steady_clock::now();
    const char* stages[] = {"Recruiter screen", "On-site interview", "Reference check", "offer"};
    for (const char* stage : stages) {
        for (const auto& opportunity : opportunities) the.move(opportunity, stage);
    }
    eventually("the circuit is open", [&] { return the.clara("hirewire_circuit_open") == 1 ? "" : "closed"; });
    // Somebody new, who has not failed yet.
    for (int i = 0; i < 12; ++i) opportunities.push_back(the.add());
    std::this_thread::sleep_until(began + std::chrono::seconds{15});
    CHECK(the.clara("hirewire_circuit_open") == 1);
    CHECK(the.clara("hirewire_paused_partitions") > 0);
    CHECK(the.clara("hirewire_oldest_unapplied_seconds") > 5);
    const int admin = the.stack[Service::sync_clara].admin_port;
    CHECK(get(admin, "/readyz").status == 200);
    const auto during = the.oracle.requests("clara") - before;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began);
    // A probe every two seconds at the latest, the first ones sooner.
    CHECK(during <= slots + window + static_cast<std::size_t>(seconds.count()) / 2 + 3);
    MESSAGE(during << " calls in an outage of " << seconds.count() << " s");

    the.stack.control(http::Method::del, "/_sandbox/clara/faults");
    the.all_become_right();
    eventually("the circuit is closed", [&] { return the.clara("hirewire_circuit_open") == 0 ? "" : "open"; });
    const auto after = the.oracle.requests("clara") - before - during;
    // 172 changes of 52 opportunities: the last word of each is said once.
    CHECK(after <= opportunities.size() + opportunities.size() / 10 + slots);
    MESSAGE(after << " calls for the backlog of " << opportunities.size() << " opportunities");
    for (const char* topic :
         {"sync.clara.dlq", "sync.clara.retry.1m", "sync.clara.retry.10m", "sync.clara.retry.1h"}) {
        CAPTURE(topic);
        CHECK(the.records(topic).empty());
    }
}

TEST_CASE("a poisoned change is a dead letter at once, and a later good one resolves it") {
    auto& the = installation();
    const auto poisoned = the.add();
    const auto other = the.add();
    the.all_become_right();
    the.control("refused", R"({"opportunity":")" + poisoned + R"(","refused":true})");
    the.move(poisoned, "Recruiter screen");
    the.move(other, "Recruiter screen");
    eventually("the dead letter", [&] { return the.clara("hirewire_dead_letters") == 1 ? "" : "none"; });
    const auto dead = the.records("sync.clara.dlq");
    REQUIRE(dead.size() == 1);
    CHECK(dead[0].key == poisoned);
    CHECK(kafka::header(dead[0].headers, "hirewire-error-reason") == "answered 422 invalid-request");
    CHECK(kafka::header(dead[0].headers, "hirewire-error-attempts") == "1");
    CHECK(kafka::header(dead[0].headers, "hirewire-source-topic") == "hiring.changes");
    the.control("refused", R"({"opportunity":")" + poisoned + R"(","refused":false})");
    the.move(poisoned, "offer");
    the.all_become_right();
    eventually("it is resolved", [&] { return the.clara("hirewire_dead_letters") == 0 ? "" : "not yet"; });
    const auto outcomes = the.outcomes(poisoned);
    REQUIRE(outcomes.size() >= 3);
    const auto& resolved = outcomes[outcomes.size() - 2];
    CHECK(outcomes[outcomes.size() - 3].outcome() == v1::OUTCOME_KIND_DEAD);
    CHECK(resolved.outcome() == v1::OUTCOME_KIND_SUPERSEDED);
    CHECK(resolved.version() == outcomes[outcomes.size() - 3].version());
    CHECK(outcomes.back().outcome() == v1::OUTCOME_KIND_APPLIED);
}

TEST_CASE("who is not known there yet waits in a retry topic, over a restart too, and holds nobody up") {
    auto& the = installation();
    const auto stranger = the.add();
    const auto other = the.add();
    the.all_become_right();
    the.control("unknown", R"({"opportunity":")" + stranger + R"(","unknown":true})");
    the.move(stranger, "Recruiter screen");
    const auto parked = [&] { return the.records("sync.clara.retry.1m").empty() ? "not parked" : ""; };
    eventually("it is parked", parked);
    the.move(other, "Recruiter screen");
    the.stack.restart(Service::sync_clara);
    the.control("unknown", R"({"opportunity":")" + stranger + R"(","unknown":false})");
    the.stack.await_ready();
    the.all_become_right();
    const auto outcomes = the.outcomes(stranger);
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
    const auto before = the.oracle.requests("clara");
    // From the beginning of everything: all that was ever emitted comes again.
    the.move(opportunity, "offer");
    the.all_become_right();
    CHECK(the.oracle.states() != settled);
    CHECK(the.oracle.requests("clara") - before == 1);
    bool rebuilt = false;
    for (const auto& [name, log] : the.stack.service_logs()) {
        rebuilt = rebuilt || log.find("\"ledger.rebuilt\"") != std::string::npos;
    }
    CHECK(rebuilt);
    CHECK(the.oracle.violations() == "");
}
