#include "services/sync-cluster/presence_task.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "common/json/value.hpp"
#include "tests/unit/services/sync-cluster/bench.hpp"

using namespace hirewire;
using namespace hirewire::cluster;

namespace {

using List = std::vector<std::string>;

constexpr Milliseconds look{2};
const std::string empty_page = R"({"data":[],"next":null})";

std::string page_of(const std::string& candidates, const std::string& next = "null") {
    return R"({"data":[)" + candidates + R"(],"next":)" + next + "}";
}
std::string a_candidate(const std::string& id, const std::string& email, bool already = false) {
    return R"({"id":")" + id + R"(","emails":[")" + email + R"("],"already_in_ats":)" + (already ? "true" : "false") +
           "}";
}

struct Presence : Bench {
    explicit Presence(bool sends = true) : Bench{nullptr, sends} {
        // Lists are empty unless a test says what they hold.
        cluster.otherwise.body = empty_page;
        lever.otherwise.body =
            R"({"known":[{"email":"ann@x.com","opportunities":["opportunity-1","opportunity-2"]}]})";
    }
    ~Presence() { end(); }

    void lead() { start(std::make_unique<PresenceTask>(settings, look)); }
    [[nodiscard]] std::vector<v1::Run> finished() const { return runs(presence_kind, v1::RUN_STATE_FINISHED); }
    [[nodiscard]] std::vector<v1::Run> failed() const { return runs(presence_kind, v1::RUN_STATE_FAILED); }
    void run_until_finished(std::size_t count) {
        run_until([&] { return finished().size() >= count; });
    }
    void run_until_failed(std::size_t count) {
        run_until([&] { return failed().size() >= count; });
    }
    [[nodiscard]] std::vector<http::Request> marked() const { return requests(http::Method::put); }
    static std::int64_t count(const v1::Run& run, const std::string& what) { return run.counts().at(what); }
    void ask(const std::string& id) {
        v1::Run run;
        run.set_run_id(id);
        run.set_kind(std::string{presence_kind});
        run.set_state(v1::RUN_STATE_ASKED);
        task->hear(run);
    }
};

}  // namespace

TEST_CASE("#4 check 5 Cluster's presence: who Lever knows by address is marked, whatever its case and blanks") {
    Presence b;
    b.connect({"a"});
    b.cluster.will_answer(
        200,
        page_of(
            a_candidate("c1", "Ann@X.com ") + "," + a_candidate("c2", "bob@x.com") +
            R"(,{"id":"c3","emails":[],"already_in_ats":false})"));
    b.lead();
    b.run_until_finished(1);
    REQUIRE(b.marked().size() == 1);
    CHECK(b.marked()[0].target == "/jobs/a/candidates/c1/ats-presence");
    CHECK(b.marked()[0].body == R"({"already_in_ats":true,"matched_on":"email","opportunity_id":"opportunity-1"})");
    CHECK(b.requests(http::Method::get).at(0).target == "/jobs/a/candidates?with_email=true");
    const auto run = b.finished()[0];
    CHECK(b.count(run, "checked") == 3);
    CHECK(b.count(run, "matched") == 1);
    CHECK(b.count(run, "marked") == 1);
    CHECK(b.count(run, "failed") == 0);
    CHECK(b.runs(presence_kind, v1::RUN_STATE_STARTED).size() == 1);
}

TEST_CASE("#4 Cluster's presence: lever-source is asked about Cluster's addresses only, and nothing of it is kept") {
    Presence b;
    b.connect({"a"});
    b.cluster.will_answer(200, page_of(a_candidate("c1", "Ann@X.com ") + "," + a_candidate("c2", "bob@x.com", true)));
    b.lead();
    b.run_until_finished(1);
    REQUIRE(b.lever.requests.size() == 1);
    CHECK(b.lever.requests[0].body == R"({"emails":["ann@x.com"]})");
    for (const auto& request : b.cluster.requests) {
        CHECK(request.target.find('@') == std::string::npos);
        CHECK(request.target.find("%40") == std::string::npos);
        CHECK(request.body.find('@') == std::string::npos);
    }
    for (const auto& message : b.producer.messages) CHECK(message.value->find("x.com") == std::string::npos);
}

TEST_CASE("#4 Cluster's presence: page after page is looked up, each by its cursor") {
    Presence b;
    b.connect({"a"});
    b.cluster.will_answer(200, page_of(a_candidate("c1", "ann@x.com"), R"("c1")"));
    b.cluster.will_answer(200, R"({"outcome":"updated"})");
    b.cluster.will_answer(200, page_of(a_candidate("c2", "ANN@x.com")));
    b.lead();
    b.run_until_finished(1);
    CHECK(b.requests(http::Method::get).at(1).target == "/jobs/a/candidates?with_email=true&cursor=c1");
    CHECK(b.marked().size() == 2);
    CHECK(b.count(b.finished()[0], "checked") == 2);
}

TEST_CASE("#5 Cluster's presence: a page that fails ends the look at its job; who is marked stays marked") {
    Presence b;
    b.connect({"a"});
    b.cluster.will_answer(200, page_of(a_candidate("c1", "ann@x.com"), R"("c1")"));
    b.cluster.will_answer(200, R"({"outcome":"updated"})");
    for (int i = 0; i < 2; ++i) b.cluster.will_answer(503);
    b.lead();
    b.run_until_failed(1);
    CHECK(b.marked().size() == 1);
    for (const auto& request : b.marked()) CHECK(request.body.find("false") == std::string::npos);
    CHECK(b.requests(http::Method::del).empty());
    CHECK(b.failed()[0].checkpoint().find("503") != std::string::npos);
    CHECK(b.count(b.failed()[0], "marked") == 1);
}

TEST_CASE("#4 Cluster's presence: a list of another form, or one without an end, marks nobody for ever") {
    {
        Presence b;
        b.connect({"a"});
        b.cluster.will_answer(200, R"({"data":[{"id":"c1","emails":"ann@x.com"}]})");
        b.lead();
        b.run_until_failed(1);
        CHECK(b.lever.requests.empty());
        CHECK(b.marked().empty());
    }
    {
        Presence b;
        b.connect({"a"});
        b.cluster.will_answer(200, page_of("", R"("again")"));
        b.cluster.will_answer(200, page_of("", R"("again")"));
        b.lead();
        b.run_until_failed(1);
        CHECK(b.cluster.requests.size() == 2);
    }
}

TEST_CASE("#4 Cluster's presence: a candidate of another form is left out and counted, the others are marked") {
    Presence b;
    b.connect({"a"});
    b.cluster.will_answer(
        200,
        page_of(R"({"id":"c1","emails":null,"already_in_ats":false},)" + a_candidate("c2", "ann@x.com"), R"("c2")"));
    b.cluster.will_answer(200, R"({"outcome":"updated"})");
    b.cluster.will_answer(200, page_of(a_candidate("c3", "ann@x.com")));
    b.lead();
    b.run_until_finished(1);
    CHECK(b.marked().size() == 2);
    CHECK(b.count(b.finished()[0], "malformed") == 1);
    CHECK(b.count(b.finished()[0], "checked") == 2);
}

TEST_CASE("#4 Cluster's presence: a job whose list fails or cannot be read does not keep the next from its look") {
    for (const int status : {503, 200}) {
        CAPTURE(status);
        Presence b;
        b.connect({"a", "b"});
        b.cluster.watch = [&](const http::Request& request) {
            b.cluster.answers.clear();
            if (request.method != http::Method::get) return;
            const bool fails = request.target.starts_with("/jobs/a/");
            b.cluster.will_answer(fails ? status : 200, fails ? "<html>" : page_of(a_candidate("c1", "ann@x.com")));
        };
        b.lead();
        b.run_until_failed(1);
        REQUIRE(b.marked().size() == 1);
        CHECK(b.marked()[0].target == "/jobs/b/candidates/c1/ats-presence");
        CHECK(b.failed()[0].checkpoint().find("job a") != std::string::npos);
    }
}

TEST_CASE("Cluster's presence: in an outage three jobs are tried, whatever their number") {
    Presence b;
    b.connect({"a", "b", "c", "d", "e"});
    b.cluster.otherwise.status = 503;
    b.lead();
    b.run_until_failed(1);
    CHECK(b.cluster.requests.size() == 6);  // each twice
}

TEST_CASE("#4 Cluster's presence: confidential opportunities are asked about only when they may be told") {
    for (const bool confidential : {false, true}) {
        Presence b;
        b.tools.confidential = confidential;
        b.connect({"a"});
        b.cluster.will_answer(200, page_of(a_candidate("c1", "ann@x.com")));
        b.lead();
        b.run_until_finished(1);
        REQUIRE(b.lever.requests.size() == 1);
        const bool asked = b.lever.requests[0].body == R"({"emails":["ann@x.com"],"confidential":true})";
        CHECK(asked == confidential);
    }
}

TEST_CASE("#5 Cluster's presence: every presence_interval, not in between") {
    Presence b;
    b.connect({"a"});
    b.lead();
    b.run_until_finished(1);
    b.rest_for_a_while();
    b.clock.advance(std::chrono::minutes{59});
    b.rest_for_a_while();
    CHECK(b.finished().size() == 1);
    b.clock.advance(std::chrono::minutes{2});
    b.run_until_finished(2);
}

TEST_CASE("#4 Cluster's presence: a job that is newly connected is looked at at once, others wait for their time") {
    Presence b;
    b.connect({"a"});
    b.lead();
    b.run_until_finished(1);
    b.task->reload();
    b.rest_for_a_while();
    CHECK(b.finished().size() == 1);
    b.connect({"a", "b"});
    b.task->reload();
    b.run_until_finished(2);
    const auto reads = b.requests(http::Method::get);
    CHECK(reads.back().target == "/jobs/b/candidates?with_email=true");
}

TEST_CASE("#4 Cluster's presence: who asks has one at once, under the id that was asked with, and one only") {
    Presence b;
    b.connect({"a"});
    b.lead();
    b.run_until_finished(1);
    b.ask("the asked one");
    b.run_until_finished(2);
    CHECK(b.finished()[1].run_id() == "the asked one");
    b.rest_for_a_while();
    CHECK(b.finished().size() == 2);
    // Whoever leads next has heard that it is done.
    b.end();
    b.clock.advance(std::chrono::hours{2});
    b.lead();
    b.run_until_finished(3);
    CHECK(b.finished()[2].run_id() != "the asked one");
}

TEST_CASE("Cluster's presence: without a connected job nothing is read; who asks hears so") {
    Presence b;
    b.lead();
    b.rest_for_a_while();
    CHECK(b.producer.messages.empty());
    b.ask("asked");
    b.run_until_finished(1);
    CHECK(b.cluster.requests.empty());
    CHECK(b.count(b.finished()[0], "checked") == 0);
}

TEST_CASE("#12 Cluster's presence: a job that Cluster has disconnected is left alone, the next one is looked at") {
    Presence b;
    b.connect({"a", "b"});
    b.cluster.will_answer(410);
    b.cluster.will_answer(200, page_of(a_candidate("c1", "ann@x.com")));
    b.lead();
    b.run_until_failed(1);
    CHECK(b.failed()[0].checkpoint() == "job a: Cluster has the job disconnected");
    REQUIRE(b.marked().size() == 1);
    CHECK(b.marked()[0].target == "/jobs/b/candidates/c1/ats-presence");
}

TEST_CASE("#12 Cluster's presence: a job that is taken out while its candidates are looked up gets no mark") {
    Presence b;
    b.connect({"a"});
    b.cluster.will_answer(200, page_of(a_candidate("c1", "ann@x.com")));
    b.lever.watch = [&](const http::Request&) { b.connect({}); };
    b.lead();
    b.run_until_finished(1);
    CHECK(b.marked().empty());
}

TEST_CASE("#4 Cluster's presence: while Lever cannot be asked nobody is marked, and it is tried again soon") {
    Presence b;
    b.connect({"a"});
    b.cluster.otherwise.body = page_of(a_candidate("c1", "ann@x.com"));
    b.lever.will_answer(503);
    b.lead();
    b.run_until_failed(1);
    CHECK(b.marked().empty());
    b.rest_for_a_while();
    CHECK(b.failed().size() == 1);
    b.clock.advance(std::chrono::minutes{6});
    b.run_until_finished(1);
    CHECK(b.marked().size() == 1);
}

TEST_CASE("#4 Cluster's presence: a candidate who is gone or refused does not keep the others from being marked") {
    Presence b;
    b.connect({"a"});
    b.cluster.will_answer(
        200,
        page_of(
            a_candidate("c1", "ann@x.com") + "," + a_candidate("c2", "ann@x.com") + "," +
            a_candidate("c3", "ann@x.com")));
    b.cluster.will_answer(404);
    b.cluster.will_answer(422);
    b.lead();
    b.run_until_failed(1);
    const auto run = b.failed()[0];
    CHECK(b.count(run, "matched") == 3);
    CHECK(b.count(run, "marked") == 1);
    CHECK(b.count(run, "failed") == 1);
}

TEST_CASE("#13 Cluster's presence: a credential that is refused ends the look at the first answer") {
    Presence b;
    b.connect({"a", "b"});
    b.cluster.will_answer(401);
    b.lead();
    b.run_until_failed(1);
    CHECK(b.cluster.requests.size() == 1);
}

TEST_CASE("#5 Cluster's presence: a mark that was removed with a purge is set anew, by a key of its own") {
    Presence b;
    b.connect({"a"});
    b.cluster.will_answer(200, page_of(a_candidate("c1", "ann@x.com")));
    b.lead();
    b.run_until_finished(1);
    b.clock.advance(std::chrono::hours{2});
    b.cluster.will_answer(200, page_of(a_candidate("c1", "ann@x.com")));
    b.run_until_finished(2);
    REQUIRE(b.marked().size() == 2);
    CHECK(header(b.marked()[0], "Idempotency-Key") != header(b.marked()[1], "Idempotency-Key"));
    CHECK(std::stoll(header(b.marked()[0], "Source-Version")) < std::stoll(header(b.marked()[1], "Source-Version")));
}

TEST_CASE("Cluster's presence: in shadow mode nobody is read or marked") {
    Presence b{false};
    b.connect({"a"});
    b.lead();
    b.run_until_finished(1);
    CHECK(b.cluster.requests.empty());
    CHECK(b.lever.requests.empty());
}
