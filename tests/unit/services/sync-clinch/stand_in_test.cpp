// The daemon's requests against the sandbox's Clinch, which is as strict as the contract, without a socket.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/http/routes.hpp"
#include "common/json/value.hpp"
#include "common/sync/delivery.hpp"
#include "services/sync-clinch/rules.hpp"
#include "tests/support/case_runner.hpp"
#include "tests/support/change_builders.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/fake_producer.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"
#include "tests/support/stand_in_client.hpp"
#include "tools/sandbox/clinch.hpp"

using namespace hirewire;
using testing::finish;
using testing::stage;

namespace {

struct Bench {
    explicit Bench(const std::string& secret = "a-key") {
        handler = testing::handler_of(stand_in);
        wire = std::make_unique<testing::StandInClient>(handler, "/clinch/v2");
        settings.access_id = "an-id";
        settings.token = secret;
        settings.base_path = sync::path_of_url("http://127.0.0.1:8091/clinch/v2/");
        internal.otherwise.body = R"({"name":"Ada Park","emails":["Ada.Park@example.net"]})";
        finish(store.prepare_ledger("clinch", 2, "rebuild"));
        finish(store.open_ledger("clinch", 2, "rebuild"));
        begin();
    }

    void begin() {
        delivery = std::make_unique<sync::Delivery>(
            settings, *destination, *wire, internal, store, producer, clock, metrics);
    }

    pipeline::Verdict attempt(const v1::Change& change, int number = 1) {
        const auto job = testing::job_of({change}, number);
        return finish(delivery->attempt(job)).verdict;
    }
    http::Reply call(http::Method method, const std::string& target, const std::string& body = {}) {
        const http::Incoming incoming{.method = method, .target = target, .body = body, .headers = nullptr};
        return finish(handler(incoming));
    }
    std::string violations() { return call(http::Method::get, "/_sandbox/clinch/violations").body; }
    // Of ada.park@example.net for posting-1.
    std::string told(std::string_view member) {
        const auto state = json::Document::parse(call(http::Method::get, "/_sandbox/clinch/state").body);
        REQUIRE(state.has_value());
        const auto belief = (*state)["ada.park@example.net/posting-1"];
        return belief[member].is_string() ? std::string{belief[member].string()} : belief[member].text();
    }

    testing::ManualClock clock{SystemClock{}.now()};
    sandbox::Dice dice{1};
    sandbox::Clinch stand_in{{.access_id = "an-id", .secret = "a-key"}, dice};
    http::Handler handler;
    std::unique_ptr<testing::StandInClient> wire;
    testing::FakeStore store{clock};
    testing::FakeProducer producer;
    testing::FakeClient internal;
    metrics::Registry metrics;
    sync::DeliverySettings settings;
    std::unique_ptr<sync::Destination> destination = testing::configured(
        clinch::make_destination(),
        std::string{HIREWIRE_SOURCE_DIR} + "/tests/unit/services/sync-clinch/cases/config.toml");
    std::unique_ptr<sync::Delivery> delivery;
};

v1::Change moved(Timestamp at, const v1::Status& from, const v1::Status& to) {
    auto change = testing::stage_change(to_ms(at));
    *change.mutable_previous_status() = from;
    *change.mutable_status() = to;
    return change;
}

bool is_done(const pipeline::Verdict& verdict) {
    return std::holds_alternative<pipeline::Done>(verdict);
}

const v1::Status offer = stage("offer", "Offer");
const v1::Status phone = stage("phone", "Phone screen");

}  // namespace

TEST_CASE("Clinch's stand-in: takes what the rules send, and sees an outcome come and go") {
    Bench b;
    CHECK(is_done(b.attempt(moved(b.clock.now(), phone, offer))));
    CHECK(b.told("outcome") == "success");
    CHECK(b.told("state") == "offer");
    CHECK(b.told("ats_status") == "Active");
    CHECK(b.told("effects") == "1");
    b.clock.advance(Milliseconds{1'000});
    CHECK(is_done(b.attempt(moved(b.clock.now(), offer, phone))));
    CHECK(b.told("outcome") == "reverted");
    CHECK(b.told("effects") == "2");
    const auto calls = b.wire->requests.size();
    b.clock.advance(Milliseconds{1'000});
    CHECK(is_done(b.attempt(moved(b.clock.now(), phone, stage("screening", "Screening")))));
    CHECK(b.wire->requests.size() == calls + 1);  // looked, and left alone
    CHECK(b.told("records") == "2");
    CHECK(b.violations() == "[]");
}

TEST_CASE("Clinch's stand-in: a lost answer leaves one record, whichever way the repeat comes") {
    Bench b;
    const auto change = moved(b.clock.now(), phone, offer);
    b.wire->lose_answer_to = 2;  // after the look-up
    CHECK(std::holds_alternative<pipeline::Weather>(b.attempt(change)));
    CHECK(b.told("records") == "1");
    CHECK(is_done(b.attempt(change, 2)));
    CHECK(b.told("records") == "1");
    // Everything forgotten on our side, and another key: the record's own id tells the repeat.
    b.store.empty();
    finish(b.store.prepare_ledger("clinch", 2, "again"));
    finish(b.store.open_ledger("clinch", 2, "again"));
    b.settings.account = "another";
    b.begin();
    const auto calls = b.wire->requests.size();
    CHECK(is_done(b.attempt(change)));
    CHECK(b.wire->requests.size() == calls + 3);
    CHECK(b.told("records") == "1");
    CHECK(b.violations() == "[]");
}

TEST_CASE("Clinch's stand-in: refuses a wrong key, and a signature that is too old or too early") {
    const auto reason_of = [](const pipeline::Verdict& verdict) {
        const auto* hold = std::get_if<pipeline::Hold>(&verdict);
        return hold == nullptr ? std::string{"no hold"} : hold->reason;
    };
    {
        Bench b{"another-key"};
        CHECK(reason_of(b.attempt(moved(b.clock.now(), phone, offer))) == "answered 401");
        CHECK(b.violations() == "[]");
    }
    {
        Bench b;
        b.call(http::Method::post, "/_sandbox/clinch/clock", R"({"behind_ms":1800000})");
        const auto reason = reason_of(b.attempt(moved(b.clock.now(), phone, offer)));
        CHECK(reason.find("ahead of the destination's") != std::string::npos);
        CHECK(b.violations() == "[]");
        b.call(http::Method::post, "/_sandbox/clinch/clock", "{}");
        CHECK(is_done(b.attempt(moved(b.clock.now(), phone, offer), 2)));
    }
    {
        Bench b;
        b.clock.advance(std::chrono::minutes{20});
        const auto reason = reason_of(b.attempt(moved(b.clock.now(), phone, offer)));
        CHECK(reason.find("ahead of the destination's") != std::string::npos);
        CHECK(b.violations() != "[]");
    }
    {
        Bench b;
        CHECK(b.call(http::Method::get, "/clinch/v2/candidates?filter%5Bemail%5D=a%40b.test").status == 401);
        CHECK(b.violations() != "[]");
    }
}

TEST_CASE("Clinch's stand-in: who and what it does not know is waited for") {
    Bench b;
    const auto change = moved(b.clock.now(), phone, offer);
    b.call(http::Method::post, "/_sandbox/clinch/unknown", R"({"email":"ada.park@example.net","unknown":true})");
    CHECK(std::holds_alternative<pipeline::NotYet>(b.attempt(change)));
    b.call(http::Method::post, "/_sandbox/clinch/unknown", R"({"email":"ada.park@example.net","unknown":false})");
    b.call(http::Method::post, "/_sandbox/clinch/unknown", R"({"job":"posting-1","unknown":true})");
    CHECK(std::holds_alternative<pipeline::NotYet>(b.attempt(change, 2)));
    b.call(http::Method::post, "/_sandbox/clinch/unknown", R"({"job":"posting-1","unknown":false})");
    CHECK(is_done(b.attempt(change, 3)));
    CHECK(b.violations() == "[]");
}
