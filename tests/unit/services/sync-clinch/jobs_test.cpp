// Clinch's jobs on the daemon's own way, and against the sandbox's Clinch. Single postings are the cases beside this.
#include "services/sync-clinch/jobs.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/crypto/hash.hpp"
#include "common/http/routes.hpp"
#include "common/json/value.hpp"
#include "common/sync/delivery.hpp"
#include "services/sync-clinch/rules.hpp"
#include "tests/support/case_runner.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/fake_producer.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/posting_builders.hpp"
#include "tests/support/run.hpp"
#include "tests/support/stand_in_client.hpp"
#include "tools/sandbox/clinch.hpp"

using namespace hirewire;
using testing::finish;
using testing::posting;
using testing::posting_record;

namespace {

const std::string cases = std::string{HIREWIRE_SOURCE_DIR} + "/tests/unit/services/sync-clinch/cases";

struct Bench {
    Bench() {
        handler = testing::handler_of(stand_in);
        wire = std::make_unique<testing::StandInClient>(handler, "/clinch/v2");
        settings.access_id = "an-id";
        settings.token = "a-key";
        settings.base_path = "/clinch/v2";
        finish(store.prepare_ledger("clinch", 2, "rebuild"));
        finish(store.open_ledger("clinch", 2, "rebuild"));
        delivery = std::make_unique<sync::Delivery>(
            settings, *destination, *wire, internal, store, producer, clock, metrics);
    }

    // The posting is so from now on; nothing: it is gone.
    pipeline::Verdict tell(const std::optional<v1::Posting>& news, int number = 1) {
        clock.advance(Milliseconds{1'000});
        return tell_again({posting_record(to_ms(clock.now()), news)}, number);
    }
    pipeline::Verdict tell_again(std::vector<kafka::Record> records, int number = 1) {
        const auto job = testing::posting_job(std::move(records), number);
        return finish(delivery->attempt(job)).verdict;
    }
    http::Reply call(http::Method method, const std::string& target, const std::string& body = {}) {
        const http::Incoming incoming{.method = method, .target = target, .body = body, .headers = nullptr};
        return finish(handler(incoming));
    }
    std::string violations() { return call(http::Method::get, "/_sandbox/clinch/violations").body; }
    // What Clinch believes of posting-1's job; "null" when it does not have it.
    std::string job(std::string_view member) {
        const auto state = json::Document::parse(call(http::Method::get, "/_sandbox/clinch/state").body);
        REQUIRE(state.has_value());
        const auto value = (*state)["jobs"]["posting-1"][member];
        return value.is_string() ? std::string{value.string()} : value.text();
    }
    v1::Outcome last_outcome() const {
        v1::Outcome outcome;
        REQUIRE(outcome.ParseFromString(*producer.of("sync.outcomes").back().value));
        return outcome;
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
    std::unique_ptr<sync::Destination> destination =
        testing::configured(clinch::make_destination(), cases + "/config.toml");
    std::unique_ptr<sync::Delivery> delivery;
};

bool is_done(const pipeline::Verdict& verdict) {
    return std::holds_alternative<pipeline::Done>(verdict);
}

}  // namespace

TEST_CASE("#45 #47 #48 Clinch: a job is made, follows each change in Lever and is unpublished with its posting") {
    Bench b;
    auto now = posting();
    CHECK(is_done(b.tell(now)));
    CHECK(b.job("title") == "Staff Engineer");
    CHECK(b.job("url") == "https://jobs.lever.co/acme/posting-1");
    CHECK(b.job("page_status") == "published");
    CHECK(b.last_outcome().effect() == "created");
    now.set_title("Principal Engineer");
    now.clear_department();
    CHECK(is_done(b.tell(now)));
    CHECK(b.job("title") == "Principal Engineer");
    CHECK(b.job("department").empty());
    CHECK(b.last_outcome().effect() == "updated");
    now.set_state("closed");
    CHECK(is_done(b.tell(now)));
    CHECK(b.job("page_status") == "unpublished");
    now.set_state("published");
    CHECK(is_done(b.tell(now)));
    CHECK(b.job("page_status") == "published");
    CHECK(is_done(b.tell(std::nullopt)));
    CHECK(b.job("page_status") == "unpublished");
    CHECK(b.job("title") == "Principal Engineer");  // kept
    CHECK(b.violations() == "[]");
}

TEST_CASE("#46 Clinch: without a location nothing is sent; its removal takes the page away and keeps the job") {
    Bench b;
    auto now = posting();
    now.set_location(" \t");
    CHECK(is_done(b.tell(now)));
    CHECK(b.wire->requests.empty());
    now.set_location("Berlin");
    CHECK(is_done(b.tell(now)));
    CHECK(b.job("page_status") == "published");
    now.clear_location();
    CHECK(is_done(b.tell(now)));
    CHECK(b.job("page_status") == "unpublished");
    CHECK(b.job("location") == "Berlin");
    CHECK(b.violations() == "[]");
}

TEST_CASE("#46 Clinch: a record with a location that is tried again after the location went tells nothing any more") {
    Bench b;
    b.call(http::Method::post, "/_sandbox/clinch/faults", R"({"status":503,"ratio":1})");
    b.clock.advance(Milliseconds{1'000});
    const auto with = posting_record(to_ms(b.clock.now()), posting());
    CHECK_FALSE(is_done(b.tell_again({with})));
    b.call(http::Method::del, "/_sandbox/clinch/faults");
    auto now = posting();
    now.clear_location();
    CHECK(is_done(b.tell(now)));
    const auto calls = b.wire->requests.size();
    CHECK(is_done(b.tell_again({with}, 2)));
    CHECK(b.wire->requests.size() == calls);
    CHECK(b.job("title") == "null");
}

TEST_CASE("#44 Clinch: a posting that becomes confidential loses its page, and no opt-in tells of it") {
    for (const bool opted_in : {false, true}) {
        CAPTURE(opted_in);
        Bench b;
        b.settings.confidential = opted_in;
        b.delivery = std::make_unique<sync::Delivery>(
            b.settings, *b.destination, *b.wire, b.internal, b.store, b.producer, b.clock, b.metrics);
        CHECK(is_done(b.tell(posting())));
        auto secret = posting();
        secret.set_confidential(true);
        secret.set_title("Chief Something");
        CHECK(is_done(b.tell(secret)));
        CHECK(b.job("page_status") == "unpublished");
        CHECK(b.job("title") == "Staff Engineer");
        for (const auto& request : b.wire->requests) CHECK(request.body.find("Chief") == std::string::npos);
        CHECK(b.violations() == "[]");
    }
}

TEST_CASE("#44 #47 Clinch: jobs are written by PATCH and POST alone, nothing is read back and nobody is asked for") {
    int seen = 0;
    for (const auto& rule_case : testing::read_cases(cases)) {
        CAPTURE(rule_case.name);
        if (!rule_case.posting) continue;
        ++seen;
        const auto own = rule_case.folder / "config.toml";
        const auto destination = testing::configured(
            clinch::make_destination(),
            std::filesystem::exists(own) ? own : rule_case.folder.parent_path() / "config.toml");
        std::size_t next = 0;
        testing::Neighbours neighbours;
        neighbours.lever_source = []() -> std::optional<sync::Person> {
            throw std::runtime_error("asks for a person");
        };
        neighbours.destination = [&](const http::Request& request) -> sync::Answer {
            const bool patch = request.method == http::Method::patch;
            CHECK((patch || request.method == http::Method::post));
            CHECK(request.target == (patch ? "/jobs/" + rule_case.posting->id : "/jobs"));
            const auto body = json::Document::parse(request.body);
            REQUIRE(body.has_value());
            CHECK((*body)["data"]["id"].string() == rule_case.posting->id);
            return rule_case.answers.at(next++);
        };
        testing::follow(testing::plan_of(*destination, rule_case), neighbours);
    }
    CHECK(seen > 20);
}

TEST_CASE("Clinch: a lost answer to the making of a job leaves one job") {
    Bench b;
    b.clock.advance(Milliseconds{1'000});
    const auto record = posting_record(to_ms(b.clock.now()), posting());
    b.wire->lose_answer_to = 2;  // after the PATCH that found nothing
    CHECK_FALSE(is_done(b.tell_again({record})));
    CHECK(is_done(b.tell_again({record}, 2)));
    CHECK(b.job("page_status") == "published");
    CHECK(b.job("effects") == "1");
    CHECK(b.violations() == "[]");
}

TEST_CASE("Clinch, check 12: a job that is told again after 20 minutes is signed anew, with the same bytes and key") {
    Bench b;
    b.clock.advance(Milliseconds{1'000});
    const auto record = posting_record(to_ms(b.clock.now()), posting());
    const auto header = [](const http::Request& request, std::string_view name) {
        return std::string{http::header(request.headers, name)};
    };
    b.call(http::Method::post, "/_sandbox/clinch/faults", R"({"status":503,"ratio":1})");
    CHECK_FALSE(is_done(b.tell_again({record})));
    b.clock.advance(std::chrono::minutes{20});
    CHECK_FALSE(is_done(b.tell_again({record}, 2)));
    REQUIRE(b.wire->requests.size() == 2);
    const auto& first = b.wire->requests[0];
    const auto& second = b.wire->requests[1];
    CHECK(first.target == "/jobs/posting-1");
    CHECK(first.target == second.target);
    CHECK(first.body == second.body);
    for (const auto* name : {"Idempotency-Key", "Source-Version", "Content-Type", "Content-MD5"}) {
        CAPTURE(name);
        CHECK_FALSE(header(first, name).empty());
        CHECK(header(first, name) == header(second, name));
    }
    CHECK(header(first, "Content-MD5") == crypto::base64(crypto::md5(first.body)));
    CHECK(header(second, "Date") == http_date(b.clock.now()));
    CHECK(header(first, "Date") != header(second, "Date"));
    CHECK(header(first, "Authorization").starts_with("APIAuth an-id:"));
    CHECK(header(first, "Authorization") != header(second, "Authorization"));
}

TEST_CASE("Clinch's stand-in: refuses jobs that the contract forbids") {
    const std::string start = R"({"data":{"type":"job","id":"p","attributes":{)";
    const std::string good = R"("title":"T","description":null,"department":null,"location":"Berlin",)"
                             R"("url":"https://jobs.lever.co/acme/p","page_status":"published")";
    const auto faults_of = [](const std::string& body) {
        const auto document = json::Document::parse(body);
        REQUIRE(document.has_value());
        sandbox::Wrongs wrongs;
        sandbox::read_clinch_job(document->root(), wrongs);
        return sandbox::joined(wrongs);
    };
    CHECK(faults_of(start + good + "}}}").empty());
    CHECK(faults_of(start + R"("page_status":"unpublished"}}})").empty());
    CHECK_FALSE(faults_of(start + R"("page_status":"published"}}})").empty());
    CHECK_FALSE(faults_of(start + R"("page_status":"hidden"}}})").empty());
    CHECK_FALSE(faults_of(start + good + R"(,"confidential":true}}})").empty());
    const auto with = [&](const std::string& part, const std::string& other) {
        std::string body = start + good + "}}}";
        body.replace(body.find(part), part.size(), other);
        return faults_of(body);
    };
    CHECK_FALSE(with("\"Berlin\"", "\" \"").empty());
    CHECK_FALSE(with("\"Berlin\"", "null").empty());
    CHECK_FALSE(with("\"description\":null,", "").empty());
    CHECK_FALSE(with("acme/p", "acme/q").empty());
    CHECK_FALSE(with("\"published\"", "\"internal\"").empty());
}
