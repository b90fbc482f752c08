#include "common/sync/delivery.hpp"

#include <doctest/doctest.h>

#include <set>

#include "common/json/writer.hpp"
#include "common/pipeline/history.hpp"
#include "common/sync/cancelled_runs.hpp"
#include "common/sync/judge.hpp"
#include "common/sync/replay_spec.hpp"
#include "tests/support/change_builders.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/fake_producer.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"

using namespace hirewire;
using namespace hirewire::sync;
using testing::finish;
using testing::hire;
using testing::job_of;
using testing::stage_change;

namespace {

// A destination as simple as can be: PUT the status; who is hired is asked for first.
class Plain final : public Destination {
public:
    [[nodiscard]] std::string_view name() const override { return "plain"; }
    [[nodiscard]] std::uint16_t default_admin_port() const override { return 0; }
    void declare(config::Section&) override {}
    [[nodiscard]] std::string resource(const v1::Change& change) const override { return change.contact_id(); }
    [[nodiscard]] Plan plan(const v1::Change& change, const Situation& situation) const override {
        situations.push_back(situation);
        lives.push_back(change.live());
        if (skip) return {Settle{.outcome = v1::OUTCOME_KIND_SKIPPED, .reason = "none of its business"}};
        if (!change.hired()) return put(change, change.status().id());
        return {AskPerson{.then = [change](const std::optional<Person>& person) -> Plan {
            if (!person)
                return {Settle{.outcome = v1::OUTCOME_KIND_NOT_VISIBLE, .reason = "Lever does not show this person"}};
            return put(change, person->name);
        }}};
    }

    static Plan put(const v1::Change& change, const std::string& body) {
        http::Request request;
        request.method = http::Method::put;
        request.target = "/status/" + change.opportunity_id();
        request.body = body;
        return {Send{.request = std::move(request), .then = [](const Answer& a) { return judge(a, false); }}};
    }

    void authorize(http::Request& request, const Credential& credential, std::string_view base_path, Timestamp now)
        const override {
        if (!signs) return Destination::authorize(request, credential, base_path, now);
        std::string text = credential.access_id + " " + credential.secret + " " + std::string{base_path} + " ";
        for (const auto& header : request.headers) text += header.name + ",";
        request.headers.push_back({"Authorization", text + " " + http_date(now)});
    }
    [[nodiscard]] std::string why_refused(const http::Reply& reply, Timestamp) const override {
        return reply.status == 401 ? why : std::string{};
    }
    [[nodiscard]] bool must_be_told(const v1::Change& change, const v1::Change& newer) const override {
        return change.version() == told && newer.version() > told;
    }

    bool skip = false;
    bool signs = false;
    std::string why{};
    std::int64_t told = 0;  // the version that must be
    mutable std::vector<Situation> situations{};
    mutable std::vector<bool> lives{};
};

struct Bench {
    Bench() {
        settings.token = "destination-token";
        settings.internal_token = "internal-token";
        finish(store.prepare_ledger("plain", 2, "rebuild"));
        finish(store.open_ledger("plain", 2, "rebuild"));
        clock.advance(Milliseconds{1'000});
        now = to_ms(clock.now());
        clock.advance(Milliseconds{500});
    }

    Delivery& delivery() {
        if (!made) {
            made =
                std::make_unique<Delivery>(settings, destination, client, internal, store, producer, clock, metrics);
        }
        return *made;
    }
    pipeline::Verdict attempt(const pipeline::Job& job) {
        const auto attempted = finish(delivery().attempt(job));
        answered = attempted.answered;
        return attempted.verdict;
    }
    pipeline::Verdict attempt(std::vector<v1::Change> changes, int number = 1) {
        return attempt(job_of(std::move(changes), number));
    }

    std::vector<v1::Outcome> outcomes() const {
        std::vector<v1::Outcome> all;
        for (const auto& message : producer.of("sync.outcomes")) {
            REQUIRE(all.emplace_back().ParseFromString(*message.value));
        }
        return all;
    }
    std::vector<v1::OutcomeKind> kinds() const {
        std::vector<v1::OutcomeKind> all;
        for (const auto& outcome : outcomes()) all.push_back(outcome.outcome());
        return all;
    }
    std::optional<std::int64_t> applied() const { return store.applied_version(key); }

    testing::ManualClock clock;
    testing::FakeStore store{clock};
    testing::FakeProducer producer;
    testing::FakeClient client;
    testing::FakeClient internal;
    metrics::Registry metrics;
    Plain destination;
    DeliverySettings settings;
    redis::LedgerKey key{.destination = "plain", .resource = "opportunity-1", .partition = 2};
    std::int64_t now = 0;   // half a second ago
    bool answered = false;  // at the last attempt
    std::unique_ptr<Delivery> made;
};

using Kinds = std::vector<v1::OutcomeKind>;

bool is_done(const pipeline::Verdict& v) {
    return std::holds_alternative<pipeline::Done>(v);
}
bool is_wait(const pipeline::Verdict& v) {
    return std::holds_alternative<pipeline::Wait>(v);
}
bool is_retry(const pipeline::Verdict& v) {
    return std::holds_alternative<pipeline::Retry>(v);
}
bool is_weather(const pipeline::Verdict& v) {
    return std::holds_alternative<pipeline::Weather>(v);
}
bool is_hold(const pipeline::Verdict& v) {
    return std::holds_alternative<pipeline::Hold>(v);
}

}  // namespace

TEST_CASE("delivery: begin, apply, outcome acknowledged, finish, in this order") {
    Bench b;
    std::vector<std::string> order;
    b.store.watch = [&](std::string_view operation) { order.emplace_back(operation); };
    b.client.watch = [&](const http::Request& r) {
        order.push_back(std::string{http::name_of(r.method)} + " " + r.target);
    };
    b.producer.fails = [&](const kafka::Message& m) {
        order.push_back("write " + m.topic);
        return false;
    };
    const auto change = stage_change(b.now);
    CHECK(is_done(b.attempt({change})));
    CHECK(
        order == std::vector<std::string>{
                     "begin", "last_change", "PUT /status/opportunity-1", "write sync.outcomes", "finish"});
    CHECK(b.applied() == change.version());
    const auto outcome = b.outcomes().at(0);
    CHECK(outcome.destination() == "plain");
    CHECK(outcome.change_id() == change.change_id());
    CHECK(outcome.version() == change.version());
    CHECK(outcome.outcome() == v1::OUTCOME_KIND_APPLIED);
    CHECK(outcome.http_status() == 200);
    CHECK(outcome.attempts() == 1);
    CHECK(outcome.latency_ms() == 500);
    CHECK(b.producer.of("sync.outcomes").at(0).key == "opportunity-1");
}

TEST_CASE("delivery: a write carries credential, idempotency key, version and trace") {
    Bench b;
    const auto change = stage_change(b.now);
    b.attempt({change});
    const auto& request = b.client.requests.at(0);
    const auto header = [&](std::string_view name) { return std::string{http::header(request.headers, name)}; };
    CHECK(header("Authorization") == "Bearer destination-token");
    CHECK(header("Source-Version") == std::to_string(change.version()));
    CHECK(header("Content-Type") == "application/json");
    CHECK(header("traceparent") == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    http::Request same;
    same.method = request.method;
    same.target = request.target;
    same.body = request.body;
    CHECK(header("Idempotency-Key") == "\"" + idempotency_key("main", "plain", change.change_id(), same) + "\"");
}

TEST_CASE("delivery: a destination that signs does so for every attempt, when the request lacks nothing else") {
    Bench b;
    b.destination.signs = true;
    b.settings.access_id = "an-id";
    b.settings.base_path = "/v2";
    const auto change = stage_change(b.now);
    b.client.will_answer(503);
    CHECK(is_weather(b.attempt({change})));
    b.clock.advance(Milliseconds{60'000});
    CHECK(is_done(b.attempt({change}, 2)));
    REQUIRE(b.client.requests.size() == 2);
    const auto proof = [&](std::size_t i) {
        return std::string{http::header(b.client.requests[i].headers, "Authorization")};
    };
    const std::string same =
        "an-id destination-token /v2 Accept,Content-Type,Idempotency-Key,Source-Version,traceparent, ";
    CHECK(proof(1) == same + http_date(b.clock.now()));
    CHECK(proof(0) == same + http_date(b.clock.now() - Milliseconds{60'000}));
    // Another id is another credential.
    CHECK_FALSE(b.delivery().use_tokens("destination-token", "internal-token", "an-id"));
    CHECK(b.delivery().use_tokens("destination-token", "internal-token", "another-id"));
}

TEST_CASE("delivery: what the server sees before every target is the path of its URL") {
    CHECK(path_of_url("https://api.example.net/v2/") == "/v2");
    CHECK(path_of_url("http://127.0.0.1:8091/clinch/v2") == "/clinch/v2");
    for (const auto* bare :
         {"https://api.example.net", "https://api.example.net/", "https://api.example.net//", ""}) {
        CAPTURE(bare);
        CHECK(path_of_url(bare).empty());
    }
    CHECK(path_of_url("https://api.example.net/a?b=/c#/d") == "/a");
}

TEST_CASE("delivery: a retry of the same change sends the same bytes under the same key, after a restart too") {
    Bench b;
    const auto change = stage_change(b.now);
    b.client.will_answer(503);
    CHECK(is_weather(b.attempt({change})));
    b.made.reset();
    b.clock.advance(Milliseconds{60'000});
    CHECK(is_done(b.attempt({change}, 2)));
    REQUIRE(b.client.requests.size() == 2);
    const auto key = [&](std::size_t i) { return http::header(b.client.requests[i].headers, "Idempotency-Key"); };
    CHECK(b.client.requests[0].body == b.client.requests[1].body);
    CHECK(key(0) == key(1));
}

TEST_CASE("idempotency key: same bytes same key, anything else another key") {
    http::Request request;
    request.method = http::Method::put;
    request.target = "/a";
    request.body = "body";
    const auto key = [](const http::Request& r,
                        const std::string& account = "main",
                        const std::string& destination = "clara",
                        const std::string& change = "c") { return idempotency_key(account, destination, change, r); };
    const auto base = key(request);
    CHECK(base == key(request));
    // A key that crosses a release must stay what it was.
    CHECK(base == "23832ef1-c971-5907-8adc-61280d2ac68d");
    CHECK(base != key(request, "other"));
    CHECK(base != key(request, "main", "cluster"));
    CHECK(base != key(request, "main", "clara", "d"));
    auto other = request;
    other.body = "Body";
    CHECK(base != key(other));
    other = request;
    other.target = "/b";
    CHECK(base != key(other));
    other = request;
    other.method = http::Method::post;
    CHECK(base != key(other));
    other = request;
    other.headers.push_back({"traceparent", "another each time"});
    CHECK(base == key(other));
}

TEST_CASE("delivery: with Redis away nothing is sent, and no attempt is spent") {
    Bench b;
    b.store.away = true;
    CHECK(is_wait(b.attempt({stage_change(b.now)})));
    CHECK(b.client.requests.empty());
    CHECK(b.producer.writes == 0);
}

TEST_CASE("delivery: an outcome that could not be written leaves the change unfinished and the resource free") {
    Bench b;
    b.producer.fails = [](const kafka::Message&) { return true; };
    CHECK(is_wait(b.attempt({stage_change(b.now)})));
    CHECK_FALSE(b.applied());
    CHECK_FALSE(b.store.leased(b.key));
    b.producer.fails = {};
    CHECK(is_done(b.attempt({stage_change(b.now)})));
    CHECK(b.client.requests.size() == 2);
}

TEST_CASE("delivery: Redis going away after the call leaves the change unfinished") {
    Bench b;
    b.client.watch = [&](const http::Request&) { b.store.away = true; };
    CHECK(is_wait(b.attempt({stage_change(b.now)})));
    b.store.away = false;
    CHECK_FALSE(b.applied());
}

TEST_CASE("delivery: what is applied already is not sent again") {
    Bench b;
    const auto change = stage_change(b.now);
    b.attempt({change});
    CHECK(is_done(b.attempt({change})));
    CHECK(b.client.requests.size() == 1);
    CHECK(b.kinds() == Kinds{v1::OUTCOME_KIND_APPLIED});
}

TEST_CASE("delivery: an older change than the applied one is superseded without a call") {
    Bench b;
    b.attempt({stage_change(b.now)});
    CHECK(is_done(b.attempt({stage_change(b.now - 60'000)})));
    CHECK(b.client.requests.size() == 1);
    CHECK(b.kinds() == Kinds{v1::OUTCOME_KIND_APPLIED, v1::OUTCOME_KIND_SUPERSEDED});
}

TEST_CASE("delivery: a resource that another process works on waits") {
    Bench b;
    finish(b.store.begin(b.key, 1, "another process", Milliseconds{30'000}));
    CHECK(is_wait(b.attempt({stage_change(b.now)})));
    CHECK(b.client.requests.empty());
    b.clock.advance(Milliseconds{30'001});
    CHECK(is_done(b.attempt({stage_change(b.now)})));
}

TEST_CASE("delivery: of several changes the newest is sent and speaks for all, in whatever order they came") {
    Bench b;
    auto newest = stage_change(b.now);
    *newest.mutable_status() = testing::stage("offer", "Offer");
    const auto oldest = stage_change(b.now - 2'000);
    const auto middle = stage_change(b.now - 1'000);
    CHECK(is_done(b.attempt({middle, newest, oldest, middle})));
    REQUIRE(b.client.requests.size() == 1);
    CHECK(b.client.requests[0].body == "offer");
    const auto outcomes = b.outcomes();
    REQUIRE(outcomes.size() == 3);
    int superseded = 0;
    for (const auto& outcome : outcomes) {
        if (outcome.outcome() == v1::OUTCOME_KIND_SUPERSEDED) {
            ++superseded;
            CHECK(outcome.version() < newest.version());
        } else {
            CHECK(outcome.change_id() == newest.change_id());
        }
    }
    CHECK(superseded == 2);
}

TEST_CASE("delivery: liveness is inherited from an overtaken change of the same status, of no other") {
    Bench b;
    auto details = stage_change(b.now);
    details.set_kind(v1::CHANGE_KIND_DETAILS_CHANGED);
    details.set_live(false);
    auto overtaken = stage_change(b.now - 1'000);
    SUBCASE("the same status") {
        b.attempt({overtaken, details});
        CHECK(b.destination.lives.at(0));
        CHECK_FALSE(b.destination.situations.at(0).backfill);
    }
    SUBCASE("another status") {
        *overtaken.mutable_status() = testing::stage("offer", "Offer");
        b.attempt({overtaken, details});
        CHECK_FALSE(b.destination.lives.at(0));
        CHECK(b.destination.situations.at(0).backfill);
    }
    SUBCASE("the same status, but it was no news either") {
        overtaken.set_live(false);
        b.attempt({overtaken, details});
        CHECK_FALSE(b.destination.lives.at(0));
    }
    SUBCASE("the same status, applied before") {
        b.attempt({overtaken});
        b.attempt({overtaken, details});
        CHECK_FALSE(b.destination.lives.at(1));
    }
}

TEST_CASE("delivery: late is what is older than an hour, or than the ledger itself") {
    Bench b;
    const auto late = [&](std::int64_t occurred, const std::string& opportunity) {
        b.attempt({stage_change(occurred, opportunity)});
        return b.destination.situations.back().late;
    };
    CHECK_FALSE(late(b.now, "a"));
    CHECK(late(b.now - 1'001, "b"));  // the ledger was begun a second before b.now
    b.clock.advance(std::chrono::hours{2});
    const auto now = to_ms(b.clock.now());
    CHECK_FALSE(late(now - 3'600'000, "c"));
    CHECK(late(now - 3'600'001, "d"));
}

TEST_CASE("delivery: a confidential change is skipped unless it is opted in") {
    Bench b;
    auto change = stage_change(b.now);
    change.set_confidential(true);
    SUBCASE("by default") {
        CHECK(is_done(b.attempt({change})));
        CHECK(b.client.requests.empty());
        CHECK(b.kinds() == Kinds{v1::OUTCOME_KIND_SKIPPED});
        CHECK_FALSE(b.applied());
    }
    SUBCASE("opted in") {
        b.settings.confidential = true;
        b.attempt({change});
        CHECK(b.client.requests.size() == 1);
    }
}

TEST_CASE("delivery: each attempt that met weather is told, and leaves the resource free") {
    Bench b;
    b.client.will_answer(503, "", {{"Retry-After", "30"}});
    b.client.will_fail(http::Errc::timed_out);
    const auto verdict = b.attempt({stage_change(b.now)});
    REQUIRE(is_weather(verdict));
    CHECK(b.answered);
    CHECK(std::get<pipeline::Weather>(verdict).at_least == Milliseconds{30'000});
    CHECK_FALSE(b.store.leased(b.key));
    CHECK(is_weather(b.attempt({stage_change(b.now)}, 2)));
    CHECK_FALSE(b.answered);
    CHECK(is_done(b.attempt({stage_change(b.now)}, 3)));
    CHECK(b.kinds() == Kinds{v1::OUTCOME_KIND_RETRYING, v1::OUTCOME_KIND_RETRYING, v1::OUTCOME_KIND_APPLIED});
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(b.outcomes().at(i).attempts() == static_cast<int>(i) + 1);
        CHECK(b.outcomes().at(i).calls() == 1);
    }
}

// Protects the timeline and the dry run: both see a hold by what was told of it.
TEST_CASE("delivery: each change that meets a hold is told of once, at whatever attempt, and anew in the next one") {
    Bench b;
    const auto ann = [&] { return b.attempt({stage_change(b.now, "ann")}, 4); };
    const auto bob = [&] { return b.attempt({stage_change(b.now, "bob")}); };
    b.client.otherwise.status = 401;
    CHECK(is_hold(ann()));
    CHECK(is_hold(ann()));
    CHECK(is_hold(bob()));
    CHECK(is_hold(ann()));
    CHECK(b.kinds() == Kinds{v1::OUTCOME_KIND_HELD, v1::OUTCOME_KIND_HELD});
    CHECK(b.outcomes().at(0).attempts() == 4);
    CHECK(b.outcomes().at(1).opportunity_id() == "bob");
    SUBCASE("an operator has ended it") {
        b.delivery().forget_hold();
    }
    SUBCASE("so has a new secret") {
        CHECK(b.delivery().use_tokens("new", "internal-token"));
    }
    SUBCASE("so has an answer") {
        b.client.will_answer(200);
        CHECK(is_done(bob()));
    }
    SUBCASE("so has one that does not know bob yet") {
        b.client.will_answer(404);
        CHECK(std::holds_alternative<pipeline::NotYet>(bob()));
    }
    SUBCASE("so has one that has bob tried again") {
        b.client.will_answer(412);
        CHECK(is_retry(bob()));
    }
    const auto before = b.kinds().size();
    CHECK(is_hold(ann()));
    REQUIRE(b.kinds().size() == before + 1);
    CHECK(b.kinds().back() == v1::OUTCOME_KIND_HELD);
}

TEST_CASE("delivery: weather, or no answer at all, ends no hold") {
    Bench b;
    const auto change = stage_change(b.now);
    b.client.will_answer(401);
    CHECK(is_hold(b.attempt({change})));
    SUBCASE("weather") {
        b.client.will_answer(503);
    }
    SUBCASE("no answer") {
        b.client.will_fail(http::Errc::timed_out);
    }
    CHECK(is_weather(b.attempt({change})));
    b.client.will_answer(401);
    CHECK(is_hold(b.attempt({change})));
    CHECK(b.kinds() == Kinds{v1::OUTCOME_KIND_HELD, v1::OUTCOME_KIND_RETRYING});
}

TEST_CASE("delivery: every request is told of once, with the next outcome of its change") {
    Bench b;
    const auto change = stage_change(b.now);
    auto job = job_of({change});
    SUBCASE("an outcome could not be written") {
        b.producer.fails = [](const kafka::Message&) { return true; };
        const auto attempted = finish(b.delivery().attempt(job));
        CHECK(attempted.untold_calls == 1);
        b.producer.fails = {};
        job.untold_calls = attempted.untold_calls;
        const auto again = finish(b.delivery().attempt(job));
        CHECK(again.untold_calls == 0);
        CHECK(b.outcomes().at(0).calls() == 2);
    }
    SUBCASE("it is refused for good") {
        b.client.will_answer(422);
        const auto attempted = finish(b.delivery().attempt(job));
        CHECK(b.outcomes().empty());
        job.untold_calls = attempted.untold_calls;
        CHECK(finish(b.delivery().give_up(job, "answered 422")));
        CHECK(b.outcomes().at(0).calls() == 1);
    }
    SUBCASE("it has failed, and is parked") {
        b.client.will_answer(503);
        const auto attempted = finish(b.delivery().attempt(job));
        CHECK(attempted.untold_calls == 0);
        job.status = attempted.status;
        pipeline::Park park;
        park.tier = "1m";
        CHECK(finish(b.delivery().park(job, park)));
        CHECK(b.outcomes().at(0).calls() == 1);
        CHECK(b.outcomes().at(1).has_calls());
        CHECK(b.outcomes().at(1).calls() == 0);
    }
    SUBCASE("none is sent") {
        b.destination.skip = true;
        CHECK(is_done(b.attempt(job)));
        CHECK(b.outcomes().at(0).has_calls());
        CHECK(b.outcomes().at(0).calls() == 0);
    }
}

TEST_CASE("delivery: a 401 holds at once") {
    Bench b;
    b.client.will_answer(401);
    CHECK(is_hold(b.attempt({stage_change(b.now)})));
    CHECK(b.kinds() == Kinds{v1::OUTCOME_KIND_HELD});
}

TEST_CASE("delivery: the reason of a hold says what the refusal tells of its cause") {
    Bench b;
    b.destination.why = "our clock is wrong";
    b.client.will_answer(401);
    const auto verdict = b.attempt({stage_change(b.now)});
    REQUIRE(is_hold(verdict));
    CHECK(std::get<pipeline::Hold>(verdict).reason == "answered 401; our clock is wrong");
    CHECK(b.outcomes().at(0).reason() == "answered 401; our clock is wrong");
    b.client.will_answer(402);
    const auto other = b.attempt({stage_change(b.now)}, 2);
    REQUIRE(is_hold(other));
    CHECK(std::get<pipeline::Hold>(other).reason == "answered 402");
}

TEST_CASE("delivery: one resource's 403 is that resource's, a second one's in a row holds the destination") {
    Bench b;
    const auto ann = [&] { return b.attempt({stage_change(b.now, "ann")}); };
    const auto bob = [&] { return b.attempt({stage_change(b.now, "bob")}); };
    b.client.otherwise.status = 403;
    CHECK(is_retry(ann()));
    CHECK(is_retry(ann()));
    CHECK(is_hold(bob()));
    // The probes of a held destination hold on, whoever they are: a rotated key must not park anybody.
    CHECK(is_hold(ann()));
    CHECK(is_hold(ann()));
    CHECK(is_hold(bob()));
    SUBCASE("a good answer in between clears it") {
        b.client.will_answer(200);
        CHECK(is_done(bob()));
        CHECK(is_retry(ann()));
    }
    SUBCASE("so does a new secret, and only a new one") {
        CHECK_FALSE(b.delivery().use_tokens("destination-token", "new"));
        CHECK(is_hold(ann()));
        CHECK(b.delivery().use_tokens("new", "new"));
        CHECK(is_retry(ann()));
        CHECK(http::header(b.client.requests.back().headers, "Authorization") == "Bearer new");
    }
    SUBCASE("an attempt that asked nobody does not") {
        b.destination.skip = true;
        CHECK(is_done(b.attempt({stage_change(b.now, "cat")})));
        b.destination.skip = false;
        CHECK(is_hold(ann()));
    }
}

TEST_CASE("delivery: who somebody is, is asked at the moment of the attempt and stays out of every topic") {
    Bench b;
    const auto person = [&](int status, const std::string& body) { b.internal.will_answer(status, body); };
    SUBCASE("told") {
        person(200, R"({"name":"Ann Park","emails":["ann.park@example.net"],"phones":["555"],"start_date":""})");
        CHECK(is_done(b.attempt({hire(b.now)})));
        CHECK(b.client.requests.at(0).body == "Ann Park");
        const auto& request = b.internal.requests.at(0);
        CHECK(request.target == "/internal/opportunities/opportunity-1/person");
        CHECK(http::header(request.headers, "Authorization") == "Bearer internal-token");
        CHECK(http::header(request.headers, "Idempotency-Key").empty());
        // The destination's credential stays with the destination.
        for (const auto& h : request.headers) CHECK(h.value.find("destination-token") == std::string::npos);
        for (const auto& message : b.producer.messages) {
            CHECK(message.value->find("Ann") == std::string::npos);
            CHECK(message.value->find("example.net") == std::string::npos);
            for (const auto& h : message.headers) CHECK(h.value.find("Ann") == std::string::npos);
        }
    }
    SUBCASE("not visible") {
        person(404, "{}");
        CHECK(is_done(b.attempt({hire(b.now)})));
        CHECK(b.kinds() == Kinds{v1::OUTCOME_KIND_NOT_VISIBLE});
        CHECK(b.client.requests.empty());
    }
    SUBCASE("lever-source cannot tell now: no attempt is spent") {
        for (const int status : {401, 500, 503}) {
            person(status, "{}");
            CHECK(is_wait(b.attempt({hire(b.now)})));
        }
        person(200, "not JSON");
        CHECK(is_wait(b.attempt({hire(b.now)})));
        b.internal.will_fail(http::Errc::unreachable);
        CHECK(is_wait(b.attempt({hire(b.now)})));
        CHECK(b.client.requests.empty());
        CHECK(b.kinds().empty());
        CHECK_FALSE(b.store.leased(b.key));
    }
}

TEST_CASE("delivery: a destination's answer never gets into outcomes or dead letters") {
    Bench b;
    const std::string body = R"({"code":"ann.park@example.net","detail":"Ann Park is unknown","title":"Ann Park"})";
    for (const int status : {200, 404, 409, 422, 500}) {
        b.client.will_answer(status, body, {{"X-Name", "Ann Park"}});
        const auto job = job_of({stage_change(b.now, "o" + std::to_string(status))});
        const auto verdict = b.attempt(job);
        if (const auto* refused = std::get_if<pipeline::Refused>(&verdict)) {
            CHECK(finish(b.delivery().give_up(job, refused->reason)));
        }
    }
    for (const auto& message : b.producer.messages) {
        CHECK(message.value->find("nn Park") == std::string::npos);
        CHECK(message.value->find("example.net") == std::string::npos);
        for (const auto& header : message.headers) {
            CHECK(header.value.find("nn Park") == std::string::npos);
            CHECK(header.value.find("example.net") == std::string::npos);
        }
    }
}

TEST_CASE("delivery: a dead letter is the source record with the reason added, on the same partition") {
    Bench b;
    const auto newest = stage_change(b.now);
    const auto older = stage_change(b.now - 1'000);
    auto job = job_of({newest, older}, 8);
    job.status = 422;
    CHECK(finish(b.delivery().give_up(job, "answered 422 unmapped-status")));
    const auto dead = b.producer.of("sync.plain.dlq");
    REQUIRE(dead.size() == 1);
    CHECK(dead[0].key == "opportunity-1");
    CHECK(dead[0].value == newest.SerializeAsString());
    CHECK(dead[0].partition == 2);
    const auto header = [&](std::string_view name) { return std::string{kafka::header(dead[0].headers, name)}; };
    CHECK(header("hirewire-error-reason") == "answered 422 unmapped-status");
    CHECK(header("hirewire-error-attempts") == "8");
    CHECK(header("hirewire-error-status") == "422");
    CHECK(header("hirewire-error-at") == iso_time(b.clock.now()));
    CHECK(header("hirewire-source-topic") == "hiring.changes");
    CHECK(header("hirewire-source-partition") == "2");
    CHECK(header("hirewire-source-offset") == "40");
    CHECK(header("ce_id") == newest.change_id());
    CHECK(b.kinds() == Kinds{v1::OUTCOME_KIND_SUPERSEDED, v1::OUTCOME_KIND_DEAD});
    CHECK(b.outcomes()[1].http_status() == 422);
}

TEST_CASE("delivery: what is parked goes to the tier's topic on the same partition, and takes its history along") {
    Bench b;
    const auto newest = stage_change(b.now);
    auto job = job_of({newest, stage_change(b.now - 1'000)}, 3);
    job.failing_since = b.clock.monotonic() - Milliseconds{2'000};
    const pipeline::Park park{.job = 1, .tier = "10m", .delay = Milliseconds{600'000}, .reason = "answered 404"};
    CHECK(finish(b.delivery().park(job, park)));
    auto parked = b.producer.of("sync.plain.retry.10m");
    REQUIRE(parked.size() == 1);
    CHECK(parked[0].key == "opportunity-1");
    CHECK(parked[0].value == newest.SerializeAsString());
    CHECK(parked[0].partition == 2);
    const auto first = pipeline::read_history(parked[0].headers);
    CHECK(first.attempts == 3);
    CHECK(first.parked == 1);
    CHECK(first.failing_since == b.clock.now() - Milliseconds{2'000});
    CHECK(first.not_before == b.clock.now() + Milliseconds{600'000});
    CHECK(b.kinds() == Kinds{v1::OUTCOME_KIND_SUPERSEDED, v1::OUTCOME_KIND_RETRYING});

    // It comes back from there, fails again, and its first failure and its origin are what they were.
    b.clock.advance(Milliseconds{600'000});
    pipeline::Job again = job_of({newest}, 2);
    auto& record = again.records[0].record;
    record.headers = parked[0].headers;
    record.partition.topic = "sync.plain.retry.10m";
    record.offset = 7;
    again.attempts_before = first.attempts;
    again.parked = first.parked;
    SUBCASE("parked once more") {
        CHECK(finish(b.delivery().park(again, park)));
        parked = b.producer.of("sync.plain.retry.10m");
        REQUIRE(parked.size() == 2);
        const auto second = pipeline::read_history(parked[1].headers);
        CHECK(second.attempts == 5);
        CHECK(second.parked == 2);
        CHECK(second.failing_since == first.failing_since);
        CHECK(parked[1].headers.size() == parked[0].headers.size());
        CHECK(b.outcomes().back().attempts() == 5);
    }
    SUBCASE("given up") {
        CHECK(finish(b.delivery().give_up(again, "answered 404")));
        const auto dead = b.producer.of("sync.plain.dlq");
        REQUIRE(dead.size() == 1);
        CHECK(pipeline::read_history(dead[0].headers).failing_since == first.failing_since);
        CHECK(kafka::header(dead[0].headers, "hirewire-source-topic") == "hiring.changes");
        CHECK(kafka::header(dead[0].headers, "hirewire-source-offset") == "40");
        CHECK(kafka::header(dead[0].headers, "hirewire-error-attempts") == "5");
    }
    SUBCASE("not written: the engine is told so") {
        b.producer.fails = [](const kafka::Message& m) { return m.topic.ends_with(".10m"); };
        CHECK_FALSE(finish(b.delivery().park(again, park)));
    }
}

TEST_CASE("delivery: on an emptied Redis nothing is sent until the ledger of that partition is rebuilt") {
    Bench b;
    b.store.empty();
    std::vector<std::int32_t> asked;
    b.delivery().on_no_ledger([&](std::int32_t partition) { asked.push_back(partition); });
    CHECK(is_wait(b.attempt({stage_change(b.now)})));
    CHECK(asked == std::vector<std::int32_t>{2});
    CHECK(b.client.requests.empty());
    CHECK(b.producer.messages.empty());
    finish(b.store.finish(b.key, stage_change(b.now).version(), ""));
    finish(b.store.prepare_ledger("plain", 2, "rebuild"));
    finish(b.store.open_ledger("plain", 2, "rebuild"));
    CHECK(is_done(b.attempt({stage_change(b.now)})));
    CHECK(b.client.requests.empty());  // the rebuilt ledger knew it
}

TEST_CASE("delivery: a dead letter that a newer change overtakes is resolved, and told so") {
    Bench b;
    const auto older = stage_change(b.now - 1'000);
    const auto newer = stage_change(b.now);
    REQUIRE(older.version() < newer.version());
    CHECK(finish(b.delivery().give_up(job_of({older}, 3), "answered 422")));
    CHECK(is_done(b.attempt({newer})));
    CHECK(b.kinds() == Kinds{v1::OUTCOME_KIND_DEAD, v1::OUTCOME_KIND_SUPERSEDED, v1::OUTCOME_KIND_APPLIED});
    const auto resolved = b.outcomes().at(1);
    CHECK(resolved.change_id() == older.change_id());
    CHECK(resolved.version() == older.version());
    CHECK(resolved.reason().find("dead letter") != std::string::npos);
    // Once.
    CHECK(is_done(b.attempt({stage_change(b.now + 100)})));
    CHECK(b.kinds().back() == v1::OUTCOME_KIND_APPLIED);
    CHECK(b.kinds().size() == 4);
}

TEST_CASE("delivery: a change that a newer one on its way says more than costs no call") {
    Bench b;
    const auto emit = [&](v1::Change change) {
        finish(b.store.remember_change("opportunity-1", change.SerializeAsString()));
    };
    auto older = stage_change(b.now - 1'000);
    auto newer = stage_change(b.now);
    newer.mutable_status()->set_id("another stage");
    SUBCASE("a newer one was emitted") {
        emit(newer);
        CHECK(is_done(b.attempt({older})));
        CHECK(b.client.requests.empty());
        CHECK(b.kinds() == Kinds{v1::OUTCOME_KIND_SUPERSEDED});
        CHECK(b.applied() == older.version());
    }
    SUBCASE("it is the last one itself") {
        emit(older);
        CHECK(is_done(b.attempt({older})));
        CHECK(b.client.requests.size() == 1);
    }
    SUBCASE("nothing is known: it is sent") {
        CHECK(is_done(b.attempt({older})));
        CHECK(b.client.requests.size() == 1);
    }
    SUBCASE("a live announcement of the same status is not swallowed by a detail that came after") {
        older.set_live(true);
        newer.mutable_status()->set_id(older.status().id());
        newer.set_live(false);
        emit(newer);
        CHECK(is_done(b.attempt({older})));
        CHECK(b.client.requests.size() == 1);
    }
}

TEST_CASE("delivery: what must be told is told though a newer one is on its way, unless nobody may hear of it") {
    Bench b;
    auto first = stage_change(b.now - 2'000);
    auto second = stage_change(b.now - 1'000);
    auto newer = stage_change(b.now);
    newer.mutable_status()->set_id("another stage");
    const auto emit = [&] { finish(b.store.remember_change("opportunity-1", newer.SerializeAsString())); };
    b.destination.told = first.version();
    SUBCASE("it alone") {
        emit();
        CHECK(is_done(b.attempt({first})));
        CHECK(b.client.requests.size() == 1);
    }
    SUBCASE("when it is overtaken in the same job") {
        emit();
        CHECK(is_done(b.attempt({first, second})));
        CHECK(b.client.requests.size() == 1);
        CHECK(b.applied() == second.version());
    }
    SUBCASE("another one is not") {
        emit();
        CHECK(is_done(b.attempt({second})));
        CHECK(b.client.requests.empty());
    }
    SUBCASE("deleted since") {
        newer.mutable_mark()->set_deleted(true);
        emit();
        CHECK(is_done(b.attempt({first})));
        CHECK(b.client.requests.empty());
    }
    SUBCASE("confidential since") {
        newer.set_confidential(true);
        emit();
        CHECK(is_done(b.attempt({first})));
        CHECK(b.client.requests.empty());
    }
}

TEST_CASE("delivery: rules are told what is applied and what the change speaks for") {
    Bench b;
    const auto applied = stage_change(b.now - 3'000);
    const auto first = stage_change(b.now - 2'000);
    const auto second = stage_change(b.now - 1'000);
    const auto newest = stage_change(b.now);
    CHECK(is_done(b.attempt({applied})));
    CHECK(is_done(b.attempt({applied, second, first, newest})));
    REQUIRE(b.destination.situations.size() == 2);
    CHECK(b.destination.situations[0].applied_version == 0);
    CHECK(b.destination.situations[0].older.empty());
    const auto& situation = b.destination.situations[1];
    CHECK(situation.applied_version == applied.version());
    REQUIRE(situation.older.size() == 2);
    CHECK(situation.older[0].version() == first.version());
    CHECK(situation.older[1].version() == second.version());
}

TEST_CASE("delivery: what a change overtakes is told before that change is set aside and may be decided elsewhere") {
    Bench b;
    const auto job = job_of({stage_change(b.now), stage_change(b.now - 1'000)});
    const pipeline::Park park{.job = 1, .tier = "1m", .delay = Milliseconds{60'000}, .reason = "answered 404"};
    bool told_first = false;
    b.producer.fails = [&](const kafka::Message& message) {
        if (message.topic != "sync.outcomes") told_first = b.kinds() == Kinds{v1::OUTCOME_KIND_SUPERSEDED};
        return false;
    };
    SUBCASE("parked") {
        CHECK(finish(b.delivery().park(job, park)));
    }
    SUBCASE("given up") {
        CHECK(finish(b.delivery().give_up(job, "answered 422")));
    }
    CHECK(told_first);
}

TEST_CASE("delivery: a change that comes back from a retry topic too late is told to be superseded") {
    Bench b;
    const auto parked = stage_change(b.now - 2'000);
    const auto applied = stage_change(b.now - 1'000);
    const auto newest = stage_change(b.now);
    CHECK(is_done(b.attempt({applied})));
    auto job = job_of({parked, newest});
    job.records[0].past.parked = 1;
    SUBCASE("together with one that is to be applied") {}
    SUBCASE("together with one that is applied") {
        job = job_of({parked, applied});
        job.records[0].past.parked = 1;
    }
    SUBCASE("alone") {
        job = job_of({parked});
        job.records[0].past.parked = 1;
    }
    CHECK(is_done(b.attempt(job)));
    const auto outcomes = b.outcomes();
    const auto told = std::count_if(outcomes.begin(), outcomes.end(), [&](const v1::Outcome& outcome) {
        return outcome.change_id() == parked.change_id() && outcome.outcome() == v1::OUTCOME_KIND_SUPERSEDED;
    });
    CHECK(told == 1);
}

TEST_CASE("delivery: a slow destination keeps its lease from step to step") {
    Bench b;
    b.settings.lease = Milliseconds{12'000};
    b.settings.request_timeout = Milliseconds{10'000};
    // Who somebody is took so long that the write could outlive the lease that was taken first.
    b.internal.watch = [&](const http::Request&) { b.clock.advance(Milliseconds{5'000}); };
    b.internal.will_answer(200, R"({"name":"Ada"})");
    auto change = stage_change(b.now);
    change.set_hired(true);
    CHECK(is_done(b.attempt({change})));
    CHECK(b.client.requests.size() == 1);
}

TEST_CASE("delivery: a dead letter that could not be written is reported as such") {
    Bench b;
    b.producer.fails = [](const kafka::Message&) { return true; };
    CHECK_FALSE(finish(b.delivery().give_up(job_of({stage_change(b.now)}), "x")));
}

TEST_CASE("delivery: a record that is no change is a dead letter, and has a lane") {
    Bench b;
    kafka::Record record;
    record.partition = {.topic = "hiring.changes", .number = 1};
    record.key = "key";
    SUBCASE("garbage") {
        record.value = std::string{"\xff\xff\xff garbage"};
    }
    SUBCASE("a tombstone") {}
    const auto place = b.delivery().place(record);
    CHECK_FALSE(place.lane.empty());
    pipeline::Job job;
    job.place = place;
    pipeline::Received received;
    received.record = record;
    job.records.push_back(received);
    job.untold_calls = 2;
    const auto attempted = finish(b.delivery().attempt(job));
    CHECK(attempted.untold_calls == 2);
    const auto& verdict = attempted.verdict;
    REQUIRE(std::holds_alternative<pipeline::Refused>(verdict));
    CHECK(finish(b.delivery().give_up(job, std::get<pipeline::Refused>(verdict).reason)));
    CHECK(b.producer.of("sync.plain.dlq").at(0).value == record.value);
    CHECK(b.producer.of("sync.outcomes").empty());
}

TEST_CASE("delivery: what is kept in order is the destination's word, what is taken together the opportunity") {
    Bench b;
    const auto place = b.delivery().place(testing::record_of(stage_change(b.now)));
    CHECK(place.lane == "contact-of-opportunity-1");
    CHECK(place.group == "opportunity-1");
}

TEST_CASE("delivery: outcomes that say nothing of the destination's state do not mark the version as applied") {
    Bench b;
    b.destination.skip = true;
    CHECK(is_done(b.attempt({stage_change(b.now)})));
    CHECK_FALSE(b.applied());
    CHECK_FALSE(b.store.leased(b.key));
}

TEST_CASE("delivery: what was disconnected is told nothing for a day, and every change of it has its outcome") {
    Bench b;
    b.client.will_answer(410);
    CHECK(std::holds_alternative<pipeline::Done>(b.attempt({stage_change(b.now + 1)})));
    CHECK(std::holds_alternative<pipeline::Done>(b.attempt({stage_change(b.now + 2), stage_change(b.now + 3)})));
    CHECK(b.client.requests.size() == 1);
    CHECK(
        b.kinds() == std::vector{v1::OUTCOME_KIND_DISABLED, v1::OUTCOME_KIND_SUPERSEDED, v1::OUTCOME_KIND_DISABLED});
    CHECK(b.applied() == stage_change(b.now + 3).version());
    b.clock.advance(std::chrono::hours{25});
    b.client.will_answer(200);
    CHECK(std::holds_alternative<pipeline::Done>(b.attempt({stage_change(b.now + 4)})));
    CHECK(b.client.requests.size() == 2);
    CHECK(b.kinds().back() == v1::OUTCOME_KIND_APPLIED);
}

TEST_CASE("delivery: a destination's pace is waited for, and a turn that would come after the lease is not taken") {
    Bench b;
    b.settings.requests_per_second = 20;
    b.settings.burst = 1;
    b.settings.lease = Milliseconds{80};
    b.settings.request_timeout = Milliseconds{10};
    b.client.will_answer(200);
    CHECK(std::holds_alternative<pipeline::Done>(b.attempt({stage_change(b.now + 1)})));
    const auto next = b.attempt({stage_change(b.now + 2)});
    REQUIRE(std::holds_alternative<pipeline::Wait>(next));
    CHECK(std::get<pipeline::Wait>(next).at_least == Milliseconds{50});
    CHECK(b.client.requests.size() == 1);
    CHECK_FALSE(b.store.leased(b.key));
    b.clock.advance(Milliseconds{50});
    b.client.will_answer(200);
    CHECK(std::holds_alternative<pipeline::Done>(b.attempt({stage_change(b.now + 2)})));
    CHECK(b.client.requests.size() == 2);
}

TEST_CASE("delivery: a person who cannot be had is waited for, and after some minutes that spends attempts") {
    Bench b;
    auto job = job_of({hire(b.now)}, 1);
    b.internal.will_answer(503);
    CHECK(std::holds_alternative<pipeline::Wait>(b.attempt(job)));
    job.repeats = 12;
    b.internal.will_answer(503);
    CHECK(std::holds_alternative<pipeline::Retry>(b.attempt(job)));
    CHECK(b.client.requests.empty());
}

// Protects a replay from lever-source's first 503: its repeats are mostly turns that it waited for.
TEST_CASE("delivery: what has time waits much longer for a person before that spends attempts") {
    Bench b;
    b.internal.otherwise.status = 503;
    auto job = job_of({hire(b.now)}, 1);
    job.place.backfill = true;
    for (const int repeats : {0, 12, 239}) {
        job.repeats = repeats;
        CHECK(is_wait(b.attempt(job)));
    }
    CHECK(b.kinds().empty());
    job.repeats = 240;
    CHECK(is_retry(b.attempt(job)));
    CHECK(b.client.requests.empty());
}

TEST_CASE("delivery: what is set aside still announces what it overtook") {
    Bench b;
    auto live = stage_change(b.now);
    live.set_live(true);
    auto detail = stage_change(b.now + 1);
    detail.set_kind(v1::CHANGE_KIND_DETAILS_CHANGED);
    detail.set_live(false);
    const auto job = job_of({live, detail}, 1);
    CHECK(
        finish(b.delivery().park(job, {.job = 1, .tier = "1m", .delay = Milliseconds{1}, .reason = "answered 404"})));
    v1::Change parked;
    REQUIRE(parked.ParseFromString(*b.producer.of("sync.plain.retry.1m").at(0).value));
    CHECK(parked.version() == detail.version());
    CHECK(parked.live());
}

TEST_CASE("delivery: a waiting announcement is dropped when nobody is to hear of the candidate any more") {
    Bench b;
    auto parked = stage_change(b.now);
    parked.set_live(true);
    auto emitted = stage_change(b.now + 1);
    SUBCASE("confidential") {
        emitted.set_confidential(true);
    }
    SUBCASE("deleted") {
        emitted.mutable_mark()->set_deleted(true);
    }
    SUBCASE("anonymized") {
        emitted.mutable_mark()->set_anonymized(true);
    }
    finish(b.store.remember_change("opportunity-1", emitted.SerializeAsString()));
    CHECK(std::holds_alternative<pipeline::Done>(b.attempt({parked})));
    CHECK(b.client.requests.empty());
    CHECK(b.kinds() == std::vector{v1::OUTCOME_KIND_SUPERSEDED});
}

TEST_CASE("delivery: only a first sync may skip whom the destination does not know") {
    Bench b;
    auto change = stage_change(b.now);
    change.set_live(false);
    change.mutable_cause()->set_kind("sweep");
    b.attempt({change});
    change.set_version(change.version() + 16);
    change.mutable_cause()->set_kind("walk");
    b.attempt({change});
    auto replayed = job_of({stage_change(b.now + 5)}, 1);
    replayed.place.backfill = true;
    b.attempt(replayed);
    REQUIRE(b.destination.situations.size() == 3);
    CHECK_FALSE(b.destination.situations[0].first_sync);
    CHECK(b.destination.situations[1].first_sync);
}

TEST_CASE("delivery: every dead letter that a change overtakes is resolved, each once") {
    Bench b;
    for (int i = 1; i <= 2; ++i) {
        CHECK(finish(b.delivery().give_up(job_of({stage_change(b.now + i)}, 1), "answered 422")));
    }
    CHECK(std::holds_alternative<pipeline::Done>(b.attempt({stage_change(b.now + 3)})));
    CHECK(
        b.kinds() == std::vector{
                         v1::OUTCOME_KIND_DEAD,
                         v1::OUTCOME_KIND_DEAD,
                         v1::OUTCOME_KIND_SUPERSEDED,
                         v1::OUTCOME_KIND_SUPERSEDED,
                         v1::OUTCOME_KIND_APPLIED});
    CHECK(b.outcomes()[2].change_id() == stage_change(b.now + 1).change_id());
    CHECK(b.outcomes()[3].change_id() == stage_change(b.now + 2).change_id());
    b.attempt({stage_change(b.now + 4)});
    CHECK(b.kinds().size() == 6);
}

namespace {

// As a replay writes it.
pipeline::Job by_run(std::vector<v1::Change> changes, const std::string& run, bool forced = false) {
    for (auto& change : changes) change.set_live(false);
    auto job = job_of(std::move(changes));
    for (auto& received : job.records) {
        received.record.headers.push_back({std::string{replay_header}, run});
        if (forced) received.record.headers.push_back({std::string{epoch_header}, run});
    }
    return job;
}

pipeline::Job together(pipeline::Job one, const pipeline::Job& other) {
    one.records.insert(one.records.end(), other.records.begin(), other.records.end());
    return one;
}

std::vector<std::string> runs_in(const v1::Outcome& outcome) {
    return {outcome.run_ids().begin(), outcome.run_ids().end()};
}

using Ids = std::vector<std::string>;

}  // namespace

// Protects a replay's report, and the topic from a flood: who asked is answered, and nobody else is told it twice.
TEST_CASE("delivery: what was applied before is told to the run that asks, and to nobody else") {
    Bench b;
    const auto change = stage_change(b.now);
    CHECK(is_done(b.attempt({change})));
    CHECK(is_done(b.attempt({change})));
    CHECK(b.kinds() == Kinds{v1::OUTCOME_KIND_APPLIED});
    CHECK(b.outcomes()[0].run_ids().empty());
    CHECK(is_done(b.attempt(by_run({change}, "run"))));
    CHECK(b.client.requests.size() == 1);
    REQUIRE(b.kinds() == Kinds{v1::OUTCOME_KIND_APPLIED, v1::OUTCOME_KIND_UNCHANGED});
    CHECK(runs_in(b.outcomes()[1]) == Ids{"run"});
    CHECK(b.outcomes()[1].reason() == "applied before");
    CHECK(b.outcomes()[1].http_status() == 0);
}

TEST_CASE("delivery: every version that a run asked for has an outcome, whatever it meets") {
    Bench b;
    const auto first = stage_change(b.now);
    const auto second = stage_change(b.now + 1);
    const auto third = stage_change(b.now + 2);
    b.attempt({second});
    SUBCASE("overtaken by what is applied") {
        CHECK(is_done(b.attempt(by_run({first}, "run"))));
        CHECK(b.kinds().back() == v1::OUTCOME_KIND_SUPERSEDED);
        CHECK(runs_in(b.outcomes().back()) == Ids{"run"});
    }
    SUBCASE("overtaken by live news") {
        CHECK(is_done(b.attempt(together(job_of({third}), by_run({second}, "run")))));
        REQUIRE(b.outcomes().size() == 3);
        CHECK(b.outcomes()[1].version() == second.version());
        CHECK(b.outcomes()[1].outcome() == v1::OUTCOME_KIND_SUPERSEDED);
        CHECK(runs_in(b.outcomes()[1]) == Ids{"run"});
        CHECK(b.outcomes()[2].run_ids().empty());
        CHECK(b.destination.situations.back().older.empty());
        CHECK(b.destination.situations.back().run_ids.empty());
    }
    SUBCASE("together with its live twin") {
        CHECK(is_done(b.attempt(together(by_run({third}, "run"), job_of({third})))));
        CHECK(runs_in(b.outcomes().back()) == Ids{"run"});
        CHECK(b.destination.lives.back());
    }
    SUBCASE("refused by the destination") {
        CHECK(finish(b.delivery().give_up(by_run({third}, "run"), "answered 422")));
        CHECK(b.kinds().back() == v1::OUTCOME_KIND_DEAD);
        CHECK(runs_in(b.outcomes().back()) == Ids{"run"});
    }
    SUBCASE("disconnected") {
        finish(b.store.disconnect(b.key, std::chrono::hours{1}));
        CHECK(is_done(b.attempt(by_run({third}, "run"))));
        CHECK(b.kinds().back() == v1::OUTCOME_KIND_DISABLED);
        CHECK(runs_in(b.outcomes().back()) == Ids{"run"});
    }
    SUBCASE("disconnected, and connected again as a forced run says") {
        finish(b.store.disconnect(b.key, std::chrono::hours{1}));
        CHECK(is_done(b.attempt(by_run({third}, "run", true))));
        CHECK(b.kinds().back() == v1::OUTCOME_KIND_APPLIED);
        // And so is what comes after it.
        CHECK(is_done(b.attempt({stage_change(b.now + 60'000)})));
        CHECK(b.kinds().back() == v1::OUTCOME_KIND_APPLIED);
    }
}

TEST_CASE("delivery: the rules hear which run asks, and that it is no news") {
    Bench b;
    b.attempt(by_run({stage_change(b.now)}, "run"));
    REQUIRE(b.destination.situations.size() == 1);
    CHECK(b.destination.situations[0].run_ids == Ids{"run"});
    CHECK(b.destination.situations[0].backfill);
    CHECK(b.destination.situations[0].first_sync);
}

// Protects a run from waiting for days, and its report from counting what is on its way as done.
TEST_CASE("delivery: what is set aside says so to the run, carries it on, and is told from a repeat at once") {
    Bench b;
    const auto change = stage_change(b.now);
    const auto job = by_run({change}, "run", true);
    b.client.will_answer(503);
    CHECK(is_weather(b.attempt(job)));
    CHECK(b.kinds() == Kinds{v1::OUTCOME_KIND_RETRYING});
    CHECK(b.outcomes()[0].parked() == 0);
    pipeline::Park park;
    park.tier = "1m";
    park.delay = Milliseconds{60'000};
    CHECK(finish(b.delivery().park(together(job, by_run({change}, "run-2")), park)));
    CHECK(b.outcomes()[1].parked() == 1);
    CHECK(runs_in(b.outcomes()[1]) == Ids{"run", "run-2"});
    const auto headers = b.producer.of("sync.plain.retry.1m").at(0).headers;
    CHECK(read_asked(headers).run_ids == Ids{"run", "run-2"});
    CHECK(read_asked(headers).epoch == "run");
}

TEST_CASE("delivery: what the destination says that it did is in the outcome") {
    Bench b;
    b.client.will_answer(201, R"({"outcome":"created"})");
    b.attempt({stage_change(b.now)});
    CHECK(b.outcomes().at(0).effect() == "created");
}

// Protects candidates and keys: what is told once more is never news, and never meets the answer to the first time.
TEST_CASE("delivery: a forced replay tells it once more, under a key of its own, as backfill") {
    Bench b;
    const auto change = stage_change(b.now);
    b.attempt({change});
    REQUIRE(b.destination.lives == std::vector<bool>{true});
    const auto key = [&](std::size_t i) {
        return std::string{http::header(b.client.requests.at(i).headers, "Idempotency-Key")};
    };
    SUBCASE("alone") {
        CHECK(is_done(b.attempt(by_run({change}, "run", true))));
    }
    SUBCASE("with a repeat of the live record") {
        CHECK(is_done(b.attempt(together(job_of({change}), by_run({change}, "run", true)))));
    }
    REQUIRE(b.client.requests.size() == 2);
    CHECK(key(0) != key(1));
    http::Request same;
    same.method = b.client.requests[1].method;
    same.target = b.client.requests[1].target;
    same.body = b.client.requests[1].body;
    CHECK(key(1) == "\"" + idempotency_key("main", "plain", change.change_id(), same, "run") + "\"");
    CHECK(http::header(b.client.requests[1].headers, "Source-Version") == std::to_string(change.version()));
    CHECK_FALSE(b.destination.lives[1]);
    CHECK(b.destination.situations[1].backfill);
    CHECK(runs_in(b.outcomes().back()) == Ids{"run"});
    CHECK(b.kinds().back() == v1::OUTCOME_KIND_APPLIED);
    CHECK(b.applied() == change.version());
    // Once more under the same run is the same request.
    CHECK(is_done(b.attempt(by_run({change}, "run", true))));
    CHECK(key(2) == key(1));
}

TEST_CASE("delivery: a forced replay never sets back, and leaves news to the live change") {
    Bench b;
    const auto older = stage_change(b.now);
    const auto newer = stage_change(b.now + 1);
    SUBCASE("a newer one is applied") {
        b.attempt({newer});
        CHECK(is_done(b.attempt(by_run({older}, "run", true))));
        CHECK(b.client.requests.size() == 1);
        CHECK(b.kinds().back() == v1::OUTCOME_KIND_SUPERSEDED);
        CHECK(runs_in(b.outcomes().back()) == Ids{"run"});
    }
    SUBCASE("a newer one is on its way") {
        auto emitted = newer;
        *emitted.mutable_status() = testing::stage("offer", "Offer");
        finish(b.store.remember_change("opportunity-1", emitted.SerializeAsString()));
        CHECK(is_done(b.attempt(by_run({older}, "run", true))));
        CHECK(b.client.requests.empty());
        CHECK(b.kinds().back() == v1::OUTCOME_KIND_SUPERSEDED);
    }
    SUBCASE("its live twin was not applied yet, and speaks") {
        CHECK(is_done(b.attempt(together(by_run({newer}, "run", true), job_of({newer})))));
        REQUIRE(b.client.requests.size() == 1);
        http::Request same;
        same.method = b.client.requests[0].method;
        same.target = b.client.requests[0].target;
        same.body = b.client.requests[0].body;
        const auto key = "\"" + idempotency_key("main", "plain", newer.change_id(), same) + "\"";
        CHECK(http::header(b.client.requests[0].headers, "Idempotency-Key") == key);
        CHECK(b.destination.lives[0]);
        CHECK(runs_in(b.outcomes().back()) == Ids{"run"});
    }
}

namespace {

// A live move, and a detail of the same status that came a second later.
struct Announced {
    explicit Announced(const Bench& b) : move{stage_change(b.now - 1'000)}, detail{stage_change(b.now)} {
        detail.set_kind(v1::CHANGE_KIND_DETAILS_CHANGED);
        detail.set_live(false);
    }
    // Both, after an attempt at the first one alone.
    [[nodiscard]] pipeline::Job together(std::set<std::int64_t> unsure = {}) const {
        auto job = job_of({move, detail});
        job.unsure = std::move(unsure);
        return job;
    }

    v1::Change move;
    v1::Change detail;
};

std::string key_of(const http::Request& request) {
    return std::string{http::header(request.headers, "Idempotency-Key")};
}

std::string version_of(const http::Request& request) {
    return std::string{http::header(request.headers, "Source-Version")};
}

}  // namespace

// Protects candidates from being asked the same twice: by what was applied and not answered, and by what came after.
TEST_CASE("delivery: an announcement without an answer is repeated as it was, and the detail after it is no news") {
    Bench b;
    const Announced a{b};
    std::set<std::int64_t> unsure;
    SUBCASE("the answer is lost") {
        b.client.will_fail(http::Errc::timed_out);
        const auto attempted = finish(b.delivery().attempt(job_of({a.move})));
        REQUIRE(attempted.unsure);
        unsure.insert(*attempted.unsure);
    }
    SUBCASE("answered 503") {
        b.client.will_answer(503);
        const auto attempted = finish(b.delivery().attempt(job_of({a.move})));
        REQUIRE(attempted.unsure);
        unsure.insert(*attempted.unsure);
    }
    SUBCASE("applied, and the outcome could not be written") {
        b.producer.fails = [](const kafka::Message&) { return true; };
        const auto attempted = finish(b.delivery().attempt(job_of({a.move})));
        b.producer.fails = {};
        REQUIRE(attempted.unsure);
        unsure.insert(*attempted.unsure);
    }
    CHECK(unsure == std::set<std::int64_t>{a.move.version()});
    const auto attempted = finish(b.delivery().attempt(a.together(unsure)));
    CHECK(is_done(attempted.verdict));
    CHECK(attempted.through == a.move.version());
    REQUIRE(b.client.requests.size() == 3);
    CHECK(key_of(b.client.requests[1]) == key_of(b.client.requests[0]));
    CHECK(b.client.requests[1].body == b.client.requests[0].body);
    CHECK(version_of(b.client.requests[2]) == std::to_string(a.detail.version()));
    CHECK(b.destination.lives == std::vector<bool>{true, true, false});
    CHECK_FALSE(b.destination.situations[1].backfill);
    CHECK(b.destination.situations[2].backfill);
    const auto outcomes = b.outcomes();
    REQUIRE(outcomes.size() >= 2);
    CHECK(outcomes[outcomes.size() - 2].change_id() == a.move.change_id());
    CHECK(outcomes[outcomes.size() - 2].outcome() == v1::OUTCOME_KIND_APPLIED);
    CHECK(outcomes.back().change_id() == a.detail.change_id());
    CHECK(outcomes.back().outcome() == v1::OUTCOME_KIND_APPLIED);
    CHECK(b.applied() == a.detail.version());
}

TEST_CASE("delivery: an announcement that was certainly not seen is the next detail's to make, in one call") {
    Bench b;
    const Announced a{b};
    SUBCASE("no connection") {
        b.client.will_fail(http::Errc::unreachable);
    }
    SUBCASE("not known there") {
        b.client.will_answer(404);
    }
    SUBCASE("the credential is refused") {
        b.client.will_answer(401);
    }
    const auto attempted = finish(b.delivery().attempt(job_of({a.move})));
    CHECK_FALSE(is_done(attempted.verdict));
    CHECK_FALSE(attempted.unsure);
    CHECK(is_done(b.attempt(a.together())));
    CHECK(b.client.requests.size() == 2);
    CHECK(b.destination.lives.back());
}

TEST_CASE("delivery: the detail waits until the announcement before it has an answer") {
    Bench b;
    const Announced a{b};
    SUBCASE("it has none again") {
        b.client.will_answer(503);
        const auto attempted = finish(b.delivery().attempt(a.together({a.move.version()})));
        CHECK(is_weather(attempted.verdict));
        CHECK(attempted.unsure == a.move.version());
        CHECK_FALSE(attempted.through);
        CHECK(b.client.requests.size() == 1);
        CHECK(version_of(b.client.requests[0]) == std::to_string(a.move.version()));
    }
    SUBCASE("then the detail has none") {
        b.client.will_answer(200);
        b.client.will_answer(503);
        const auto attempted = finish(b.delivery().attempt(a.together({a.move.version()})));
        CHECK(is_weather(attempted.verdict));
        CHECK(attempted.unsure == a.detail.version());
        CHECK(attempted.through == a.move.version());
        CHECK(b.applied() == a.move.version());
    }
}

// What was told as one is repeated as one: the key is the newest change's.
TEST_CASE("delivery: an announcement that was made by the detail itself is repeated by it") {
    Bench b;
    const Announced a{b};
    b.client.will_fail(http::Errc::broken_off);
    const auto attempted = finish(b.delivery().attempt(a.together()));
    CHECK(attempted.unsure == a.detail.version());
    CHECK(is_done(b.attempt(a.together({a.detail.version()}))));
    REQUIRE(b.client.requests.size() == 2);
    CHECK(key_of(b.client.requests[0]) == key_of(b.client.requests[1]));
    CHECK(b.destination.lives == std::vector<bool>{true, true});
}

TEST_CASE("delivery: an announcement that may have been seen and the detail after it are parked apart") {
    Bench b;
    const Announced a{b};
    pipeline::Park park;
    park.tier = "1m";
    park.delay = Milliseconds{60'000};
    auto job = a.together({a.move.version()});
    job.untold_calls = 2;
    CHECK(finish(b.delivery().park(job, park)));
    const auto parked = b.producer.of("sync.plain.retry.1m");
    REQUIRE(parked.size() == 2);
    CHECK(parked[0].value == a.move.SerializeAsString());
    CHECK(parked[1].value == a.detail.SerializeAsString());
    CHECK(b.kinds() == Kinds{v1::OUTCOME_KIND_RETRYING, v1::OUTCOME_KIND_RETRYING});
    CHECK(b.outcomes().at(0).calls() == 2);
    CHECK(b.outcomes().at(1).calls() == 0);
    // They come back with attempts behind them, and are told one after the other.
    auto back = a.together();
    for (auto& received : back.records) received.past.attempts = 3;
    CHECK(is_done(b.attempt(back)));
    REQUIRE(b.client.requests.size() == 2);
    CHECK(version_of(b.client.requests[0]) == std::to_string(a.move.version()));
    CHECK(b.destination.lives == std::vector<bool>{true, false});
}

TEST_CASE("delivery: who has been deleted since is not told of the announcement before it") {
    Bench b;
    Announced a{b};
    a.detail.mutable_mark()->set_deleted(true);
    CHECK(is_done(b.attempt(a.together({a.move.version()}))));
    CHECK(b.client.requests.size() == 1);
    CHECK(version_of(b.client.requests[0]) == std::to_string(a.detail.version()));
}

// Protects a dead letter from ending as "skipped" because of the very 404 that it died of.
TEST_CASE("delivery: a redriven dead letter is backfill, and no first sync") {
    Bench b;
    b.attempt(by_run({stage_change(b.now)}, "redrive-1"));
    b.attempt(by_run({stage_change(b.now + 1)}, "run"));
    REQUIRE(b.destination.situations.size() == 2);
    CHECK(b.destination.situations[0].backfill);
    CHECK_FALSE(b.destination.situations[0].first_sync);
    CHECK(b.destination.situations[1].first_sync);
}

TEST_CASE("delivery: the gauge of dead letters falls when a redriven one is applied, and nothing else is told") {
    Bench b;
    const auto change = stage_change(b.now);
    const auto gauge = [&b](const std::string& value) {
        return b.metrics.text().find("hirewire_dead_letters{destination=\"plain\"} " + value + "\n") !=
               std::string::npos;
    };
    CHECK(finish(b.delivery().give_up(job_of({change}, 3), "answered 422")));
    CHECK(gauge("1"));
    CHECK(is_done(b.attempt(by_run({change}, "redrive-1"))));
    CHECK(gauge("0"));
    CHECK(b.kinds() == Kinds{v1::OUTCOME_KIND_DEAD, v1::OUTCOME_KIND_APPLIED});
}

TEST_CASE("delivery: what is parked is still news when its replayed twin was read first") {
    Bench b;
    const auto change = stage_change(b.now);
    pipeline::Park park;
    park.tier = "1m";
    park.delay = Milliseconds{60'000};
    CHECK(finish(b.delivery().park(together(by_run({change}, "run"), job_of({change})), park)));
    v1::Change parked;
    REQUIRE(parked.ParseFromString(*b.producer.of("sync.plain.retry.1m").at(0).value));
    CHECK(parked.live());
}

TEST_CASE("delivery: what a run asked for has time, from a retry topic too, unless it is news") {
    Bench b;
    auto change = stage_change(b.now);
    const auto has_time = [&](bool by_a_run) {
        auto record = testing::record_of(change);
        record.partition.topic = "sync.plain.retry.1m";
        if (by_a_run) record.headers.push_back({std::string{replay_header}, "run"});
        return b.delivery().place(record).backfill;
    };
    CHECK_FALSE(has_time(true));
    change.set_live(false);
    CHECK(has_time(true));
    CHECK_FALSE(has_time(false));
}

// Protects live news from a replay's turns: they would be taken up to half a lease ahead.
TEST_CASE("delivery: a replay does not stand in front at the pace, and keeps nobody else from it") {
    Bench b;
    b.settings.requests_per_second = 20;
    b.settings.burst = 1;
    redis::Pace others;
    others.per_second = 20;
    others.patience = Milliseconds{10'000};
    for (int turn = 0; turn < 3; ++turn) finish(b.store.take_turn("plain", others));
    auto job = by_run({stage_change(b.now)}, "run");
    job.place.backfill = true;
    const auto verdict = b.attempt(job);
    REQUIRE(is_wait(verdict));
    CHECK_FALSE(std::get<pipeline::Wait>(verdict).all);
    CHECK(std::get<pipeline::Wait>(verdict).at_least == Milliseconds{150});
    CHECK(b.client.requests.empty());
}

TEST_CASE("delivery: a mode that becomes shadow while a turn is waited for counts at once") {
    Bench b;
    b.settings.requests_per_second = 20;
    b.store.watch = [&](std::string_view operation) {
        if (operation == "take_turn") b.delivery().use_mode(Mode::shadow);
    };
    CHECK(is_done(b.attempt({stage_change(b.now)})));
    CHECK(b.client.requests.empty());
    CHECK(b.kinds() == Kinds{v1::OUTCOME_KIND_SHADOW});
}

// Protects the operator's word: who waits for a turn waits for up to half a lease.
TEST_CASE("delivery: a pause reaches those who wait for their turn, and no request goes out after it") {
    Bench b;
    auto change = stage_change(b.now);
    SUBCASE("at the destination's pace") {
        b.settings.requests_per_second = 20;
        b.store.watch = [&](std::string_view operation) {
            if (operation == "take_turn") b.delivery().suspend();
        };
    }
    SUBCASE("while it is asked who somebody is") {
        change = hire(b.now);
        b.internal.otherwise.body = R"({"name":"Ada"})";
        b.internal.watch = [&](const http::Request&) { b.delivery().suspend(); };
    }
    const auto verdict = b.attempt({change});
    REQUIRE(is_wait(verdict));
    CHECK(std::get<pipeline::Wait>(verdict).reason == "paused");
    CHECK(b.client.requests.empty());
    CHECK(b.kinds().empty());
    CHECK_FALSE(b.store.leased(b.key));
    b.store.watch = {};
    b.internal.watch = {};
    b.delivery().resume();
    CHECK(is_done(b.attempt({change})));
    CHECK(b.client.requests.size() == 1);
}

// Protects a destination from what nobody wants any more: up to 2,000 records are written when a replay is cancelled.
TEST_CASE("delivery: what only cancelled replays asked for is passed over, and all else is told") {
    Bench b;
    v1::Run run;
    run.set_run_id("run");
    run.set_kind(std::string{replay_kind});
    run.set_state(v1::RUN_STATE_CANCELLED);
    CancelledRuns cancelled;
    cancelled.hear(run);
    b.delivery().pass_over(cancelled);
    const auto change = stage_change(b.now);
    auto job = by_run({change}, "run");
    bool told = true;
    SUBCASE("it alone") {
        told = false;
    }
    SUBCASE("it alone, forced") {
        job = by_run({change}, "run", true);
        told = false;
    }
    SUBCASE("another run, too") {
        job = together(job, by_run({change}, "run-2"));
    }
    SUBCASE("its live twin comes with it") {
        job = together(job, job_of({change}));
    }
    SUBCASE("live news comes with it") {
        job = together(job, job_of({stage_change(b.now + 1)}));
    }
    SUBCASE("what it overtakes came without a run") {
        job = together(job, job_of({stage_change(b.now - 1'000)}));
    }
    SUBCASE("it was set aside, and a live twin with it") {
        job.records.at(0).past.parked = 1;
    }
    CHECK(is_done(b.attempt(job)));
    CHECK(b.client.requests.size() == (told ? 1U : 0U));
    CHECK(b.applied().has_value() == told);
    CHECK_FALSE(b.store.leased(b.key));
    if (told) return;
    REQUIRE(b.kinds() == Kinds{v1::OUTCOME_KIND_SKIPPED});
    CHECK(b.outcomes().at(0).reason() == "the replay was cancelled");
    CHECK(runs_in(b.outcomes().at(0)) == Ids{"run"});
}

// Protects live hires and sweeps: Lever's budget is one for all of them.
TEST_CASE("delivery: who somebody is, is asked as backfill by what has time, and by nothing else") {
    Bench b;
    auto job = by_run({hire(b.now)}, "run");
    b.attempt(job);
    job.place.backfill = true;
    b.attempt(job);
    REQUIRE(b.internal.requests.size() == 2);
    CHECK(b.internal.requests[0].target == "/internal/opportunities/opportunity-1/person");
    CHECK(b.internal.requests[1].target == "/internal/opportunities/opportunity-1/person?backfill=true");
}
