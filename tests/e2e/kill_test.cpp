// kill -9 of each of our services in the middle of a thousand transitions: nothing is lost, nothing happens twice.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "tests/support/delivery.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/oracle.hpp"
#include "tests/support/stack.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

constexpr int opportunity_count = 100;
constexpr int transition_count = 1'000;
constexpr Milliseconds pace{15};  // from one transition to the next
constexpr int dead_for = 60;      // transitions that a killed service misses before it is started again

// The moves and the moments of the kills; HIREWIRE_TEST_SEED plays another game than the usual one.
unsigned seed() {
    const char* text = std::getenv("HIREWIRE_TEST_SEED");
    return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : 2026;
}

// Which service is killed before which transition: each once, one dead at a time.
std::map<int, Service> deaths(std::mt19937& random) {
    std::vector<Service> order{std::begin(usual_services), std::end(usual_services)};
    std::shuffle(order.begin(), order.end(), random);
    std::map<int, Service> when;
    int earliest = 150;
    for (const auto service : order) {
        when[earliest + std::uniform_int_distribution<int>{0, 150 - dead_for - 1}(random)] = service;
        earliest += 150;
    }
    return when;
}

// An opportunity as the test moves it through Lever. Every move is a change of its effective status.
struct Opportunity {
    std::string id{};
    std::string stage = "applicant-new";
    std::string reason{};  // empty = not archived
};

struct Move {
    std::string how{};
    std::string body{};
};

Move next_move(Opportunity& opportunity, std::mt19937& random) {
    static const std::vector<std::string> stages{
        "applicant-new", "Recruiter screen", "On-site interview", "Reference check", "offer", "Background check"};
    static const std::vector<std::string> reasons{"Underqualified", "Withdrew", "Position closed", "Hired"};
    const auto other_than = [&random](const std::vector<std::string>& all, const std::string& present) {
        std::vector<std::string> others;
        std::copy_if(all.begin(), all.end(), std::back_inserter(others), [&](const auto& x) { return x != present; });
        return others[std::uniform_int_distribution<std::size_t>{0, others.size() - 1}(random)];
    };
    const bool settles = std::uniform_int_distribution<int>{0, 2}(random) == 0;
    if (!opportunity.reason.empty() && !settles) {
        opportunity.reason.clear();
        return {.how = "unarchive", .body = "{}"};
    }
    if (opportunity.reason.empty() && !settles) {
        opportunity.stage = other_than(stages, opportunity.stage);
        return {.how = "stage", .body = R"({"stage":")" + opportunity.stage + "\"}"};
    }
    opportunity.reason = other_than(reasons, opportunity.reason);
    if (opportunity.reason == "Hired") return {.how = "hire", .body = R"({"start_date":"2027-03-01"})"};
    return {.how = "archive", .body = R"({"reason":")" + opportunity.reason + "\"}"};
}

// The installation and who is in it; the test cases follow one another.
struct Installation {
    Stack stack{StackOptions{
        .services = {std::begin(usual_services), std::end(usual_services)},
        .sandbox = true,
        .sandbox_arguments = {"--no-rate-limit", "--seed", std::to_string(seed())},
        .settings = {
            {"lever", "requests_per_second", "1000"},
            {"lever", "burst", "1000"},
            {"sync", "lease", "\"8s\""},
            {"sync", "request_timeout", "\"3s\""},
            {"clara", "follow_up_statuses", R"(["On-site interview", "Reference check", "offer", "Underqualified"])"},
        }}};
    Oracle oracle{stack};
    std::mt19937 random{seed()};
    std::vector<Opportunity> opportunities{};
    std::map<std::string, int> moves{};  // by opportunity, the application included

    void add(bool at_cluster) {
        const auto candidate = "c" + std::to_string(opportunities.size());
        const auto link = R"({"cluster":{"job":"job-1","candidate":")" + candidate + "\"}}";
        const auto made = stack.control(http::Method::post, "/_sandbox/opportunities", at_cluster ? link : "{}");
        opportunities.push_back(Opportunity{.id = std::string{made["id"].string()}});
        ++moves[opportunities.back().id];
        if (at_cluster) oracle.expect_at_cluster(opportunities.back().id);
    }

    void carry_out(const Opportunity& opportunity, const Move& move) {
        ++moves[opportunity.id];
        stack.control(http::Method::post, "/_sandbox/opportunities/" + opportunity.id + "/" + move.how, move.body);
    }
    void move(Opportunity& opportunity) { carry_out(opportunity, next_move(opportunity, random)); }

    void slow_down(const std::vector<std::string>& sides, int latency_ms) {
        for (const auto& side : sides) {
            const auto fault = R"({"latency_ms":)" + std::to_string(latency_ms) + "}";
            stack.control(http::Method::post, "/_sandbox/" + side + "/faults", fault);
        }
    }

    void all_become_right() {
        stack.await_ready();
        eventually(
            "everybody is right everywhere",
            [this] { return oracle.difference(); },
            Milliseconds{240'000},
            Milliseconds{250});
        // And stay so: what was under way when a service died must not come after.
        auto settled = oracle.states();
        const auto restless = [&]() -> std::string {
            std::this_thread::sleep_for(Milliseconds{5'000});
            auto now = oracle.states();
            const bool quiet = now == settled;
            settled = std::move(now);
            return quiet ? "" : "a destination's state still moves";
        };
        eventually("quiet", restless, Milliseconds{60'000});
        CHECK(oracle.difference() == "");
    }

    json::Document requests(const std::string& destination) const {
        return stack.control("/_sandbox/" + destination + "/requests");
    }
};

Installation& installation() {
    static Installation one;
    return one;
}

// What a request says: for finding the same said twice.
std::string statement(json::Value request) {
    return std::string{request["method"].string()} + " " + std::string{request["path"].string()} + " version " +
           std::string{request["headers"]["source-version"].string()};
}

bool is_replay(json::Value request) {
    return request["note"].string() == "replayed";
}

// How many requests the destination recognised as ones that it had carried out before.
int replays(const std::string& destination) {
    const auto sent = installation().requests(destination);
    const auto all = sent.root().items();
    return static_cast<int>(std::count_if(all.begin(), all.end(), is_replay));
}

void check_nothing_happened_twice() {
    const auto& the = installation();
    CHECK(the.oracle.violations() == "");

    // No more effects than Lever had transitions.
    for (const std::string destination : {"clara", "cluster"}) {
        const auto state = the.stack.control("/_sandbox/" + destination + "/state");
        for (const auto& [id, belief] : state.root().members()) {
            if (!belief["status"].is_object()) continue;  // what Cluster keeps beside its candidates
            CHECK(belief["effects"].integer() <= the.moves.at(std::string{id}));
        }
    }

    // The same said again is said under the same key, and no question was put twice.
    const auto sent = the.requests("clara");
    std::map<std::string, std::set<std::string>> keys;
    std::map<std::string, int> questions;
    for (const auto& request : sent.root().items()) {
        keys[statement(request)].emplace(request["headers"]["idempotency-key"].string());
        if (request["status"].integer() != 200 || is_replay(request)) continue;
        const auto body = json::Document::parse(request["body"].string());
        REQUIRE(body.has_value());
        if ((*body)["follow_up"].boolean()) ++questions[statement(request)];
    }
    for (const auto& entry : keys) CHECK(entry.second.size() == 1);
    for (const auto& entry : questions) CHECK(entry.second == 1);
    CHECK(!questions.empty());

    // One creation a person, whatever became of the answer.
    const auto scim = the.requests("cleary");
    std::map<std::string, int> creations;
    for (const auto& request : scim.root().items()) {
        if (request["method"].string() != "POST" || request["status"].integer() != 201 || is_replay(request))
            continue;
        const auto body = json::Document::parse(request["body"].string());
        REQUIRE(body.has_value());
        ++creations[std::string{(*body)["externalId"].string()}];
    }
    CHECK(!creations.empty());
    for (const auto& entry : creations) CHECK(entry.second == 1);
}

}  // namespace

TEST_CASE("kill -9 of each service in the middle of a thousand transitions: all right in the end, nothing twice") {
    auto& the = installation();
    for (int i = 0; i < opportunity_count; ++i) the.add(i % 2 == 0);
    eventually(
        "a hundred applications", [&] { return the.oracle.difference(); }, Milliseconds{60'000});
    // Slow enough that something is always under way.
    the.slow_down({"lever", "clara", "cluster", "cleary"}, 40);

    const auto death_at = deaths(the.random);
    std::optional<Service> dead;
    int revive_at = 0;
    const auto started = std::chrono::steady_clock::now();
    for (int i = 0; i < transition_count; ++i) {
        std::this_thread::sleep_until(started + i * pace);
        if (const auto death = death_at.find(i); death != death_at.end()) {
            dead = death->second;
            the.stack.kill9(*dead);
            revive_at = i + dead_for;
        }
        if (dead && i == revive_at) {
            the.stack.start(*dead);
            dead.reset();
        }
        the.move(the.opportunities[static_cast<std::size_t>(i % opportunity_count)]);
    }
    the.all_become_right();
    check_nothing_happened_twice();
    const auto webhooks = the.stack.control("/_sandbox/webhooks");
    for (const auto& webhook : webhooks.root().items()) CHECK(webhook["state"].string() == "delivered");
}

TEST_CASE("kill -9 of the sync daemons while their requests are under way: each is carried out once") {
    auto& the = installation();
    constexpr int hires = 20;
    for (int i = 0; i < hires; ++i) the.add(true);
    the.slow_down({"lever"}, 0);
    the.slow_down({"clara", "cluster", "cleary"}, 0);
    the.all_become_right();

    // Every request now takes a second to be carried out, so a daemon dies before it hears of it. Nothing moves
    // afterwards: the same is to be said again.
    the.slow_down({"clara", "cluster", "cleary"}, 1'000);
    const auto first_hire = the.opportunities.size() - hires;
    for (std::size_t i = 0; i < the.opportunities.size(); ++i) {
        auto& opportunity = the.opportunities[i];
        if (i < first_hire) {
            the.move(opportunity);
        } else {
            the.carry_out(opportunity, {.how = "hire", .body = R"({"start_date":"2027-04-01"})"});
        }
    }
    const std::map<Service, std::pair<std::string, std::string>> writes{
        {Service::sync_clara, {"clara", "PUT"}},
        {Service::sync_cluster, {"cluster", "PUT"}},
        {Service::sync_cleary, {"cleary", "POST"}}};
    for (const auto& entry : writes) {
        const auto& [destination, method] = entry.second;
        const auto wrong = [&, to = destination, how = method]() -> std::string {
            const auto sent = the.requests(to);
            const auto all = sent.root().items();
            const auto open = std::count_if(all.begin(), all.end(), [&](const auto& request) {
                return request["status"].integer() == -1 && request["method"].string() == how;
            });
            return open >= 3 ? "" : std::to_string(open) + " writes under way at " + to;
        };
        eventually("writes are under way", wrong, Milliseconds{30'000}, Milliseconds{20});
        the.stack.kill9(entry.first);
    }
    for (const auto& entry : writes) the.stack.start(entry.first);
    the.all_become_right();
    the.slow_down({"clara", "cluster", "cleary"}, 0);

    check_nothing_happened_twice();
    for (const std::string destination : {"clara", "cluster"}) {
        CHECK(replays(destination) > 0);
        MESSAGE(destination << " was told again of " << replays(destination) << " changes that it had carried out");
    }
}
