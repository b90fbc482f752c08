#include "services/sync-cluster/connections_task.hpp"

#include <doctest/doctest.h>

#include <set>

#include "common/sync/delivery.hpp"
#include "tests/support/change_builders.hpp"
#include "tests/unit/services/sync-cluster/bench.hpp"

using namespace hirewire;
using namespace hirewire::cluster;

namespace {

namespace asio = boost::asio;
using List = std::vector<std::string>;

constexpr Milliseconds look{2};

// A replay that tells at once, or is stopped when the test says so.
struct Tale {
    std::vector<sync::ReplayTerms> terms{};
    Told ends = Told::all;
    int stops = 0;
    std::function<void()> meanwhile{};
};

class FakeRetelling final : public Retelling {
public:
    explicit FakeRetelling(Tale& tale) : tale_{tale} {}
    asio::awaitable<Told> tell(sync::TaskTools&, sync::ReplayTerms terms) override {
        tale_.terms.push_back(std::move(terms));
        if (tale_.meanwhile) std::exchange(tale_.meanwhile, {})();
        co_return tale_.ends;
    }
    void stop() override { ++tale_.stops; }

private:
    Tale& tale_;
};

struct Connecting : Bench {
    using Bench::Bench;
    ~Connecting() { end(); }

    void lead() { start(std::make_unique<ConnectionsTask>(settings, std::make_unique<FakeRetelling>(tale), look)); }
    // Everything has been told, and the jobs are connected.
    void lead_connected(const List& jobs) {
        connect(jobs);
        lead();
        run_until([&] { return !jobs.empty() && all_connected(); });
        tale.terms.clear();
    }
    void reload(const List& jobs) {
        connect(jobs);
        task->reload();
    }
    [[nodiscard]] Connections remembered() const {
        const auto records = runs(connections_kind, v1::RUN_STATE_CHECKPOINT);
        return records.empty() ? Connections{} : read_connections(records.back().checkpoint());
    }
    [[nodiscard]] bool all_connected() const {
        const auto now = remembered().jobs;
        for (const auto& [id, connection] : now) {
            if (connection.link != Link::connected) return false;
        }
        return now.size() == settings.jobs.size();
    }
    [[nodiscard]] std::vector<http::Request> purges() const { return requests(http::Method::del); }
    [[nodiscard]] bool is_owed(const std::string& job) const {
        const auto now = remembered().jobs;
        const auto found = now.find(job);
        return found != now.end() && found->second.link == Link::purging;
    }

    Tale tale{};
};

v1::Change of_job(const std::string& job) {
    auto change = testing::stage_change(1'772'463'905'123);
    change.mutable_cluster()->set_job_id(job);
    return change;
}

}  // namespace

TEST_CASE("#3 Cluster's tasks: the candidates of a job that gets connected are told, when it is remembered") {
    Connecting b;
    b.connect({"a", "b"});
    bool remembered_before = false;
    b.tale.meanwhile = [&] { remembered_before = b.remembered().jobs.at("a").link == Link::telling; };
    b.lead();
    b.run_until([&] { return b.all_connected() && b.remembered().jobs.size() == 2; });
    CHECK(remembered_before);
    REQUIRE(b.tale.terms.size() == 1);
    const auto& terms = b.tale.terms[0];
    CHECK(terms.source == sync::ReplaySource::opportunities);
    CHECK(terms.forced);
    CHECK_FALSE(terms.run_id.empty());
    CHECK(terms.wants(of_job("a")));
    CHECK(terms.wants(of_job("b")));
    CHECK_FALSE(terms.wants(of_job("c")));
    auto without_link = of_job("a");
    without_link.clear_cluster();
    CHECK_FALSE(terms.wants(without_link));
    b.rest_for_a_while();
    CHECK(b.tale.terms.size() == 1);
    CHECK(b.cluster.requests.empty());
}

TEST_CASE("#3 Cluster's tasks: a telling that did not come to its end is done again under its own keys") {
    Connecting b;
    b.tale.ends = Told::not_all;
    b.connect({"a"});
    b.lead();
    b.run_until([&] { return b.tale.terms.size() == 1; });
    b.end();
    b.clock.advance(std::chrono::hours{1});
    b.tale.ends = Told::all;
    b.lead();
    b.run_until([&] { return b.all_connected(); });
    CHECK(b.tale.terms.front().run_id == b.tale.terms.back().run_id);
}

TEST_CASE("#12 check 4 Cluster's tasks: a job that is taken out is purged by one DELETE, and then forgotten") {
    Connecting b;
    b.lead_connected({"a", "b"});
    bool owed_before = false;
    b.cluster.watch = [&](const http::Request&) { owed_before = b.is_owed("a"); };
    b.cluster.will_answer(204);
    b.reload({"b"});
    b.run_until([&] { return b.purges().size() == 1 && b.remembered().jobs.count("a") == 0; });
    CHECK(owed_before);
    CHECK(b.purges()[0].target == "/jobs/a/ats-link");
    CHECK(header(b.purges()[0], "Idempotency-Key").size() == 38);
    CHECK_FALSE(header(b.purges()[0], "Source-Version").empty());
    b.rest_for_a_while();
    b.end();
    b.lead();
    b.rest_for_a_while();
    CHECK(b.cluster.requests.size() == 1);
    CHECK(b.tale.terms.empty());
}

TEST_CASE("#12 Cluster's tasks: a job that was taken out while nothing ran is purged at the next start") {
    Connecting b;
    b.lead_connected({"a", "b"});
    b.end();
    b.connect({"b"});
    b.lead();
    b.run_until([&] { return b.purges().size() == 1; });
    CHECK(b.purges()[0].target == "/jobs/a/ats-link");
}

TEST_CASE("#12 Cluster's tasks: 404 and 410 are done, too") {
    for (const int status : {404, 410, 200}) {
        CAPTURE(status);
        Connecting b;
        b.lead_connected({"a"});
        b.cluster.will_answer(status);
        b.reload({});
        b.run_until([&] { return b.remembered().jobs.empty() && !b.purges().empty(); });
        b.rest_for_a_while();
        CHECK(b.purges().size() == 1);
    }
}

TEST_CASE("#12 Cluster's tasks: the whole account disconnected, every job is purged") {
    Connecting b;
    b.lead_connected({"a", "b", "c"});
    b.reload({});
    b.run_until([&] { return b.remembered().jobs.empty() && b.purges().size() == 3; });
    std::set<std::string> keys;
    for (const auto& request : b.purges()) keys.insert(header(request, "Idempotency-Key"));
    CHECK(keys.size() == 3);
}

TEST_CASE("#12 Cluster's tasks: in bad weather a purge is owed until it is done, with one key, over a restart") {
    Connecting b;
    b.lead_connected({"a"});
    b.cluster.otherwise.status = 503;
    b.reload({});
    b.run_until([&] { return b.purges().size() >= 3; });
    CHECK(b.is_owed("a"));
    b.end();
    b.cluster.otherwise.status = 204;
    b.clock.advance(std::chrono::hours{5});
    b.lead();
    b.run_until([&] { return b.remembered().jobs.empty(); });
    std::set<std::string> keys;
    std::set<std::string> versions;
    for (const auto& request : b.purges()) {
        keys.insert(header(request, "Idempotency-Key"));
        versions.insert(header(request, "Source-Version"));
    }
    CHECK(keys.size() == 1);
    CHECK(versions.size() == 1);
}

TEST_CASE("#12 Cluster's tasks: a later disconnection of the same job has a key of its own") {
    Connecting b;
    b.lead_connected({"a"});
    b.reload({});
    b.run_until([&] { return b.remembered().jobs.empty() && b.purges().size() == 1; });
    b.clock.advance(std::chrono::hours{1});
    b.reload({"a"});
    b.run_until([&] { return b.all_connected(); });
    CHECK(b.tale.terms.size() == 1);
    b.clock.advance(std::chrono::hours{1});
    b.reload({});
    b.run_until([&] { return b.purges().size() == 2; });
    CHECK(header(b.purges()[0], "Idempotency-Key") != header(b.purges()[1], "Idempotency-Key"));
}

TEST_CASE("#12 Cluster's tasks: a job that comes back before its purge was done is told, and not purged") {
    Connecting b;
    b.lead_connected({"a"});
    b.cluster.otherwise.status = 503;
    b.reload({});
    b.run_until([&] { return !b.purges().empty() && b.is_owed("a"); });
    b.end();
    const auto tried = b.purges().size();
    b.connect({"a"});
    b.lead();
    b.run_until([&] { return b.all_connected(); });
    CHECK(b.purges().size() == tried);
    CHECK(b.tale.terms.size() == 1);
}

TEST_CASE("#12 Cluster's tasks: a job that is connected again while its purge waits is not purged, but told") {
    Connecting b;
    b.lead_connected({"a"});
    b.cluster.will_answer(503);
    b.while_resting = [&] { b.reload({"a"}); };
    b.reload({});
    b.run_until([&] { return b.tale.terms.size() == 1 && b.all_connected(); });
    b.rest_for_a_while();
    CHECK(b.purges().size() == 1);

    Connecting paused;
    paused.lead_connected({"a"});
    paused.courier.suspend();
    paused.while_resting = [&] {
        paused.reload({"a"});
        paused.courier.resume();
    };
    paused.reload({});
    paused.run_until([&] { return paused.tale.terms.size() == 1 && paused.all_connected(); });
    paused.rest_for_a_while();
    CHECK(paused.purges().empty());
}

TEST_CASE("#13 Cluster's tasks: with a credential that is refused a purge stays owed, and nothing is told") {
    Connecting b;
    b.lead_connected({"a"});
    b.cluster.otherwise.status = 401;
    b.reload({"b"});
    b.run_until([&] { return b.purges().size() >= 2; });
    CHECK(b.is_owed("a"));
    CHECK(b.tale.terms.empty());
    b.cluster.otherwise.status = 204;
    b.run_until([&] { return b.all_connected(); });
    CHECK(b.tale.terms.size() == 1);
}

TEST_CASE("#12 Cluster's tasks: a purge that Cluster refuses for good holds nothing else up, and is not forgotten") {
    Connecting b;
    b.lead_connected({"a"});
    b.cluster.otherwise.status = 400;
    b.reload({"b"});
    b.run_until([&] { return b.tale.terms.size() == 1; });
    CHECK(b.is_owed("a"));
}

TEST_CASE("#12 Cluster's tasks: nothing is deleted before hiring.runs has it that it is owed") {
    Connecting b;
    b.lead_connected({"a"});
    b.producer.fails = [](const kafka::Message&) { return true; };
    b.reload({});
    b.rest_for_a_while();
    CHECK(b.purges().empty());
    b.producer.fails = {};
    b.run_until([&] { return b.purges().size() == 1; });
}

TEST_CASE("#12 Cluster's tasks: in shadow mode a purge is not sent, and stays owed") {
    Connecting b;
    b.lead_connected({"a"});
    b.courier.use_sends(false);
    b.reload({});
    b.run_until([&] { return b.is_owed("a"); });
    b.rest_for_a_while();
    CHECK(b.cluster.requests.empty());
    CHECK(b.is_owed("a"));
}

TEST_CASE("#3 #6 Cluster's tasks: in shadow mode nothing counts as told; turned live, it is told") {
    Connecting b{nullptr, false};
    b.connect({"a"});
    b.settings.import_postings = {"p"};
    b.lead();
    b.run_until([&] { return b.remembered().jobs.size() == 1; });
    b.rest_for_a_while();
    CHECK(b.tale.terms.empty());
    CHECK(b.remembered().jobs.at("a").link == Link::telling);
    CHECK_FALSE(b.remembered().imports.at("p").told);
    b.courier.use_sends(true);
    b.task->reload();
    b.run_until([&] { return b.all_connected() && b.remembered().imports.at("p").told; });
    CHECK(b.tale.terms.size() == 2);
}

TEST_CASE("#3 Cluster's tasks: what came to shadow in the middle of a telling is not told") {
    sync::ReplayProgress progress;
    progress.outcomes["applied"] = 3;
    CHECK(told_by(progress) == Told::not_all);
    progress.done = true;
    CHECK(told_by(progress) == Told::all);
    progress.outcomes[std::string{sync::name_of(v1::OUTCOME_KIND_SHADOW)}] = 1;
    CHECK(told_by(progress) == Told::not_all);
}

TEST_CASE("#6 Cluster's tasks: postings that are chosen are told once, newly chosen ones alone") {
    Connecting b;
    b.settings.import_postings = {"p", "q"};
    b.lead();
    b.run_until([&] { return b.remembered().imports.size() == 2 && b.remembered().imports.at("p").told; });
    REQUIRE(b.tale.terms.size() == 1);
    CHECK(b.tale.terms[0].source == sync::ReplaySource::postings);
    auto posting = testing::stage_change(1'772'463'905'123, "p");
    CHECK(b.tale.terms[0].wants(posting));
    posting.set_opportunity_id("r");
    CHECK_FALSE(b.tale.terms[0].wants(posting));
    b.settings.import_postings = {"p", "q", "r"};
    b.task->reload();
    b.run_until([&] { return b.tale.terms.size() == 2; });
    CHECK(b.tale.terms[1].wants(posting));
    posting.set_opportunity_id("p");
    CHECK_FALSE(b.tale.terms[1].wants(posting));
}

TEST_CASE("Cluster's tasks: a reload ends what is being told only when the configuration asks for something else") {
    Connecting b;
    b.lead_connected({"a"});
    const int stops = b.tale.stops;
    b.reload({"a"});
    CHECK(b.tale.stops == stops);
    b.reload({});
    CHECK(b.tale.stops == stops + 1);
}

TEST_CASE("Cluster's tasks: who does not lead does nothing, and can be stopped") {
    Connecting b;
    b.connect({"a"});
    ConnectionsTask standby{b.settings, std::make_unique<FakeRetelling>(b.tale), look};
    standby.reload();
    standby.stop();
    CHECK(b.tale.terms.empty());
    CHECK(b.producer.messages.empty());
}
