// Webhooks get lost, doubled, late and forged; a sweep of Lever's own state makes up for all of it.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "tests/e2e/careers.hpp"
#include "tests/e2e/identities.hpp"
#include "tests/support/http_call.hpp"
#include "tests/support/seed.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

constexpr std::int64_t announced_within_ms = 60'000;

int people() {
    const char* number = std::getenv("HIREWIRE_SWEEP_OPPORTUNITIES");
    return number != nullptr ? std::atoi(number) : 40;
}

int late_by_ms() {
    const char* number = std::getenv("HIREWIRE_SWEEP_LATE_MS");
    return number != nullptr ? std::atoi(number) : 3'000;
}

Installation make() {
    return Installation{
        {std::begin(usual_services), std::end(usual_services)},
        std::vector<Setting>{{"lever-source", "sweep_interval", in_quotes("1h")}}};
}

// Ten transitions for everybody, of every kind.
void live_through(Installation& the, const std::vector<std::string>& everybody, Dice& dice) {
    Careers careers{the, dice};
    for (int round = 0; round < 10; ++round) {
        for (const auto& id : everybody) careers.move(id);
    }
}

std::string sweep(Installation& the) {
    const auto ended = the.run_of("sweep");
    CHECK(ended.exit_code == 0);
    CHECK(ended.log == "");
    return ended.output;
}

// The times of the webhooks that were taken, by opportunity.
std::map<std::string, std::vector<std::int64_t>> announcements(const Installation& the) {
    std::map<std::string, std::vector<std::int64_t>> times;
    // A forged one announces too: what is told because of it is Lever's own state all the same.
    for (const char* topic :
         {"lever.stage-changes", "lever.hires", "lever.archives", "lever.applications", "lever.deletions"}) {
        for (const auto& record : the.records(topic)) {
            const auto webhook = json::Document::parse(record.value.value_or(""));
            REQUIRE(webhook.has_value());
            times[record.key].push_back((*webhook)["triggeredAt"].integer());
        }
    }
    return times;
}

// One webhook in twenty, once more under its genuine signature, but with another's id and another event. Lever signs
// neither.
int forge(Installation& the, const std::vector<std::string>& everybody, Dice& dice) {
    int forged = 0;
    const auto log = the.stack.control("/_sandbox/webhooks");
    for (const auto& webhook : log.root().items()) {
        if (!dice.one_in(20)) continue;
        const auto genuine = json::Document::parse(webhook["body"].string());
        REQUIRE(genuine.has_value());
        const auto member = [&](const char* name) { return (*genuine)[name].text(); };
        http::Request request;
        request.method = http::Method::post;
        request.target = "/webhooks/lever";
        request.headers.push_back({"Content-Type", "application/json"});
        request.body = R"({"event":"candidateDeleted","triggeredAt":)" + member("triggeredAt") + R"(,"token":)" +
                       member("token") + R"(,"signature":)" + member("signature") + R"(,"data":{"opportunityId":")" +
                       dice.pick(everybody) + "\"}}";
        CHECK(call(the.stack[Service::receiver].port, request).status == 200);
        ++forged;
    }
    return forged;
}

}  // namespace

TEST_CASE("every webhook is lost: after one sweep all destinations equal Lever, and nothing is called news") {
    MESSAGE(how_to_repeat());
    Dice dice{seed()};
    auto the = make();
    the.delivery(R"({"drop":1.0})");
    const auto everybody = the.add(people());
    live_through(the, everybody, dice);
    MESSAGE(sweep(the));
    the.all_become_right();
    const auto all = changes(the);
    CHECK(all.size() >= everybody.size());
    CHECK(std::none_of(all.begin(), all.end(), [](const auto& c) { return c.live(); }));
    check_identities(the, all);
    CHECK(the.oracle.violations() == "");
    // A second one finds nothing new.
    sweep(the);
    the.all_become_right();
    CHECK(changes(the).size() == all.size());
}

TEST_CASE("webhooks are lost, doubled, late and forged: the same end, and no news that no webhook announced") {
    MESSAGE(how_to_repeat());
    Dice dice{seed() + 1};
    auto the = make();
    the.delivery(
        R"({"drop":0.3,"duplicate":0.3,"corrupt_signature":0.05,"reorder_ms":)" + std::to_string(late_by_ms()) + "}");
    const auto everybody = the.add(people());
    live_through(the, everybody, dice);
    CHECK(forge(the, everybody, dice) > 0);
    MESSAGE(sweep(the));
    the.all_become_right();
    const auto all = changes(the);
    check_identities(the, all);
    const auto told = announcements(the);
    std::size_t live = 0;
    for (const auto& change : all) {
        if (!change.live()) continue;
        ++live;
        CAPTURE(change.opportunity_id());
        const auto times = told.find(change.opportunity_id());
        REQUIRE(times != told.end());
        CHECK(std::any_of(times->second.begin(), times->second.end(), [&](std::int64_t at) {
            return std::llabs(at - change.occurred_at_ms()) <= announced_within_ms;
        }));
    }
    CHECK(live > 0);
    CHECK(the.oracle.violations() == "");
}
