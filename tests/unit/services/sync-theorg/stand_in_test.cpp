// The runs against the strict stand-in: what one sends is what the other allows.
#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/http/client.hpp"
#include "common/http/routes.hpp"
#include "common/json/value.hpp"
#include "services/sync-theorg/access.hpp"
#include "services/sync-theorg/runner.hpp"
#include "tests/support/fake_producer.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"
#include "tests/support/stand_in_client.hpp"
#include "tools/sandbox/dice.hpp"
#include "tools/sandbox/theorg.hpp"

using namespace hirewire;

namespace {

namespace asio = boost::asio;

// The stand-in without a socket.
class Site final : public http::Client {
public:
    Site() { handler_ = testing::handler_of(theorg_); }
    asio::awaitable<Result<http::Reply>> send(http::Request request, Milliseconds) override {
        request.target = "/theorg" + request.target;
        co_return co_await call(std::move(request));
    }
    http::Reply ask(http::Method method, const std::string& target, const std::string& body = {}) {
        http::Request request;
        request.method = method;
        request.target = target;
        request.body = body;
        return testing::finish(call_well(std::move(request)));
    }
    json::Document told(const std::string& what) {
        const auto reply = ask(http::Method::get, "/_sandbox/theorg/" + what);
        REQUIRE(reply.status == 200);
        auto document = json::Document::parse(reply.body);
        REQUIRE(document.has_value());
        return std::move(*document);
    }

private:
    asio::awaitable<http::Reply> call_well(http::Request request) {
        const auto answer = co_await call(std::move(request));
        co_return answer.value();
    }
    asio::awaitable<Result<http::Reply>> call(http::Request request) {
        const testing::HeaderList headers{request.headers};
        http::Incoming incoming;
        incoming.method = request.method;
        incoming.target = request.target;
        incoming.body = request.body;
        incoming.headers = &headers;
        http::Reply reply = co_await handler_(incoming);
        if (reply.status == 0) co_return http::make_error_code(http::Errc::broken_off);
        co_return reply;
    }

    sandbox::Dice dice_{1};
    sandbox::Theorg theorg_{"the key", dice_};
    http::Handler handler_;
};

struct Bench {
    Bench() {
        settings.rules.company = sandbox::Theorg::company;
        settings.look_interval = Milliseconds{2};
        past.listed_at_ms = 1;
    }
    ~Bench() {
        if (runner) runner->stop();
        while (context.run_one_for(Milliseconds{20}) != 0) {
        }
    }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    void publish(const std::string& id) {
        v1::Posting posting;
        posting.set_id(id);
        posting.set_title("Title of " + id);
        posting.set_state("published");
        posting.set_created_at_ms(1'770'800'400'000);
        postings[id].posting = posting;
    }
    void run_until_ended(std::size_t count) {
        if (!runner) start();
        for (int i = 0; i < 2'000 && ended() < count; ++i) context.run_one_for(Milliseconds{20});
        REQUIRE(ended() >= count);
    }
    [[nodiscard]] std::size_t ended() const {
        std::size_t count = 0;
        for (const auto& message : producer.of("hiring.runs")) {
            v1::Run run;
            REQUIRE(run.ParseFromString(*message.value));
            const bool is_end = run.state() == v1::RUN_STATE_FINISHED || run.state() == v1::RUN_STATE_FAILED;
            count += run.kind() == theorg::import_kind && is_end ? 1 : 0;
        }
        return count;
    }
    std::size_t violations() { return site.told("violations").root().size(); }

    testing::ManualClock clock;
    Site site;
    testing::FakeStore store{clock};
    testing::FakeProducer producer;
    metrics::Registry metrics;
    asio::io_context context{1};
    runtime::RunBook book{"main", producer, clock};
    sync::CourierSettings courier_settings = theorg::standard_courier();
    theorg::RunnerSettings settings;
    theorg::Past past{};
    theorg::Postings postings{};
    std::unique_ptr<sync::Courier> courier;
    std::unique_ptr<theorg::Runner> runner;

private:
    asio::awaitable<void> rest(Milliseconds pause) {
        clock.advance(pause);
        co_await asio::post(context, asio::use_awaitable);
    }
    void start() {
        courier = std::make_unique<sync::Courier>(
            courier_settings,
            theorg::authorize_with("the key"),
            site,
            store,
            clock,
            metrics,
            [] { return 0.5; },
            [this](Milliseconds pause) { return rest(pause); });
        theorg::Sources sources;
        sources.past = [this] { return past; };
        sources.postings = [this] { return postings; };
        runner = std::make_unique<theorg::Runner>(
            context.get_executor(), settings, sources, *courier, book, producer, clock, metrics);
        asio::co_spawn(context, runner->run(), asio::detached);
        context.restart();
    }
};

constexpr std::chrono::hours interval{6};
const std::string job_path = "/theorg/companies/acme/ats/lever/jobs/a";

http::Reply put(Site& site, const std::string& target, const std::string& body, const std::string& key = "the key") {
    http::Request request;
    request.method = http::Method::put;
    request.target = target;
    request.body = body;
    request.headers.push_back({"X-Api-Key", key});
    request.headers.push_back({"Content-Type", "application/json"});
    static int number = 1'000;
    const auto digits = std::to_string(++number);
    request.headers.push_back({"Idempotency-Key", "\"00000000-0000-0000-0000-00000000" + digits + "\""});
    request.headers.push_back({"Source-Version", digits});
    request.target = target.substr(std::string{"/theorg"}.size());
    const auto answer = testing::finish(site.send(std::move(request), Milliseconds{1'000}));
    return answer.value();
}

const std::string good_job =
    R"({"title":"Engineer","description":"","department":"","location":"","state":"published",)"
    R"("created_at":"2026-02-11T09:00:00.000Z","url":""})";

}  // namespace

TEST_CASE(
    "#28 The Org's stand-in: a run, what changed, a deletion: as it is told, with one mail a run and no violation") {
    Bench b;
    for (const char* id : {"a", "b", "c"}) b.publish(id);
    b.run_until_ended(1);
    auto state = b.site.told("state");
    CHECK(state["jobs"].size() == 3);
    CHECK(state["jobs"]["a"]["title"].string() == "Title of a");
    CHECK(state["mails"].size() == 1);
    b.postings["a"] = theorg::Seen{};
    b.postings["b"].posting->set_title("Another title");
    b.clock.advance(interval);
    b.run_until_ended(2);
    state = b.site.told("state");
    CHECK(state["jobs"].size() == 2);
    CHECK(state["jobs"]["b"]["title"].string() == "Another title");
    CHECK(state["jobs"]["b"]["effects"].integer() == 2);
    CHECK(state["jobs"]["c"]["effects"].integer() == 1);
    CHECK(state["mails"].size() == 2);
    for (const auto& [id, report] : state["imports"].members()) CHECK(report["reports"].integer() == 1);
    CHECK(b.violations() == 0);
}

TEST_CASE("#28 The Org's stand-in: no mail is sent for an import that is not complete") {
    Bench b;
    b.publish("a");
    b.past.listing_failed_at_ms = 2;
    b.run_until_ended(1);
    const auto state = b.site.told("state");
    CHECK(state["jobs"].size() == 1);
    CHECK(state["imports"].size() == 1);
    CHECK(state["mails"].size() == 0);
    CHECK(b.violations() == 0);
}

TEST_CASE("#31 The Org's stand-in: the manager whom its users added stays through puts") {
    Bench b;
    b.publish("a");
    b.run_until_ended(1);
    const auto placed =
        b.site.ask(http::Method::post, "/_sandbox/theorg/manager", R"({"posting":"a","manager":"Head of Platform"})");
    CHECK(placed.status == 200);
    b.postings["a"].posting->set_title("Another title");
    b.clock.advance(interval);
    b.run_until_ended(2);
    const auto state = b.site.told("state");
    CHECK(state["jobs"]["a"]["title"].string() == "Another title");
    CHECK(state["jobs"]["a"]["manager"].string() == "Head of Platform");
}

TEST_CASE("#24 The Org's stand-in: six or eight members, other types, no run or another company are refused") {
    Site site;
    CHECK(put(site, job_path + "?run=r", good_job).status == 201);
    CHECK(site.told("violations").root().size() == 0);
    auto eight = good_job;
    eight.insert(1, R"("candidates":3,)");
    CHECK(put(site, job_path + "?run=r", eight).status == 400);
    auto six = good_job;
    six.erase(six.find(R"("location":"",)"), std::string{R"("location":"",)"}.size());
    CHECK(put(site, job_path + "?run=r", six).status == 400);
    auto closed = good_job;
    closed.replace(closed.find("published"), 9, "closed");
    CHECK(put(site, job_path + "?run=r", closed).status == 400);
    auto number = good_job;
    number.replace(number.find(R"("department":"")"), 15, R"("department":7)");
    CHECK(put(site, job_path + "?run=r", number).status == 400);
    CHECK(put(site, job_path, good_job).status == 400);
    CHECK(put(site, job_path + "?run=", good_job).status == 400);
    CHECK(put(site, job_path + "?run=r&force=1", good_job).status == 400);
    CHECK(site.told("violations").root().size() == 7);
    const auto elsewhere = put(site, "/theorg/companies/other/ats/lever/jobs/a?run=r", good_job);
    CHECK(elsewhere.status == 404);
    CHECK(elsewhere.body == R"({"error":{"code":404,"reason":"unknown-company"}})");
    CHECK(put(site, job_path + "?run=r", good_job, "another key").status == 401);
    CHECK(site.told("violations").root().size() == 7);
    CHECK(site.told("state")["jobs"].size() == 1);
}

TEST_CASE(
    "#28 The Org's stand-in: an import that claims more than was told, or to be complete and failed, is refused") {
    Site site;
    const std::string import_path = "/theorg/companies/acme/ats/lever/imports/r";
    const auto report = [&](const std::string& complete, int upserted, int deleted, int failed) {
        return put(site,
                   import_path,
                   R"({"complete":)" + complete + R"(,"seen":1,"upserted":)" + std::to_string(upserted) +
                       R"(,"unchanged":0,"deleted":)" + std::to_string(deleted) + R"(,"failed":)" +
                       std::to_string(failed) + "}")
            .status;
    };
    CHECK(report("true", 1, 0, 0) == 400);
    CHECK(put(site, job_path + "?run=r", good_job).status == 201);
    CHECK(report("true", 1, 1, 0) == 400);
    CHECK(report("true", 1, 0, 1) == 400);
    CHECK(report("false", 1, 0, 0) == 201);
    CHECK(site.told("state")["mails"].size() == 0);
    CHECK(report("true", 1, 0, 0) == 200);
    CHECK(report("true", 1, 0, 0) == 200);
    CHECK(site.told("state")["mails"].size() == 1);
    CHECK(site.told("violations").root().size() == 3);
}
