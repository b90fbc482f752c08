// What Clinch's rules do over time: taking back, retrying, refusing. Single changes are the cases beside this.
#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/json/value.hpp"
#include "common/json/writer.hpp"
#include "common/sync/delivery.hpp"
#include "services/sync-clinch/rules.hpp"
#include "tests/support/case_runner.hpp"
#include "tests/support/change_builders.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/fake_producer.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"

using namespace hirewire;
using clinch::record_id;
using testing::archive_reason;
using testing::finish;
using testing::stage;

namespace {

constexpr std::int64_t now = 1'772'463'905'123;

clinch::Settings settings() {
    clinch::Settings made;
    made.success_states = "offer, hired";
    made.failure_states = "underqualified";
    return made;
}

v1::Change moved(std::int64_t at, const v1::Status& from, const v1::Status& to) {
    auto change = testing::stage_change(at);
    *change.mutable_previous_status() = from;
    *change.mutable_status() = to;
    return change;
}

const v1::Status offer = stage("offer", "Offer");
const v1::Status phone = stage("phone", "Phone screen");
const v1::Status screening = stage("screening", "Screening");
const v1::Status underqualified = archive_reason("r-1", "Underqualified");

std::string record(const std::string& id, std::string_view outcome) {
    json::Writer out;
    out.begin_object().key("data").begin_object().member("type", "candidate_outcome").member("id", id);
    out.key("attributes").begin_object().member("outcome", outcome).end_object().key("relationships").begin_object();
    for (const auto* type : {"candidate", "job"}) {
        out.key(type).begin_object().key("data").begin_object();
        out.member("type", type).member("id", std::string{type} + "-9").end_object().end_object();
    }
    out.end_object().end_object().end_object();
    return out.text();
}

const std::string ada_there =
    R"({"data":[{"type":"candidate","id":"c-1","attributes":{"email":"ada.park@example.net"}}]})";

// Clinch as a few records by their versions, of one opportunity; nobody may be asked for a person.
struct Play {
    std::map<std::string, std::string> records{};  // outcomes by id
    std::vector<http::Request> sent{};
    bool asked = false;

    std::string decide(const v1::Change& change, const sync::Situation& situation, const clinch::Settings& with) {
        testing::Neighbours neighbours;
        neighbours.lever_source = [this]() -> std::optional<sync::Person> {
            asked = true;
            sync::Person person;
            person.emails = {"ada.park@example.net"};
            return person;
        };
        neighbours.destination = [this](const http::Request& request) -> sync::Answer {
            sent.push_back(request);
            http::Reply reply;
            reply.status = request.method == http::Method::post ? 201 : 200;
            if (request.target.starts_with("/candidates?")) {
                reply.body = ada_there;
            } else if (request.method == http::Method::get) {
                const auto id = request.target.substr(request.target.rfind('/') + 1);
                const auto found = records.find(id);
                if (found == records.end()) {
                    reply.status = 404;
                } else {
                    reply.body = record(id, found->second);
                }
            }
            return reply;
        };
        return testing::decision_text(testing::follow(clinch::record_outcome(change, situation, with), neighbours));
    }
};

sync::Situation after(std::int64_t applied_version) {
    sync::Situation situation;
    situation.applied_version = applied_version;
    return situation;
}

std::string id_of(std::int64_t version) {
    return record_id("opportunity-1", version);
}

std::string read_of(std::int64_t version) {
    return "/candidate_outcomes/" + id_of(version);
}

// The daemon's own way, with everybody else in memory.
struct Bench {
    Bench() {
        delivery_settings.access_id = "an-id";
        delivery_settings.token = "a-key";
        delivery_settings.base_path = "/v2";
        internal.otherwise.body = R"({"name":"Ada Park","emails":["ada.park@example.net"]})";
        finish(store.prepare_ledger("clinch", 2, "rebuild"));
        finish(store.open_ledger("clinch", 2, "rebuild"));
        clock.advance(Milliseconds{10'000});
    }

    pipeline::Verdict attempt(const v1::Change& change, int number = 1) {
        if (!delivery) {
            delivery = std::make_unique<sync::Delivery>(
                delivery_settings, *destination, client, internal, store, producer, clock, metrics);
        }
        const auto job = testing::job_of({change}, number);
        return finish(delivery->attempt(job)).verdict;
    }
    v1::Outcome last_outcome() const {
        v1::Outcome outcome;
        REQUIRE(outcome.ParseFromString(*producer.of("sync.outcomes").back().value));
        return outcome;
    }
    void emit(const v1::Change& change) {
        finish(store.remember_change("opportunity-1", change.SerializeAsString()));
    }

    testing::ManualClock clock;
    testing::FakeStore store{clock};
    testing::FakeProducer producer;
    testing::FakeClient client;
    testing::FakeClient internal;
    metrics::Registry metrics;
    sync::DeliverySettings delivery_settings;
    std::unique_ptr<sync::Destination> destination = testing::configured(
        clinch::make_destination(),
        std::string{HIREWIRE_SOURCE_DIR} + "/tests/unit/services/sync-clinch/cases/config.toml");
    std::unique_ptr<sync::Delivery> delivery;
};

}  // namespace

TEST_CASE("#43 Clinch: leaving a state that counts takes its record back, and nobody is asked who that is") {
    Play play;
    play.records[id_of(7)] = "success";
    const auto change = moved(now, offer, phone);
    CHECK(play.decide(change, after(7), settings()) == "outcome: applied");
    CHECK_FALSE(play.asked);
    REQUIRE(play.sent.size() == 2);
    CHECK(play.sent[0].target == read_of(7));
    const auto body = json::Document::parse(play.sent[1].body);
    REQUIRE(body.has_value());
    const auto data = (*body)["data"];
    CHECK(data["id"].string() == id_of(change.version()));
    CHECK(data["attributes"]["outcome"].string() == "reverted");
    CHECK(data["attributes"]["state"].string() == "phone screen");
    CHECK(data["relationships"]["candidate"]["data"]["id"].string() == "candidate-9");
    CHECK(data["relationships"]["job"]["data"]["id"].string() == "job-9");
}

TEST_CASE("#43 Clinch: un-hired after a hire that counted is reverted; re-archived as a failure is a failure") {
    Play play;
    play.records[id_of(7)] = "success";
    auto change = moved(now, archive_reason("r-hired", "Hired"), phone);
    change.set_kind(v1::CHANGE_KIND_UNHIRED);
    CHECK(play.decide(change, after(7), settings()) == "outcome: applied");
    CHECK(play.sent.back().body.find("\"reverted\"") != std::string::npos);
    CHECK(play.decide(moved(now + 1, phone, underqualified), after(8), settings()) == "outcome: applied");
    CHECK(play.sent.back().body.find("\"failure\"") != std::string::npos);
}

TEST_CASE("#43 Clinch: what is taken back before, or was never recorded, is not taken back") {
    Play play;
    const auto change = moved(now, offer, phone);
    CHECK(
        play.decide(change, after(7), settings()) ==
        "outcome: unchanged, neither success nor failure, and nothing recorded to take back");
    play.records[id_of(7)] = "reverted";
    CHECK(play.decide(change, after(7), settings()) == "outcome: unchanged, taken back before");
    for (const auto& request : play.sent) CHECK(request.method == http::Method::get);
}

TEST_CASE("#43 Clinch: a taking back whose answer was lost is not done again by the change that overtakes it") {
    Play play;
    auto situation = after(7);
    situation.older = {moved(now - 1, offer, phone)};
    play.records[id_of(7)] = "success";
    play.records[id_of(situation.older[0].version())] = "reverted";
    const auto change = moved(now, phone, screening);
    CHECK(play.decide(change, situation, settings()) == "outcome: unchanged, taken back before");
    for (const auto& request : play.sent) CHECK(request.method == http::Method::get);
}

TEST_CASE("#43 Clinch: what a change overtakes may have arrived, so it is looked for, the newest first") {
    Play play;
    auto situation = after(7);
    situation.older = {moved(now - 3, phone, offer), moved(now - 2, offer, underqualified)};
    const auto first = situation.older[0].version();
    const auto second = situation.older[1].version();
    const auto change = moved(now, screening, phone);
    const auto looks = [&play] {
        std::vector<std::string> targets;
        for (const auto& request : play.sent) {
            if (request.method == http::Method::get) targets.push_back(request.target);
        }
        return targets;
    };
    using Targets = std::vector<std::string>;
    SUBCASE("the newest") {
        play.records[id_of(second)] = "failure";
        play.records[id_of(first)] = "success";
        CHECK(play.decide(change, situation, settings()) == "outcome: applied");
        CHECK(looks() == Targets{read_of(second)});
    }
    SUBCASE("the one before") {
        play.records[id_of(first)] = "success";
        CHECK(play.decide(change, situation, settings()) == "outcome: applied");
        CHECK(looks() == Targets{read_of(second), read_of(first)});
    }
    SUBCASE("what was settled") {
        play.records[id_of(7)] = "success";
        CHECK(play.decide(change, situation, settings()) == "outcome: applied");
        CHECK(looks() == Targets{read_of(second), read_of(first), read_of(7)});
    }
}

TEST_CASE("#43 Clinch: with Clinch's own ids, what was left is the evidence that something is to be taken back") {
    Play play;
    auto with = settings();
    with.client_ids = false;
    const auto left = moved(now, offer, phone);
    CHECK(play.decide(left, after(7), with) == "outcome: applied");
    CHECK(play.asked);
    REQUIRE(play.sent.size() == 2);
    CHECK(play.sent[1].body.find("\"reverted\"") != std::string::npos);
    CHECK((*json::Document::parse(play.sent[1].body))["data"]["id"].is_null());

    Play nothing;
    auto first_sync = after(7);
    first_sync.backfill = true;
    first_sync.first_sync = true;
    for (const auto& situation : {after(0), first_sync}) {
        CHECK(nothing.decide(left, situation, with).starts_with("outcome: unchanged"));
    }
    CHECK(nothing.decide(moved(now, phone, screening), after(7), with).starts_with("outcome: unchanged"));
    CHECK(nothing.sent.empty());
    CHECK_FALSE(nothing.asked);
}

TEST_CASE("#43 Clinch: a change that takes back is told though a newer one is on its way, unless nobody may hear") {
    Bench b;
    const auto entered = moved(now, phone, offer);
    const auto left = moved(now + 1'000, offer, phone);
    auto newer = moved(now + 2'000, phone, screening);
    b.client.will_answer(200, ada_there);
    b.client.will_answer(201);
    CHECK(std::holds_alternative<pipeline::Done>(b.attempt(entered)));
    REQUIRE(b.client.requests.size() == 2);
    SUBCASE("told") {
        b.emit(newer);
        b.client.will_answer(200, record(id_of(entered.version()), "success"));
        b.client.will_answer(201);
        CHECK(std::holds_alternative<pipeline::Done>(b.attempt(left)));
        REQUIRE(b.client.requests.size() == 4);
        CHECK(b.client.requests[3].body.find("\"reverted\"") != std::string::npos);
        CHECK(b.last_outcome().outcome() == v1::OUTCOME_KIND_APPLIED);
    }
    SUBCASE("the newer one counts itself, and says all") {
        *newer.mutable_status() = underqualified;
        newer.set_live(false);
        b.emit(newer);
        CHECK(std::holds_alternative<pipeline::Done>(b.attempt(left)));
        CHECK(b.last_outcome().outcome() == v1::OUTCOME_KIND_SUPERSEDED);
    }
    SUBCASE("deleted since") {
        newer.mutable_mark()->set_deleted(true);
        b.emit(newer);
        CHECK(std::holds_alternative<pipeline::Done>(b.attempt(left)));
        CHECK(b.last_outcome().outcome() == v1::OUTCOME_KIND_SUPERSEDED);
        CHECK(b.client.requests.size() == 2);
    }
}

TEST_CASE("#43 Clinch, check 11: archived as Underqualified with the stage Offer left over is a failure") {
    Bench b;
    auto change = moved(now, offer, underqualified);
    change.set_kind(v1::CHANGE_KIND_ARCHIVED);
    change.mutable_mark()->set_stage_id("offer");
    b.client.will_answer(200, ada_there);
    b.client.will_answer(201);
    CHECK(std::holds_alternative<pipeline::Done>(b.attempt(change)));
    REQUIRE(b.client.requests.size() == 2);
    const auto body = json::Document::parse(b.client.requests[1].body);
    REQUIRE(body.has_value());
    CHECK((*body)["data"]["attributes"]["outcome"].string() == "failure");
    CHECK((*body)["data"]["attributes"]["state"].string() == "underqualified");
    CHECK(b.last_outcome().outcome() == v1::OUTCOME_KIND_APPLIED);
}

TEST_CASE("Clinch, check 12: a retry after 20 minutes has a fresh Date and signature, the same body, id and key") {
    Bench b;
    const auto change = moved(now, phone, offer);
    b.client.will_answer(200, ada_there);
    b.client.will_answer(503);
    CHECK(std::holds_alternative<pipeline::Weather>(b.attempt(change)));
    b.clock.advance(std::chrono::minutes{20});
    b.client.will_answer(200, ada_there);
    b.client.will_answer(201);
    CHECK(std::holds_alternative<pipeline::Done>(b.attempt(change, 2)));
    REQUIRE(b.client.requests.size() == 4);
    const auto& first = b.client.requests[1];
    const auto& second = b.client.requests[3];
    const auto header = [](const http::Request& request, std::string_view name) {
        return std::string{http::header(request.headers, name)};
    };
    CHECK(first.body == second.body);
    CHECK(first.body.find(id_of(change.version())) != std::string::npos);
    for (const auto* name : {"Idempotency-Key", "Source-Version", "Content-MD5", "Content-Type", "Accept"}) {
        CAPTURE(name);
        CHECK_FALSE(header(first, name).empty());
        CHECK(header(first, name) == header(second, name));
    }
    CHECK(header(first, "Content-Type") == "application/vnd.api+json");
    CHECK(header(second, "Date") == http_date(b.clock.now()));
    CHECK(header(first, "Date") == http_date(b.clock.now() - std::chrono::minutes{20}));
    CHECK(header(first, "Authorization").starts_with("APIAuth an-id:"));
    CHECK(header(first, "Authorization") != header(second, "Authorization"));
}

TEST_CASE("Clinch: when a signature is refused and the clocks are apart, the reason of the hold says so") {
    Bench b;
    const auto change = moved(now, phone, offer);
    const std::string date = http_date(b.clock.now() - std::chrono::minutes{20});
    b.client.will_answer(401, {}, {{"Date", date}});
    const auto verdict = b.attempt(change);
    REQUIRE(std::holds_alternative<pipeline::Hold>(verdict));
    CHECK(
        std::get<pipeline::Hold>(verdict).reason ==
        "answered 401; our clock is 1200 s ahead of the destination's, and a signature is good for 15 minutes");
    CHECK(b.last_outcome().outcome() == v1::OUTCOME_KIND_HELD);
    // The clock is right: it is the key.
    b.client.will_answer(401, {}, {{"Date", http_date(b.clock.now())}});
    const auto again = b.attempt(change, 2);
    REQUIRE(std::holds_alternative<pipeline::Hold>(again));
    CHECK(std::get<pipeline::Hold>(again).reason == "answered 401");
}

TEST_CASE("#44 Clinch: what is confidential is never sent, whatever the opt-in says") {
    Bench b;
    b.delivery_settings.confidential = true;
    auto candidate = moved(now, phone, offer);
    candidate.set_confidential(true);
    auto job = moved(now + 1, phone, offer);
    job.mutable_posting()->set_confidential(true);
    for (const auto& change : {candidate, job}) {
        CHECK(std::holds_alternative<pipeline::Done>(b.attempt(change)));
        CHECK(b.last_outcome().outcome() == v1::OUTCOME_KIND_SKIPPED);
        CHECK(b.last_outcome().reason() == "confidential");
    }
    CHECK(b.client.requests.empty());
    CHECK(b.internal.requests.empty());
}

TEST_CASE("#44 #45 Clinch: reads are a look-up and our own record, the one write is a record about Lever's posting") {
    for (const auto& rule_case :
         testing::read_cases(std::string{HIREWIRE_SOURCE_DIR} + "/tests/unit/services/sync-clinch/cases")) {
        CAPTURE(rule_case.name);
        if (rule_case.posting) continue;
        const auto own = rule_case.folder / "config.toml";
        const auto destination = testing::configured(
            clinch::make_destination(),
            std::filesystem::exists(own) ? own : rule_case.folder.parent_path() / "config.toml");
        std::size_t next = 0;
        testing::Neighbours neighbours;
        neighbours.lever_source = [&rule_case] { return rule_case.person; };
        neighbours.destination = [&](const http::Request& request) -> sync::Answer {
            if (request.method == http::Method::get) {
                CHECK(
                    (request.target.starts_with("/candidates?") ||
                     request.target.starts_with("/candidate_outcomes/")));
                CHECK(request.body.empty());
            } else {
                CHECK(request.method == http::Method::post);
                CHECK(request.target == "/candidate_outcomes");
                const auto body = json::Document::parse(request.body);
                REQUIRE(body.has_value());
                const auto job = (*body)["data"]["relationships"]["job"]["data"];
                CHECK(job["id"].string() == rule_case.change.posting().id());
                for (const auto* word : {"Ada", "Park", "ada.park", "example.net"}) {
                    CHECK(request.body.find(word) == std::string::npos);
                }
            }
            return rule_case.answers.at(next++);
        };
        testing::follow(destination->plan(rule_case.change, rule_case.situation), neighbours);
    }
}
