// The rules' and tasks' requests against the sandbox's Cluster, which is as strict as the contract, without a socket.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/http/routes.hpp"
#include "common/json/value.hpp"
#include "common/sync/delivery.hpp"
#include "services/sync-cluster/connections_task.hpp"
#include "services/sync-cluster/presence_task.hpp"
#include "tests/support/change_builders.hpp"
#include "tests/support/run.hpp"
#include "tests/support/stand_in_client.hpp"
#include "tests/unit/services/sync-cluster/bench.hpp"
#include "tools/sandbox/cluster.hpp"

using namespace hirewire;
using namespace hirewire::cluster;

namespace {

constexpr Milliseconds look{2};

// A client whose server is the stand-in, at /cluster.
class Wire final : public http::Client {
public:
    Wire() { handler_ = testing::handler_of(stand_in_); }
    boost::asio::awaitable<Result<http::Reply>> send(http::Request request, Milliseconds) override {
        const std::string target = "/cluster" + request.target;
        const testing::HeaderList headers{request.headers};
        const http::Incoming incoming{
            .method = request.method, .target = target, .body = request.body, .headers = &headers};
        sent.push_back(std::string{http::name_of(request.method)} + " " + request.target);
        http::Reply reply = co_await handler_(incoming);
        if (sent.size() == lose_answer_to) co_return http::make_error_code(http::Errc::timed_out);
        co_return reply;
    }
    std::string call(http::Method method, const std::string& target, const std::string& body = {}) {
        const std::vector<http::Header> none;
        const testing::HeaderList headers{none};
        const std::string path = "/_sandbox/cluster" + target;
        const http::Incoming incoming{.method = method, .target = path, .body = body, .headers = &headers};
        const auto reply = testing::finish(handler_(incoming));
        REQUIRE(reply.status == 200);
        return reply.body;
    }
    json::Document state() {
        auto document = json::Document::parse(call(http::Method::get, "/state"));
        REQUIRE(document.has_value());
        return std::move(*document);
    }
    std::string violations() { return call(http::Method::get, "/violations"); }

    std::vector<std::string> sent{};
    std::size_t lose_answer_to = 0;  // the request of this number

private:
    sandbox::Dice dice_{1};
    sandbox::Cluster stand_in_{"a-token", dice_};
    http::Handler handler_;
};

// The engine's part: what a plan sends, with the headers of a delivery, and what is made of the answer.
sync::Plan deliver(Wire& wire, sync::Plan plan, std::int64_t version) {
    const auto* send = std::get_if<sync::Send>(&plan.step);
    if (send == nullptr) return plan;
    http::Request request = send->request;
    request.headers = {
        {"Authorization", "Bearer a-token"},
        {"Content-Type", "application/json"},
        {"Idempotency-Key", "\"" + sync::idempotency_key("main", "cluster", std::to_string(version), request) + "\""},
        {"Source-Version", std::to_string(version)}};
    const auto answer = testing::finish(wire.send(std::move(request), Milliseconds{1}));
    return send->then(answer);
}

class Silent final : public Retelling {
public:
    boost::asio::awaitable<Told> tell(sync::TaskTools&, sync::ReplayTerms) override { co_return Told::all; }
    void stop() override {}
};

struct Scene {
    Scene() { bench.connect({"job-1", "job-2"}); }
    ~Scene() { bench.end(); }

    std::string tell(const std::string& opportunity, const std::string& job) {
        bench.clock.advance(Milliseconds{1});
        auto change = testing::stage_change(to_ms(bench.clock.now()), opportunity);
        change.mutable_cluster()->set_job_id(job);
        const auto plan = deliver(wire, put_ats_status(change, {}, bench.settings), change.version());
        const auto* settled = std::get_if<sync::Settle>(&plan.step);
        return settled == nullptr ? "not settled" : std::string{sync::name_of(settled->outcome)};
    }
    void lead_connections() {
        bench.start(std::make_unique<ConnectionsTask>(bench.settings, std::make_unique<Silent>(), look));
        bench.run_until([&] { return !bench.runs(connections_kind, v1::RUN_STATE_CHECKPOINT).empty(); });
        bench.rest_for_a_while();
    }

    Wire wire;
    Bench bench{&wire};
};

}  // namespace

TEST_CASE("#12 check 4 Cluster's stand-in: a purge loses one job's data, and what is written after it is no error") {
    Scene s;
    CHECK(s.tell("opportunity-1", "job-1") == "applied");
    CHECK(s.tell("opportunity-2", "job-2") == "applied");
    s.lead_connections();
    const auto before = s.bench.settings;
    s.bench.connect({"job-2"});
    s.wire.sent.clear();
    s.bench.task->reload();
    s.bench.run_until([&] { return s.wire.state()["purges"]["job-1"].integer() == 1; });
    s.bench.rest_for_a_while();
    CHECK(s.wire.sent == std::vector<std::string>{"DELETE /jobs/job-1/ats-link"});
    CHECK(s.wire.state()["opportunity-1"].is_null());
    CHECK(s.wire.state()["opportunity-2"]["status"].is_object());
    // Queued behind it: not sent at all. Under way when it was sent: 410, an answer.
    CHECK(s.tell("opportunity-1", "job-1") == "skipped");
    s.bench.settings = before;
    CHECK(s.tell("opportunity-1", "job-1") == "disabled");
    CHECK(s.wire.state()["opportunity-1"].is_null());
    CHECK(s.wire.violations() == "[]");
}

TEST_CASE("#12 Cluster's stand-in: the answer to the purge is lost, and the repeat is the same purge") {
    Scene s;
    s.tell("opportunity-1", "job-1");
    s.lead_connections();
    s.wire.lose_answer_to = s.wire.sent.size() + 1;
    s.bench.connect({"job-2"});
    s.bench.task->reload();
    s.bench.run_until([&] { return s.wire.sent.size() == s.wire.lose_answer_to + 1; });
    s.bench.rest_for_a_while();
    CHECK(s.wire.state()["purges"]["job-1"].integer() == 1);
    CHECK(s.wire.violations() == "[]");
}

TEST_CASE("#4 #5 Cluster's stand-in: those whom Lever knows are marked, page by page") {
    Scene s;
    s.wire.call(http::Method::post, "/page-size", R"({"size":2})");
    for (const auto* candidate : {"c1", "c2", "c3", "c4", "c5"}) {
        const std::string email = std::string{candidate} + (std::string{candidate} == "c4" ? "" : "@X.com ");
        const std::string emails = std::string{candidate} == "c2" ? "" : "\"" + email + "\"";
        s.wire.call(
            http::Method::post,
            "/candidates",
            R"({"job":"job-1","candidate":")" + std::string{candidate} + R"(","emails":[)" + emails + "]}");
    }
    s.bench.lever.otherwise.body =
        R"({"known":[{"email":"c1@x.com","opportunities":["o-1"]},{"email":"c5@x.com","opportunities":["o-5"]}]})";
    s.bench.start(std::make_unique<PresenceTask>(s.bench.settings, look));
    s.bench.run_until([&] { return s.bench.runs(presence_kind, v1::RUN_STATE_FINISHED).size() == 1; });
    const auto state = s.wire.state();
    const auto all = state["candidates"]["job-1"];
    CHECK(all["c1"]["opportunity_id"].string() == "o-1");
    CHECK(all["c5"]["opportunity_id"].string() == "o-5");
    for (const auto* candidate : {"c2", "c3", "c4"}) CHECK_FALSE(all[candidate]["already_in_ats"].boolean(true));
    CHECK(s.wire.violations() == "[]");
}

TEST_CASE("#6 Cluster's stand-in: an import makes one draft, and later ones leave it as its users have it") {
    Scene s;
    s.bench.settings.import_postings = {"p-1"};
    v1::Posting posting;
    posting.set_id("p-1");
    posting.set_title("Staff Engineer");
    posting.set_state("published");
    const auto put = [&](std::int64_t version) {
        const sync::PostingNews news{.id = "p-1", .posting = posting};
        const auto plan = deliver(s.wire, put_posting(news, s.bench.settings), version);
        return std::string{sync::name_of(std::get<sync::Settle>(plan.step).outcome)};
    };
    CHECK(put(100) == "applied");
    CHECK(s.wire.state()["drafts"]["p-1"]["draft"].boolean());
    CHECK(put(100) == "applied");
    CHECK(put(200) == "unchanged");
    s.wire.call(http::Method::post, "/publish", R"({"posting":"p-1"})");
    posting.set_title("Principal Engineer");
    CHECK(put(300) == "applied");
    CHECK(put(250) == "superseded");
    const auto state = s.wire.state();
    CHECK(state["drafts"].size() == 1);
    CHECK_FALSE(state["drafts"]["p-1"]["draft"].boolean(true));
    CHECK(state["drafts"]["p-1"]["title"].string() == "Principal Engineer");
    CHECK(state["drafts"]["p-1"]["effects"].integer() == 2);
}
