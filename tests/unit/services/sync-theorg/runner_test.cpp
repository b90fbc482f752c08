#include "services/sync-theorg/runner.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <memory>
#include <set>
#include <stdexcept>
#include <utility>

#include "common/json/value.hpp"
#include "services/sync-theorg/access.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/fake_producer.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/manual_clock.hpp"

using namespace hirewire;
using namespace hirewire::theorg;

namespace {

namespace asio = boost::asio;

constexpr std::chrono::hours interval{6};
constexpr std::int64_t hour = 60 * 60'000;
const std::string jobs_path = "/companies/acme/ats/lever/jobs/";
const std::string imports_path = "/companies/acme/ats/lever/imports/";

v1::Posting a_posting(const std::string& id) {
    v1::Posting posting;
    posting.set_id(id);
    posting.set_title("Title of " + id);
    posting.set_state("published");
    posting.set_created_at_ms(1'770'800'400'000);
    return posting;
}

v1::Run a_request(const std::string& id, std::int64_t at_ms, bool force = false) {
    v1::Run run;
    run.set_run_id(id);
    run.set_kind("theorg");
    run.set_state(v1::RUN_STATE_ASKED);
    run.set_at_ms(at_ms);
    run.set_force(force);
    return run;
}

v1::Run a_listing(v1::RunState state, std::int64_t at_ms) {
    v1::Run run;
    run.set_run_id("a listing");
    run.set_kind("postings");
    run.set_state(state);
    run.set_at_ms(at_ms);
    return run;
}

// The Org, Kafka, Redis and time, in memory.
struct Bench {
    Bench() {
        settings.rules.company = "acme";
        settings.look_interval = Milliseconds{2};
        begin = to_ms(clock.now());
        past.listed_at_ms = begin - hour;
    }
    ~Bench() { end(); }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    void publish(const std::vector<std::string>& ids) {
        for (const auto& id : ids) postings[id].posting = a_posting(id);
    }
    void bury(const std::string& id) { postings[id] = Seen{.posting = {}, .written_ms = now()}; }
    // As lever-source does with what became confidential.
    void hide(const std::string& id) {
        bury(id);
        postings[id].gone_for_certain = true;
    }
    [[nodiscard]] std::int64_t now() const { return to_ms(clock.now()); }

    void start() {
        courier = std::make_unique<sync::Courier>(
            courier_settings,
            authorize_with("the key"),
            client,
            store,
            clock,
            metrics,
            [] { return 0.5; },
            [this](Milliseconds pause) { return rest(pause); });
        Sources sources;
        sources.past = [this] { return past; };
        sources.postings = [this] {
            if (kafka_fails) throw std::runtime_error{"kafka does not answer"};
            return postings;
        };
        runner = std::make_unique<Runner>(
            context.get_executor(), settings, sources, *courier, book, producer, clock, metrics);
        asio::co_spawn(context, runner->run(), asio::detached);
        context.restart();
    }
    // What hiring.runs has kept is the past of the next process.
    void end() {
        if (runner) runner->stop();
        while (context.run_one_for(Milliseconds{20}) != 0) {
        }
        runner.reset();
        courier.reset();
        for (const auto& message : producer.of("hiring.runs")) {
            v1::Run run;
            if (run.ParseFromString(*message.value)) add_run(past, run);
        }
    }
    void run_until(const std::function<bool()>& done) {
        if (!runner) start();
        for (int i = 0; i < 2'000 && !done(); ++i) context.run_one_for(Milliseconds{20});
        REQUIRE(done());
    }
    // So many looks at the clock, in which nothing may happen.
    void rest_for_a_while() {
        for (int i = 0; i < 20; ++i) context.run_one_for(Milliseconds{20});
    }
    void run_until_ended(std::size_t count) {
        run_until([&] { return ended().size() >= count; });
    }

    [[nodiscard]] std::vector<v1::Run> runs(v1::RunState state) const {
        std::vector<v1::Run> all;
        for (const auto& message : producer.of("hiring.runs")) {
            v1::Run run;
            REQUIRE(run.ParseFromString(*message.value));
            if (run.kind() == "theorg" && run.state() == state) all.push_back(run);
        }
        return all;
    }
    [[nodiscard]] std::vector<v1::Run> finished() const { return runs(v1::RUN_STATE_FINISHED); }
    [[nodiscard]] std::vector<v1::Run> failed() const { return runs(v1::RUN_STATE_FAILED); }
    [[nodiscard]] std::vector<v1::Run> ended() const {
        auto all = finished();
        for (const auto& run : failed()) all.push_back(run);
        return all;
    }
    // The jobs that hiring.runs remembers.
    [[nodiscard]] Jobs remembered() const {
        Jobs jobs;
        for (const auto& message : producer.of("hiring.runs")) {
            v1::Run run;
            REQUIRE(run.ParseFromString(*message.value));
            if (run.kind() == "theorg.jobs") jobs = read_jobs(run.checkpoint());
        }
        return jobs;
    }
    [[nodiscard]] std::vector<http::Request> requests(http::Method method, const std::string& path) const {
        std::vector<http::Request> found;
        for (const auto& request : client.requests) {
            if (request.method == method && request.target.starts_with(path)) found.push_back(request);
        }
        return found;
    }
    [[nodiscard]] std::vector<std::string> jobs_of(http::Method method) const {
        std::vector<std::string> ids;
        for (const auto& request : requests(method, jobs_path)) {
            const auto rest_of = request.target.substr(jobs_path.size());
            ids.push_back(rest_of.substr(0, rest_of.find('?')));
        }
        return ids;
    }
    [[nodiscard]] std::vector<std::string> put() const { return jobs_of(http::Method::put); }
    [[nodiscard]] std::vector<std::string> deleted() const { return jobs_of(http::Method::del); }
    [[nodiscard]] std::vector<http::Request> imports() const { return requests(http::Method::put, imports_path); }
    [[nodiscard]] std::vector<v1::Outcome> outcomes() const {
        std::vector<v1::Outcome> all;
        for (const auto& message : producer.of("sync.outcomes")) {
            v1::Outcome outcome;
            REQUIRE(outcome.ParseFromString(*message.value));
            CHECK(message.key == outcome.resource());
            all.push_back(outcome);
        }
        return all;
    }
    [[nodiscard]] bool shows(const std::string& line) const {
        return metrics.text().find("\n" + line + "\n") != std::string::npos;
    }
    [[nodiscard]] double owed_seconds() const {
        runner->refresh_metrics();
        const std::string series = "\nhirewire_deletion_owed_seconds{destination=\"theorg\"} ";
        const auto text = metrics.text();
        const auto at = text.find(series);
        REQUIRE(at != std::string::npos);
        return std::strtod(text.c_str() + at + series.size(), nullptr);
    }
    // Answers this to whoever asks for the job, and 200 to everybody else.
    void answer_for(const std::string& id, int status, std::string body = {}) {
        client.watch = [this, id, status, body](const http::Request& request) {
            client.answers.clear();
            if (request.target.starts_with(jobs_path + id + "?")) client.will_answer(status, body);
        };
    }
    void answer_all(int status, const std::vector<http::Header>& headers = {}) {
        client.watch = [this, status, headers](const http::Request&) {
            client.answers.clear();
            client.will_answer(status, {}, headers);
        };
    }
    void answer_well() { client.watch = {}; }

    asio::awaitable<void> rest(Milliseconds pause) {
        rests.push_back(pause);
        clock.advance(pause);
        co_await asio::post(context, asio::use_awaitable);
    }

    testing::ManualClock clock;
    std::int64_t begin = 0;
    testing::FakeClient client;
    testing::FakeStore store{clock};
    testing::FakeProducer producer;
    metrics::Registry metrics;
    asio::io_context context{1};
    runtime::RunBook book{"main", producer, clock};
    sync::CourierSettings courier_settings = standard_courier();
    RunnerSettings settings;
    Past past{};
    Postings postings{};
    bool kafka_fails = false;
    std::vector<Milliseconds> rests{};
    std::unique_ptr<sync::Courier> courier;
    std::unique_ptr<Runner> runner;
};

using List = std::vector<std::string>;

bool is_complete(const http::Request& request) {
    const auto document = json::Document::parse(request.body);
    REQUIRE(document.has_value());
    return (*document)["complete"].boolean();
}

std::string header(const http::Request& request, std::string_view name) {
    return std::string{http::header(request.headers, name)};
}

}  // namespace

TEST_CASE(
    "#25 The Org's runs: the first one tells every open posting, reports the import and says what it has done") {
    Bench b;
    b.publish({"a", "b", "c"});
    b.bury("gone");
    b.run_until_ended(1);
    CHECK(b.put() == List{"a", "b", "c"});
    CHECK(b.deleted().empty());
    REQUIRE(b.imports().size() == 1);
    CHECK(b.imports()[0].body == R"({"complete":true,"seen":3,"upserted":3,"unchanged":0,"deleted":0,"failed":0})");
    const auto run = b.finished().at(0);
    CHECK(b.imports()[0].target == imports_path + run.run_id());
    CHECK(b.client.requests[0].target == jobs_path + "a?run=" + run.run_id());
    CHECK(run.counts().at("upserted") == 3);
    CHECK(run.counts().at("failed") == 0);
    CHECK(b.runs(v1::RUN_STATE_STARTED).size() == 1);
    CHECK(b.shows(R"(hirewire_runs_total{destination="theorg",result="complete"} 1)"));
    CHECK(b.shows(R"(hirewire_outcomes_total{destination="theorg",outcome="applied"} 3)"));
}

TEST_CASE("#23 The Org's runs: every request carries the key, and no other credential") {
    Bench b;
    b.publish({"a", "b", "c"});
    b.run_until_ended(1);
    b.bury("a");
    b.clock.advance(interval);
    b.run_until_ended(2);
    REQUIRE(b.deleted() == List{"a"});
    std::set<std::string> keys;
    for (const auto& request : b.client.requests) {
        CHECK(header(request, "X-Api-Key") == "the key");
        CHECK(header(request, "Authorization").empty());
        CHECK(header(request, "Content-Type") == (request.body.empty() ? "" : "application/json"));
        CHECK(header(request, "Idempotency-Key").size() == 38);
        CHECK_FALSE(header(request, "Source-Version").empty());
        keys.insert(header(request, "Idempotency-Key"));
    }
    CHECK(keys.size() == b.client.requests.size());
    const auto first = std::stoll(header(b.client.requests.front(), "Source-Version"));
    CHECK(first == b.finished().at(0).began_ms());
    CHECK(std::stoll(header(b.client.requests.back(), "Source-Version")) > first);
}

TEST_CASE("#26 The Org's runs: one every six hours, which tells what has changed; also after a restart") {
    Bench b;
    b.publish({"a", "b", "c"});
    b.run_until_ended(1);
    b.rest_for_a_while();
    b.clock.advance(interval - Milliseconds{60'000});
    b.rest_for_a_while();
    CHECK(b.ended().size() == 1);
    b.postings["b"].posting->set_title("Another title");
    b.clock.advance(std::chrono::minutes{2});
    b.run_until_ended(2);
    CHECK(b.put() == List{"a", "b", "c", "b"});
    CHECK(b.imports()[1].body == R"({"complete":true,"seen":3,"upserted":1,"unchanged":2,"deleted":0,"failed":0})");
    b.end();
    b.start();
    b.rest_for_a_while();
    CHECK(b.ended().size() == 2);
    b.clock.advance(interval);
    b.run_until_ended(3);
    CHECK(b.put().size() == 4);
    CHECK(b.imports().size() == 3);
}

TEST_CASE(
    "#26 The Org's runs: nothing is told by the clock before Lever's postings were listed, then it is at once") {
    Bench b;
    b.past.listed_at_ms = 0;
    b.publish({"a"});
    b.start();
    b.rest_for_a_while();
    CHECK(b.client.requests.empty());
    b.runner->hear(a_listing(v1::RUN_STATE_FINISHED, b.now()));
    b.run_until_ended(1);
    CHECK(b.finished().size() == 1);
}

TEST_CASE("#27 The Org's runs: who asks has one at once, under the id that was asked with") {
    Bench b;
    b.publish({"a", "b"});
    b.run_until_ended(1);
    b.publish({"new"});
    b.runner->hear(a_request("the asked one", b.now()));
    b.run_until_ended(2);
    CHECK(b.finished().at(1).run_id() == "the asked one");
    CHECK(b.put().back() == "new");
    CHECK(b.imports().at(1).target == imports_path + "the%20asked%20one");
    // Heard again, it is not done again.
    b.runner->hear(a_request("the asked one", b.now()));
    b.rest_for_a_while();
    CHECK(b.ended().size() == 2);
}

TEST_CASE("#27 The Org's runs: a request while one is under way joins it, and is told of its end with its counts") {
    Bench b;
    b.publish({"a", "b", "c"});
    bool asked = false;
    b.client.watch = [&](const http::Request& request) {
        if (request.target.starts_with(jobs_path + "b?") && !asked) {
            asked = true;
            b.runner->hear(a_request("second", b.now()));
            b.runner->hear(a_request("third", b.now()));
        }
    };
    b.run_until_ended(3);
    b.rest_for_a_while();
    CHECK(b.runs(v1::RUN_STATE_STARTED).size() == 1);
    CHECK(b.imports().size() == 1);
    CHECK(b.put() == List{"a", "b", "c"});
    std::set<std::string> ids;
    for (const auto& run : b.finished()) {
        ids.insert(run.run_id());
        CHECK(run.counts().at("upserted") == 3);
        CHECK(run.began_ms() == b.finished().at(0).began_ms());
    }
    CHECK(ids.size() == 3);
    CHECK(ids.contains("second"));
    CHECK(ids.contains("third"));
}

TEST_CASE("#27 The Org's runs: a request that nobody was there for, or that was broken off, is taken up") {
    Bench b;
    b.past.complete_began_ms = b.begin;
    add_run(b.past, a_request("asked before", b.begin));
    v1::Run broken = a_request("broken off", b.begin);
    broken.set_state(v1::RUN_STATE_STARTED);
    broken.set_began_ms(b.begin);
    add_run(b.past, broken);
    b.publish({"a"});
    b.run_until_ended(2);
    CHECK(b.finished().size() == 2);
    CHECK(b.imports().size() == 1);
    // Later than the one that was broken off, whatever the clock says.
    CHECK(b.finished().at(0).began_ms() > b.begin);
}

TEST_CASE("#28 The Org's runs: an import is reported once a run, and as done only when nothing failed") {
    Bench b;
    b.publish({"a", "b", "c"});
    b.answer_for("b", 422);
    b.run_until_ended(1);
    REQUIRE(b.imports().size() == 1);
    CHECK(b.imports()[0].body == R"({"complete":false,"seen":3,"upserted":2,"unchanged":0,"deleted":0,"failed":1})");
    REQUIRE(b.failed().size() == 1);
    CHECK(b.failed()[0].checkpoint() == "1 not told: answered 422");
    CHECK(b.shows(R"(hirewire_runs_total{destination="theorg",result="incomplete"} 1)"));
    // It is tried once more by each run, and the others are left alone.
    b.answer_well();
    b.clock.advance(interval);
    b.run_until_ended(2);
    CHECK(b.put() == List{"a", "b", "c", "b"});
    CHECK(b.imports().size() == 2);
    CHECK(is_complete(b.imports()[1]));
}

TEST_CASE("#28 The Org's runs: a report whose answer is lost is repeated under the same id and the same key") {
    Bench b;
    b.publish({"a"});
    bool lost = false;
    b.client.watch = [&](const http::Request& request) {
        b.client.answers.clear();
        if (request.target.starts_with(imports_path) && !std::exchange(lost, true)) {
            b.client.will_fail(http::Errc::timed_out);
        }
    };
    b.run_until_ended(1);
    CHECK(b.finished().size() == 1);
    REQUIRE(b.imports().size() == 2);
    CHECK(b.imports()[0].target == b.imports()[1].target);
    CHECK(header(b.imports()[0], "Idempotency-Key") == header(b.imports()[1], "Idempotency-Key"));
}

TEST_CASE("#28 The Org's runs: an end that could not be told is told later, and the import is not reported again") {
    Bench b;
    b.publish({"a"});
    int refused = 0;
    b.producer.fails = [&](const kafka::Message& message) {
        v1::Run run;
        const bool end = message.topic == "hiring.runs" && run.ParseFromString(*message.value) &&
                         run.state() == v1::RUN_STATE_FINISHED;
        return end && ++refused <= 3;
    };
    b.run_until_ended(1);
    CHECK(refused == 4);
    CHECK(b.finished().size() == 1);
    CHECK(b.imports().size() == 1);
    CHECK(b.put().size() == 1);
}

TEST_CASE("#28 The Org's runs: a run that a process's death broke off is done again under the same id") {
    Bench b;
    b.publish({"a", "b", "c"});
    b.client.watch = [&](const http::Request& request) {
        if (request.target.starts_with(jobs_path + "b?")) b.runner->stop();
    };
    b.run_until([&] { return b.put().size() >= 2; });
    b.end();
    CHECK(b.ended().empty());
    const auto id = b.runs(v1::RUN_STATE_STARTED).at(0).run_id();
    // Nobody can say which of them arrived.
    CHECK(b.remembered().size() == 3);
    b.answer_well();
    b.run_until_ended(1);
    CHECK(b.finished().at(0).run_id() == id);
    CHECK(b.imports().size() == 1);
    CHECK(b.put().size() >= 4);
}

TEST_CASE("#29 The Org's runs: what is gone in Lever is deleted within the next run, and 404 and 410 are as good") {
    for (const int status : {204, 404, 410}) {
        Bench b;
        b.publish({"a", "b", "c"});
        b.run_until_ended(1);
        b.bury("b");
        b.answer_for("b", status);
        b.clock.advance(interval);
        b.run_until_ended(2);
        CHECK(b.deleted() == List{"b"});
        CHECK(b.finished().size() == 2);
        CHECK(
            b.imports()[1].body == R"({"complete":true,"seen":2,"upserted":0,"unchanged":2,"deleted":1,"failed":0})");
        CHECK_FALSE(b.remembered().contains("b"));
        b.clock.advance(interval);
        b.run_until_ended(3);
        CHECK(b.deleted().size() == 1);
    }
}

TEST_CASE("#29 The Org's runs: a listing of Lever's that broke off deletes nothing and completes no import") {
    Bench b;
    b.publish({"a", "b", "c"});
    b.run_until_ended(1);
    b.runner->hear(a_listing(v1::RUN_STATE_FAILED, b.now() + 1));
    b.clock.advance(interval);
    b.run_until_ended(2);
    CHECK(b.deleted().empty());
    REQUIRE(b.imports().size() == 2);
    CHECK_FALSE(is_complete(b.imports()[1]));
    CHECK(b.failed().at(0).checkpoint() == "the last listing of Lever's postings failed");
    b.runner->hear(a_listing(v1::RUN_STATE_FINISHED, b.now() + 1));
    b.clock.advance(interval);
    b.run_until_ended(3);
    CHECK(is_complete(b.imports().at(2)));
}

TEST_CASE("#29 The Org's runs: when hiring.postings cannot be read nothing is told, and it is tried again soon") {
    Bench b;
    b.publish({"a", "b"});
    b.kafka_fails = true;
    b.run_until_ended(1);
    CHECK(b.put().empty());
    REQUIRE(b.imports().size() == 1);
    CHECK(b.imports()[0].body == R"({"complete":false,"seen":0,"upserted":0,"unchanged":0,"deleted":0,"failed":0})");
    CHECK(b.failed().at(0).checkpoint() == "hiring.postings was not read: kafka does not answer");
    b.rest_for_a_while();
    CHECK(b.ended().size() == 1);
    b.kafka_fails = false;
    b.clock.advance(std::chrono::minutes{15});
    b.run_until_ended(2);
    CHECK(b.put() == List{"a", "b"});
}

TEST_CASE(
    "#29 The Org's runs: more than half of the jobs to be deleted is an alarm and deletes nothing; --force does") {
    Bench b;
    b.publish({"a", "b", "c", "d", "e"});
    b.run_until_ended(1);
    for (const char* id : {"a", "b", "c", "d"}) b.bury(id);
    b.publish({"new"});
    b.clock.advance(interval);
    b.run_until_ended(2);
    CHECK(b.deleted().empty());
    CHECK(b.put().back() == "new");
    CHECK_FALSE(is_complete(b.imports().at(1)));
    CHECK(b.failed().at(0).counts().at("withheld") == 4);
    CHECK(b.shows(R"(hirewire_bulk_deletion{destination="theorg"} 1)"));
    CHECK(b.remembered().size() == 6);
    SUBCASE("somebody insists") {
        b.runner->hear(a_request("the asked one", b.now(), true));
        b.run_until_ended(3);
        CHECK(b.deleted() == List{"a", "b", "c", "d"});
        CHECK(b.finished().back().run_id() == "the asked one");
        CHECK(b.shows(R"(hirewire_bulk_deletion{destination="theorg"} 0)"));
        CHECK(b.remembered().size() == 2);
    }
    SUBCASE("somebody asks without insisting") {
        b.runner->hear(a_request("the asked one", b.now()));
        b.run_until_ended(3);
        CHECK(b.deleted().empty());
        CHECK(b.failed().back().run_id() == "the asked one");
    }
    SUBCASE("somebody insisted long ago") {
        b.runner->hear(a_request("the asked one", b.now() - 2 * hour, true));
        b.run_until_ended(3);
        CHECK(b.deleted().empty());
    }
}

TEST_CASE("#29 The Org's runs: who insists while one is under way that holds deletions back has another one") {
    Bench b;
    b.publish({"a", "b", "c", "d", "e"});
    b.run_until_ended(1);
    for (const char* id : {"a", "b", "c", "d"}) b.bury(id);
    b.publish({"new"});
    bool asked = false;
    b.client.watch = [&](const http::Request& request) {
        if (request.target.starts_with(jobs_path + "new?") && !std::exchange(asked, true)) {
            b.runner->hear(a_request("insists", b.now(), true));
        }
    };
    b.clock.advance(interval);
    b.run_until_ended(3);
    CHECK(b.failed().size() == 1);
    CHECK(b.finished().back().run_id() == "insists");
    CHECK(b.deleted() == List{"a", "b", "c", "d"});
}

TEST_CASE("#29 The Org's runs: a deletion that cannot be told is owed, shown by its age, and told when it can be") {
    Bench b;
    b.publish({"a", "b", "c"});
    b.run_until_ended(1);
    const auto buried = b.now();
    b.bury("b");
    b.answer_for("b", 503);
    std::size_t runs = 1;
    while (b.now() - buried < 49 * hour) {
        b.clock.advance(interval);
        b.run_until_ended(++runs);
    }
    CHECK(b.owed_seconds() > 48 * 3'600);
    CHECK(b.remembered().at("b").owed_since_ms == buried);
    b.answer_well();
    b.clock.advance(interval);
    b.run_until_ended(++runs);
    CHECK(b.owed_seconds() == 0);
    CHECK_FALSE(b.remembered().contains("b"));
}

TEST_CASE("#29 The Org's runs: a job that is published again is told again") {
    Bench b;
    b.publish({"a", "b", "c"});
    b.run_until_ended(1);
    b.bury("b");
    b.clock.advance(interval);
    b.run_until_ended(2);
    b.publish({"b"});
    b.clock.advance(interval);
    b.run_until_ended(3);
    CHECK(b.put() == List{"a", "b", "c", "b"});
}

TEST_CASE("#29 The Org's runs: nothing is sent before what is about to be told is remembered") {
    Bench b;
    b.publish({"a", "b"});
    bool refuses = true;
    b.producer.fails = [&](const kafka::Message& message) {
        v1::Run run;
        const bool jobs =
            message.topic == "hiring.runs" && run.ParseFromString(*message.value) && run.kind() == "theorg.jobs";
        return jobs && refuses;
    };
    b.run_until_ended(1);
    CHECK(b.client.requests.empty());
    CHECK(b.failed().size() == 1);
    refuses = false;
    b.clock.advance(std::chrono::minutes{15});
    bool before = true;
    b.client.watch = [&](const http::Request&) { before = before && b.remembered().size() == 2; };
    b.run_until_ended(2);
    CHECK(before);
    CHECK(b.put() == List{"a", "b"});
}

TEST_CASE("The Org's runs: 402 holds; one probe every five minutes, until it is answered well") {
    Bench b;
    b.publish({"a", "b", "c"});
    b.answer_all(402);
    b.run_until_ended(1);
    CHECK(b.client.requests.size() == 1);
    CHECK(b.failed().at(0).checkpoint() == "held: answered 402");
    CHECK(b.imports().empty());
    CHECK(b.shows(R"(hirewire_held{destination="theorg"} 1)"));
    REQUIRE(b.outcomes().size() == 1);
    CHECK(b.outcomes()[0].outcome() == v1::OUTCOME_KIND_HELD);
    CHECK(b.outcomes()[0].http_status() == 402);
    // Not even for who asks.
    b.runner->hear(a_request("asked", b.now()));
    b.rest_for_a_while();
    b.clock.advance(std::chrono::minutes{4});
    b.rest_for_a_while();
    CHECK(b.client.requests.size() == 1);
    b.clock.advance(std::chrono::minutes{1});
    b.run_until_ended(2);
    CHECK(b.client.requests.size() == 2);
    CHECK(b.failed().at(1).run_id() == "asked");
    b.answer_well();
    b.clock.advance(std::chrono::minutes{5});
    b.run_until_ended(3);
    CHECK(b.finished().size() == 1);
    CHECK(b.put().size() == 5);
    CHECK(b.shows(R"(hirewire_held{destination="theorg"} 0)"));
}

TEST_CASE("The Org's runs: SIGHUP ends a hold at once, and begins nothing when there is none") {
    Bench b;
    b.publish({"a", "b"});
    b.answer_all(401);
    b.run_until_ended(1);
    CHECK(b.runner->held());
    b.answer_well();
    b.courier->use(authorize_with("another key"));
    b.runner->release();
    b.run_until_ended(2);
    CHECK_FALSE(b.runner->held());
    CHECK(header(b.client.requests.back(), "X-Api-Key") == "another key");
    b.runner->release();
    b.rest_for_a_while();
    CHECK(b.ended().size() == 2);
}

TEST_CASE(
    "The Org's runs: while paused none begins, not even for who asks, and what was asked for is done after it") {
    Bench b;
    b.publish({"a"});
    b.start();
    b.runner->suspend();
    b.runner->hear(a_request("asked", b.now()));
    b.clock.advance(interval);
    b.rest_for_a_while();
    CHECK(b.client.requests.empty());
    CHECK(b.runs(v1::RUN_STATE_STARTED).empty());
    b.runner->resume();
    b.run_until_ended(1);
    CHECK(b.finished().at(0).run_id() == "asked");
    CHECK(b.put() == List{"a"});
}

TEST_CASE("#25 The Org's runs: after a pause in the middle what became confidential meanwhile is not told") {
    Bench b;
    b.publish({"a", "b", "c", "d"});
    b.client.watch = [&](const http::Request& request) {
        if (request.target.starts_with(jobs_path + "b?")) b.courier->suspend();
    };
    b.run_until([&] { return b.client.requests.size() == 2; });
    b.rest_for_a_while();
    CHECK(b.put() == List{"a", "b"});
    CHECK(b.ended().empty());
    b.hide("c");
    b.client.watch = {};
    b.courier->resume();
    b.run_until_ended(1);
    CHECK(b.put() == List{"a", "b", "d"});
    // It was about to be put, so that nobody can say that it is not there.
    CHECK(b.deleted() == List{"c"});
    CHECK(b.finished().size() == 1);
    REQUIRE(b.imports().size() == 1);
    CHECK(b.imports()[0].body == R"({"complete":true,"seen":3,"upserted":3,"unchanged":0,"deleted":1,"failed":0})");
    const auto version = [](const http::Request& request) { return std::stoll(header(request, "Source-Version")); };
    const auto first = version(b.client.requests.front());
    CHECK(version(b.imports()[0]) > first);
    // The next run is newer than all that this one has told.
    b.runner->hear(a_request("asked", b.now()));
    b.run_until_ended(2);
    CHECK(version(b.imports().at(1)) > version(b.imports()[0]));
}

TEST_CASE("#25 The Org's runs: a long Retry-After has the rest decided anew, and that job is left for the next run") {
    Bench b;
    b.publish({"a", "b", "c", "d"});
    b.client.watch = [&](const http::Request& request) {
        b.client.answers.clear();
        if (!request.target.starts_with(jobs_path + "b?")) return;
        b.client.will_answer(429, {}, {{"Retry-After", "120"}});
        b.hide("d");
    };
    b.run_until_ended(1);
    CHECK(b.put() == List{"a", "b", "c"});
    CHECK(b.failed().at(0).checkpoint() == "1 not told: answered 429");
    CHECK(b.failed().at(0).counts().at("upserted") == 2);
    CHECK(b.failed().at(0).counts().at("failed") == 1);
}

TEST_CASE("#29 The Org's runs: the only job there is, turned confidential, is deleted by the next run") {
    Bench b;
    b.publish({"a"});
    b.run_until_ended(1);
    b.hide("a");
    b.clock.advance(interval);
    b.run_until_ended(2);
    CHECK(b.deleted() == List{"a"});
    CHECK(b.finished().size() == 2);
}

TEST_CASE("The Org's runs: a hold in the middle leaves the rest for later, and what was told stays told") {
    Bench b;
    b.publish({"a", "b", "c", "d"});
    b.answer_for("c", 402);
    b.run_until_ended(1);
    CHECK(b.put() == List{"a", "b", "c"});
    CHECK(b.imports().empty());
    CHECK(b.failed().at(0).counts().at("upserted") == 2);
    CHECK(b.failed().at(0).counts().at("failed") == 2);
    b.answer_well();
    b.clock.advance(std::chrono::minutes{5});
    b.run_until_ended(2);
    CHECK(b.put() == List{"a", "b", "c", "c", "d"});
}

TEST_CASE("The Org's runs: a 403 or 404 for one job is about that job, for two in a row it is about all of them") {
    for (const int status : {403, 404}) {
        Bench b;
        b.publish({"a", "b", "c", "d", "e"});
        b.answer_for("b", status);
        b.run_until_ended(1);
        CHECK(b.put() == List{"a", "b", "c", "d", "e"});
        CHECK_FALSE(b.runner->held());
        CHECK(b.imports().size() == 1);

        Bench all;
        all.publish({"a", "b", "c", "d", "e"});
        all.answer_all(status);
        all.run_until_ended(1);
        CHECK(all.put() == List{"a", "b"});
        CHECK(all.runner->held());
        CHECK(all.imports().empty());
    }
}

TEST_CASE("The Org's runs: a disconnected company is told nothing more, and its outcome says so") {
    Bench b;
    b.publish({"a", "b"});
    b.answer_all(410);
    b.run_until_ended(1);
    CHECK(b.client.requests.size() == 1);
    CHECK(b.runner->held());
    CHECK(b.outcomes().at(0).outcome() == v1::OUTCOME_KIND_DISABLED);
}

TEST_CASE("The Org's runs: silence is met with the same bytes and the same key, then the job counts as failed") {
    Bench b;
    b.courier_settings.retry.max_attempts = 4;
    b.publish({"a", "b", "c"});
    b.client.watch = [&](const http::Request& request) {
        b.client.answers.clear();
        if (request.target.starts_with(jobs_path + "b?")) b.client.will_fail(http::Errc::timed_out);
    };
    b.run_until_ended(1);
    CHECK(b.put() == List{"a", "b", "b", "b", "b", "c"});
    std::set<std::string> keys;
    for (const auto& request : b.requests(http::Method::put, jobs_path + "b?")) {
        keys.insert(header(request, "Idempotency-Key"));
    }
    CHECK(keys.size() == 1);
    REQUIRE(b.imports().size() == 1);
    CHECK_FALSE(is_complete(b.imports()[0]));
    const auto outcomes = b.outcomes();
    REQUIRE(outcomes.size() == 3);
    CHECK(outcomes[1].outcome() == v1::OUTCOME_KIND_RETRYING);
    CHECK(outcomes[1].attempts() == 4);
    CHECK(outcomes[1].http_status() == 0);
    CHECK(outcomes[1].destination() == "theorg");
    CHECK(outcomes[1].resource() == "b");
    CHECK(outcomes[1].opportunity_id().empty());
    CHECK(b.shows(R"(hirewire_retries_total{destination="theorg"} 3)"));
    // What an outage has spoilt is done soon, not in six hours.
    b.answer_well();
    b.clock.advance(std::chrono::minutes{15});
    b.run_until_ended(2);
    CHECK(b.put().back() == "b");
    CHECK(is_complete(b.imports().at(1)));
}

TEST_CASE("The Org's runs: an outage ends a run after three jobs, whatever their number") {
    Bench b;
    b.courier_settings.retry.max_attempts = 2;
    std::vector<std::string> ids;
    for (int i = 0; i < 100; ++i) ids.push_back("p" + std::to_string(100 + i));
    b.publish(ids);
    b.answer_all(503);
    b.run_until_ended(1);
    CHECK(b.put().size() == 6);
    CHECK(b.failed().at(0).counts().at("failed") == 100);
    CHECK_FALSE(b.runner->held());
}

TEST_CASE("The Org's runs: 429 without Retry-After is met with pauses of our own, with it as it wishes") {
    Bench b;
    b.publish({"a"});
    int answers = 0;
    std::vector<http::Header> headers;
    b.client.watch = [&](const http::Request& request) {
        b.client.answers.clear();
        if (request.target.starts_with(jobs_path) && ++answers <= 3) b.client.will_answer(429, {}, headers);
    };
    const auto longest = [&] { return *std::max_element(b.rests.begin(), b.rests.end()); };
    SUBCASE("without") {
        b.run_until_ended(1);
        CHECK(b.put().size() == 4);
        // Doubling from half a second, and three quarters of that by the jitter.
        CHECK(std::count(b.rests.begin(), b.rests.end(), Milliseconds{375}) == 1);
        CHECK(std::count(b.rests.begin(), b.rests.end(), Milliseconds{750}) == 1);
        CHECK(longest() == Milliseconds{1'500});
    }
    SUBCASE("with") {
        headers.push_back({"Retry-After", "7"});
        b.run_until_ended(1);
        CHECK(b.put().size() == 4);
        CHECK(longest() == Milliseconds{7'000});
    }
    SUBCASE("with more than a run can wait for") {
        headers.push_back({"Retry-After", "3600"});
        b.run_until_ended(1);
        CHECK(b.put().size() == 1);
        CHECK(b.failed().size() == 1);
        b.clock.advance(std::chrono::minutes{59});
        b.rest_for_a_while();
        CHECK(b.ended().size() == 1);
        answers = 3;
        b.clock.advance(std::chrono::minutes{1});
        b.run_until_ended(2);
        CHECK(b.finished().size() == 1);
    }
}

TEST_CASE("The Org's runs: ten requests a second, and none while nobody knows the pace") {
    Bench b;
    std::vector<std::string> ids;
    for (int i = 0; i < 50; ++i) ids.push_back("p" + std::to_string(100 + i));
    b.publish(ids);
    b.run_until_ended(1);
    // Fifty jobs and an import, a tenth of a second between two of them.
    CHECK(b.now() - b.begin >= 5'000);
    CHECK(b.now() - b.begin <= 5'200);
    b.store.away = true;
    b.publish({"new"});
    b.runner->hear(a_request("asked", b.now()));
    const auto sent = b.client.requests.size();
    b.rest_for_a_while();
    CHECK(b.client.requests.size() == sent);
    b.store.away = false;
    b.run_until_ended(2);
    CHECK(b.put().back() == "new");
}

TEST_CASE("The Org's runs: who waits is told of progress") {
    Bench b;
    std::vector<std::string> ids;
    for (int i = 0; i < 120; ++i) ids.push_back("p" + std::to_string(100 + i));
    b.publish(ids);
    b.run_until_ended(1);
    const auto progress = b.runs(v1::RUN_STATE_CHECKPOINT);
    REQUIRE(progress.size() == 2);
    CHECK(progress[0].counts().at("upserted") == 50);
    CHECK(progress[1].counts().at("upserted") == 100);
    CHECK(progress[1].run_id() == b.finished().at(0).run_id());
}

TEST_CASE("The Org's runs: an outcome that cannot be written ends the run, and the job is told again") {
    Bench b;
    b.publish({"a", "b"});
    bool refuses = true;
    b.producer.fails = [&](const kafka::Message& message) { return message.topic == "sync.outcomes" && refuses; };
    b.run_until_ended(1);
    CHECK(b.put() == List{"a"});
    CHECK(b.imports().empty());
    refuses = false;
    b.clock.advance(std::chrono::minutes{15});
    b.run_until_ended(2);
    CHECK(b.put() == List{"a", "a", "b"});
    CHECK(b.finished().size() == 1);
}

TEST_CASE("The Org's runs: who has been overtaken by a newer run stops, and reports no import") {
    Bench b;
    b.publish({"a", "b", "c"});
    b.answer_for("b", 200, R"({"outcome":"superseded"})");
    b.run_until_ended(1);
    CHECK(b.put() == List{"a", "b"});
    CHECK(b.imports().empty());
    CHECK(b.failed().size() == 1);
    CHECK(b.outcomes().back().outcome() == v1::OUTCOME_KIND_SUPERSEDED);
}

TEST_CASE(
    "The Org's runs: a posting that cannot be a job is reported with the reason, and the run is complete all the "
    "same") {
    Bench b;
    b.publish({"a", "b"});
    b.postings["a"].posting->clear_title();
    b.run_until_ended(1);
    CHECK(b.put() == List{"b"});
    CHECK(b.failed().empty());
    CHECK(b.finished().at(0).counts().at("unfit") == 1);
    CHECK(
        b.imports().at(0).body == R"({"complete":true,"seen":1,"upserted":1,"unchanged":0,"deleted":0,"failed":0})");
    REQUIRE(b.outcomes().size() == 2);
    CHECK(b.outcomes()[1].resource() == "a");
    CHECK(b.outcomes()[1].outcome() == v1::OUTCOME_KIND_SKIPPED);
    CHECK(b.outcomes()[1].reason() == "no title");
}

TEST_CASE("The Org's runs: a record that cannot be read keeps the run from being complete") {
    Bench b;
    b.publish({"b"});
    b.postings["a"].readable = false;
    b.run_until_ended(1);
    CHECK(b.put() == List{"b"});
    CHECK(b.failed().at(0).checkpoint() == "1 not told: a record cannot be read");
}

TEST_CASE("The Org's runs: an outcome names the state that was told, the same for the same state") {
    Bench b;
    b.publish({"a", "b", "c"});
    b.run_until_ended(1);
    b.bury("a");
    b.clock.advance(interval);
    b.run_until_ended(2);
    b.publish({"a"});
    b.clock.advance(interval);
    b.run_until_ended(3);
    const auto outcomes = b.outcomes();
    REQUIRE(outcomes.size() == 5);
    CHECK(outcomes[0].change_id() == outcomes[4].change_id());
    CHECK(outcomes[0].change_id() != outcomes[3].change_id());
    CHECK(outcomes[0].version() < outcomes[3].version());
    CHECK(outcomes[3].version() < outcomes[4].version());
    CHECK(outcomes[3].resource() == "a");
    CHECK(outcomes[3].latency_ms() >= 6 * hour);
}

TEST_CASE(
    "The Org's runs in shadow mode: what would be told is said, nothing is sent; turned live, all is told at once") {
    Bench b;
    b.settings.sends = false;
    b.courier_settings.sends = false;
    b.publish({"a", "b"});
    b.run_until_ended(1);
    CHECK(b.client.requests.empty());
    CHECK(b.remembered().empty());
    CHECK(b.failed().at(0).checkpoint() == "2 not told: nothing is sent in shadow mode");
    const auto outcomes = b.outcomes();
    REQUIRE(outcomes.size() == 2);
    CHECK(outcomes[0].outcome() == v1::OUTCOME_KIND_SHADOW);
    CHECK(outcomes[0].reason() == "would PUT " + jobs_path + "a");

    b.courier->use_sends(true);
    auto live = b.settings;
    live.sends = true;
    b.runner->use(live);
    b.run_until_ended(2);
    CHECK(b.put() == List{"a", "b"});
    CHECK(b.remembered().size() == 2);
}
