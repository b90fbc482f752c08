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
    std::vector<Service> order{std::begin(all_services), std::end(all_services)};
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

// Each request that had an effect, by what it says: for finding the same said twice.
std::string statement(json::Value request) {
    return std::string{request["path"].string()} + " version " +
           std::string{request["headers"]["source-version"].string()};
}

}  // namespace

TEST_CASE("kill -9 of each service in the middle of a thousand transitions: all right in the end, nothing twice") {
    Stack stack{StackOptions{
        .services = {std::begin(all_services), std::end(all_services)},
        .sandbox = true,
        .sandbox_arguments = {"--no-rate-limit", "--seed", std::to_string(seed())},
        .settings = {
            {"lever", "requests_per_second", "1000"},
            {"lever", "burst", "1000"},
            {"sync", "lease", "\"5s\""},
            {"sync", "request_timeout", "\"4s\""},
            {"clara", "follow_up_statuses", R"(["On-site interview", "Reference check", "offer", "Underqualified"])"},
        }}};
    Oracle oracle{stack};
    std::mt19937 random{seed()};
    const auto death_at = deaths(random);

    std::vector<Opportunity> opportunities(opportunity_count);
    for (int i = 0; i < opportunity_count; ++i) {
        const auto link = R"({"cluster":{"job":"job-1","candidate":"c)" + std::to_string(i) + "\"}}";
        const bool linked = i % 2 == 0;
        auto& opportunity = opportunities[static_cast<std::size_t>(i)];
        const auto made = stack.control(http::Method::post, "/_sandbox/opportunities", linked ? link : "{}");
        opportunity.id = made["id"].string();
        if (linked) oracle.expect_at_cluster(opportunity.id);
    }
    eventually(
        "a hundred applications", [&] { return oracle.difference(); }, Milliseconds{60'000});

    // Slow enough that whoever is killed leaves something half done: a request that is carried out and whose answer
    // nobody hears.
    for (const std::string side : {"lever", "clara", "cluster", "cleary"}) {
        stack.control(http::Method::post, "/_sandbox/" + side + "/faults", R"({"latency_ms":40})");
    }

    std::optional<Service> dead;
    int revive_at = 0;
    const auto started = std::chrono::steady_clock::now();
    for (int i = 0; i < transition_count; ++i) {
        std::this_thread::sleep_until(started + i * pace);
        if (const auto death = death_at.find(i); death != death_at.end()) {
            dead = death->second;
            stack.kill9(*dead);
            revive_at = i + dead_for;
        }
        if (dead && i == revive_at) {
            stack.start(*dead);
            dead.reset();
        }
        auto& opportunity = opportunities[static_cast<std::size_t>(i % opportunity_count)];
        const auto move = next_move(opportunity, random);
        stack.control(http::Method::post, "/_sandbox/opportunities/" + opportunity.id + "/" + move.how, move.body);
    }
    MESSAGE(
        transition_count << " transitions in "
                         << std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count()
                         << " s");

    stack.await_ready();
    eventually(
        "everybody is right everywhere",
        [&] { return oracle.difference(); },
        Milliseconds{240'000},
        Milliseconds{250});
    MESSAGE(
        "all right after " << std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count()
                           << " s");

    // And stays right: what was under way when a service died must not come after.
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
    CHECK(oracle.violations() == "");

    const auto webhooks = stack.control("/_sandbox/webhooks");
    for (const auto& webhook : webhooks.root().items()) CHECK(webhook["state"].string() == "delivered");

    // No more effects than Lever had transitions: the application and the moves, at each destination.
    for (const std::string destination : {"clara", "cluster"}) {
        const auto state = stack.control("/_sandbox/" + destination + "/state");
        std::int64_t effects = 0;
        for (const auto& [id, belief] : state.root().members()) {
            CAPTURE(destination);
            CHECK(belief["effects"].integer() <= 1 + transition_count / opportunity_count);
            effects += belief["effects"].integer();
        }
        CHECK(effects > opportunity_count / 2);
        MESSAGE(destination << ": " << effects << " effects");
    }

    // CLARA: of what was answered 200 afresh (not replayed), no version of an opportunity was said twice, and no
    // question was asked twice.
    const auto sent = stack.control("/_sandbox/clara/requests");
    std::map<std::string, std::set<std::string>> keys_by_statement;
    std::map<std::string, int> questions;
    int repeats = 0;
    for (const auto& request : sent.root().items()) {
        if (request["method"].string() != "PUT") continue;
        keys_by_statement[statement(request)].emplace(request["headers"]["idempotency-key"].string());
        const auto body = json::Document::parse(request["body"].string());
        REQUIRE(body.has_value());
        const bool repeated = request["note"].string() == "replayed";
        repeats += repeated ? 1 : 0;
        const bool fresh = request["status"].integer() == 200 && !repeated;
        if (fresh && (*body)["follow_up"].boolean()) ++questions[statement(request)];
    }
    for (const auto& [what, count] : questions) CHECK(count == 1);
    for (const auto& [what, keys] : keys_by_statement) CHECK(keys.size() == 1);
    MESSAGE("clara: " << questions.size() << " questions, " << repeats << " requests repeated without effect");

    // Cleary: one creation a person, whatever became of the answer.
    const auto scim = stack.control("/_sandbox/cleary/requests");
    std::map<std::string, int> creations;
    for (const auto& request : scim.root().items()) {
        if (request["method"].string() != "POST" || request["status"].integer() != 201) continue;
        if (request["note"].string() == "replayed") continue;
        const auto body = json::Document::parse(request["body"].string());
        REQUIRE(body.has_value());
        ++creations[std::string{(*body)["externalId"].string()}];
    }
    CHECK(!creations.empty());
    for (const auto& [who, count] : creations) CHECK(count == 1);
}
