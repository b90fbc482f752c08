// What every destination owes, whatever its rules: one suite for all.
#include <doctest/doctest.h>

#include "common/http/client.hpp"
#include "common/json/value.hpp"
#include "services/sync-clara/rules.hpp"
#include "services/sync-cleary/rules.hpp"
#include "services/sync-clinch/rules.hpp"
#include "services/sync-cluster/rules.hpp"
#include "tests/support/case_runner.hpp"
#include "tests/support/change_builders.hpp"

using namespace hirewire;

namespace {

constexpr std::int64_t now = 1'772'463'905'123;

std::vector<std::unique_ptr<sync::Destination>> all() {
    const std::string root = std::string{HIREWIRE_SOURCE_DIR} + "/tests/unit/services/";
    std::vector<std::unique_ptr<sync::Destination>> destinations;
    destinations.push_back(testing::configured(clara::make_destination(), root + "sync-clara/cases/config.toml"));
    destinations.push_back(testing::configured(cluster::make_destination(), root + "sync-cluster/cases/config.toml"));
    destinations.push_back(testing::configured(cleary::make_destination(), root + "sync-cleary/cases/config.toml"));
    destinations.push_back(testing::configured(clinch::make_destination(), root + "sync-clinch/cases/config.toml"));
    return destinations;
}

// One change of each kind, and a few odd ones.
std::vector<v1::Change> changes() {
    std::vector<v1::Change> result;
    for (int kind = v1::ChangeKind_MIN; kind <= v1::ChangeKind_MAX; ++kind) {
        auto change = kind == v1::CHANGE_KIND_HIRED ? testing::hire(now) : testing::stage_change(now);
        change.set_kind(static_cast<v1::ChangeKind>(kind));
        change.mutable_mark()->set_deleted(kind == v1::CHANGE_KIND_DELETED);
        change.mutable_mark()->set_anonymized(kind == v1::CHANGE_KIND_ANONYMIZED);
        result.push_back(change);
    }
    auto archived = testing::stage_change(now);
    archived.set_kind(v1::CHANGE_KIND_ARCHIVED);
    *archived.mutable_status() = testing::archive_reason("r", "Under\"qualified\"\n");
    result.push_back(archived);
    auto details = testing::hire(now);
    details.set_kind(v1::CHANGE_KIND_DETAILS_CHANGED);
    details.set_live(false);
    result.push_back(details);
    auto odd_ids = testing::hire(now, "a/b?c d%");
    odd_ids.set_contact_id("x\"y/z");
    odd_ids.mutable_cluster()->set_job_id("../../admin");
    result.push_back(odd_ids);
    result.emplace_back();  // nothing at all
    return result;
}

std::vector<sync::Situation> situations() {
    return {
        {.backfill = false, .late = false},
        {.backfill = false, .late = true},
        {.backfill = true, .late = false},
        {.backfill = true, .late = true}};
}

sync::Person ada() {
    sync::Person person;
    person.name = "Ada Park";
    person.emails = {"ada.park@example.net"};
    person.phones = {"+1 555 0100"};
    person.location = "Berlin";
    person.headline = "Engineer at Example";
    person.start_date = "2026-12-01";
    return person;
}

std::string user(bool active, const std::string& type) {
    return R"({"id":"u-1","externalId":"lever:contact:contact-of-opportunity-1","userName":"lever-1","active":)" +
           std::string{active ? "true" : "false"} + R"(,"userType":")" + type +
           R"(","name":{"givenName":"Adah","familyName":"Park"},"emails":[{"value":"ada@home.test","type":"home"}],)" +
           R"("meta":{"version":"W/\"1\""}})";
}

// Every request of a plan when each of the destination's answers is one of these, in every combination.
struct Crawl {
    std::vector<http::Request> requests{};
    std::vector<std::string> decisions{};
    bool asks_for_a_person = false;

    void from(const sync::Destination& destination, const v1::Change& change, const sync::Situation& situation) {
        explore(destination.plan(change, situation), 0);
    }

    void explore(const sync::Plan& plan, int depth) {
        REQUIRE(depth < 12);
        if (const auto* send = std::get_if<sync::Send>(&plan.step)) {
            requests.push_back(send->request);
            for (const auto& answer : answers()) explore(send->then(answer), depth + 1);
        } else if (const auto* ask = std::get_if<sync::AskPerson>(&plan.step)) {
            asks_for_a_person = true;
            explore(ask->then(std::nullopt), depth + 1);
            explore(ask->then(ada()), depth + 1);
        } else {
            decisions.push_back(testing::decision_text(plan));
        }
    }

    static const std::vector<sync::Answer>& answers() {
        static const std::vector<sync::Answer> all = [] {
            std::vector<sync::Answer> made;
            for (const int status : {200, 201, 204, 302, 400, 401, 403, 404, 409, 410, 412, 422, 429, 503}) {
                made.push_back(http::Reply{.status = status});
            }
            made.push_back(http::Reply{.status = 200, .body = R"({"totalResults":0,"Resources":[]})"});
            for (const char* type : {"Preboarding", "Employee"}) {
                made.push_back(http::Reply{
                    .status = 200, .body = R"({"totalResults":1,"Resources":[)" + user(true, type) + "]}"});
            }
            made.push_back(http::Reply{.status = 409, .body = R"({"scimType":"uniqueness"})"});
            made.push_back(http::Reply{.status = 400, .body = R"({"scimType":"mutability","detail":"Ada Park"})"});
            made.push_back(
                http::Reply{.status = 200, .body = R"({"patch":{"supported":true},"etag":{"supported":true}})"});
            made.push_back(http::Reply{
                .status = 200,
                .body =
                    R"({"data":[{"type":"candidate","id":"c-1","attributes":{"email":"ada.park@example.net"}}]})"});
            made.push_back(http::make_error_code(http::Errc::timed_out));
            return made;
        }();
        return all;
    }
};

}  // namespace

TEST_CASE("every destination: each kind of change in each situation comes to a decision, whatever is answered") {
    for (const auto& destination : all()) {
        CAPTURE(destination->name());
        for (const auto& change : changes()) {
            CAPTURE(v1::ChangeKind_Name(change.kind()));
            for (const auto& situation : situations()) {
                Crawl crawl;
                crawl.from(*destination, change, situation);
                CHECK_FALSE(crawl.decisions.empty());
                for (const auto& request : crawl.requests) {
                    CHECK(request.target.starts_with("/"));
                    CHECK(request.target.find_first_of(" \"\n") == std::string::npos);
                    CHECK(request.target.find("/../") == std::string::npos);
                    if (!request.body.empty()) CHECK(json::Document::parse(request.body).has_value());
                }
            }
        }
    }
}

TEST_CASE("every destination: the same change twice is the same bytes") {
    for (const auto& destination : all()) {
        for (const auto& change : changes()) {
            Crawl first;
            Crawl second;
            first.from(*destination, change, {});
            second.from(*destination, change, {});
            REQUIRE(first.requests.size() == second.requests.size());
            for (std::size_t i = 0; i < first.requests.size(); ++i) {
                CHECK(first.requests[i].target == second.requests[i].target);
                CHECK(first.requests[i].body == second.requests[i].body);
            }
        }
    }
}

TEST_CASE("every destination: decisions hold no personal data, nor do writes, but for Cleary's") {
    const std::vector<std::string> personal{"Ada", "Park", "ada", "example.net", "home.test", "555", "Berlin"};
    for (const auto& destination : all()) {
        for (const auto& change : changes()) {
            Crawl crawl;
            crawl.from(*destination, change, {});
            for (const auto& word : personal) {
                for (const auto& decision : crawl.decisions) CHECK(decision.find(word) == std::string::npos);
                if (destination->name() == "cleary") continue;
                for (const auto& request : crawl.requests) {
                    // Clinch is asked for the candidate who has the address, and told no more of the person.
                    if (destination->name() == "clinch" && request.target.starts_with("/candidates?")) continue;
                    CHECK(request.body.find(word) == std::string::npos);
                    CHECK(request.target.find(word) == std::string::npos);
                }
            }
            CHECK((!crawl.asks_for_a_person || destination->asks_for_people()));
        }
    }
}

TEST_CASE("every destination: deleted and anonymized people are not told of") {
    for (const auto& destination : all()) {
        for (const auto& change : changes()) {
            if (!change.mark().deleted() && !change.mark().anonymized()) continue;
            Crawl crawl;
            crawl.from(*destination, change, {});
            CHECK(crawl.requests.empty());
            CHECK(crawl.decisions == std::vector<std::string>{"outcome: skipped, deleted or anonymized in Lever"});
        }
    }
}

TEST_CASE("CLARA: nobody is asked anything because of a backfill, late news or a status that does not change") {
    const auto destination = testing::configured(
        clara::make_destination(),
        std::string{HIREWIRE_SOURCE_DIR} + "/tests/unit/services/sync-clara/cases/config.toml");
    const auto follow_up = [&](const v1::Change& change, const sync::Situation& situation) {
        Crawl crawl;
        crawl.from(*destination, change, situation);
        return (*json::Document::parse(crawl.requests.at(0).body))["follow_up"].boolean();
    };
    const auto news = testing::stage_change(now);
    CHECK(follow_up(news, {}));
    CHECK_FALSE(follow_up(news, {.backfill = true, .late = false}));
    CHECK_FALSE(follow_up(news, {.backfill = false, .late = true}));
    auto not_live = news;
    not_live.set_live(false);
    CHECK_FALSE(follow_up(not_live, {}));
    auto same = news;
    *same.mutable_previous_status() = same.status();
    CHECK_FALSE(follow_up(same, {}));
    auto unlisted = news;
    *unlisted.mutable_status() = testing::stage("phone", "Phone screen");
    CHECK_FALSE(follow_up(unlisted, {}));
}

TEST_CASE("Cleary: no call ever makes somebody active, gives a work address or a primary one") {
    for (const auto& destination : all()) {
        if (destination->name() != "cleary") continue;
        for (const auto& change : changes()) {
            Crawl crawl;
            crawl.from(*destination, change, {});
            for (const auto& request : crawl.requests) {
                CHECK(request.method != http::Method::del);
                CHECK(request.body.find(R"("active":true)") == std::string::npos);
                CHECK(request.body.find("work") == std::string::npos);
                CHECK(request.body.find("primary") == std::string::npos);
                // Nobody's name or address in a URL, where logs would keep it.
                CHECK(request.target.find("example.net") == std::string::npos);
            }
        }
    }
}
