#include "services/sync-cluster/connections.hpp"

#include <doctest/doctest.h>

using namespace hirewire;
using namespace hirewire::cluster;

namespace {

using List = std::vector<std::string>;

Settings with_jobs(const List& jobs, const List& postings = {}) {
    Settings settings;
    for (const auto& job : jobs) settings.jobs.push_back(JobLink{.id = job, .posting = "posting of " + job});
    settings.import_postings = postings;
    return settings;
}

// What is left when all that is owed was done.
Connections done(const Decision& decision) {
    Connections after = decision.after;
    for (const auto& job : decision.purge) after.jobs.erase(job);
    for (const auto& job : decision.connect) after.jobs[job].link = Link::connected;
    for (const auto& posting : decision.import) after.imports[posting].told = true;
    return after;
}

}  // namespace

TEST_CASE("#3 Cluster's connections: a job in the configuration is connected once, and told of once") {
    const auto first = decide({}, with_jobs({"a", "b"}), 100);
    CHECK(first.connect == List{"a", "b"});
    CHECK(first.purge.empty());
    CHECK(first.after.jobs.at("a").posting == "posting of a");
    const auto later = decide(done(first), with_jobs({"a", "b"}), 200);
    CHECK(later.connect.empty());
    CHECK(later.purge.empty());
    CHECK(later.after == done(first));
}

TEST_CASE("#12 Cluster's connections: a job that is taken out is owed one purge, until it is done") {
    const auto before = done(decide({}, with_jobs({"a", "b"}), 100));
    const auto removed = decide(before, with_jobs({"b"}), 200);
    CHECK(removed.purge == List{"a"});
    CHECK(removed.connect.empty());
    CHECK(removed.after.jobs.at("a").since_ms == 200);
    // Asked again before it was done, also after a restart: the same one.
    const auto again = decide(read_connections(text_of(removed.after)), with_jobs({"b"}), 300);
    CHECK(again.purge == List{"a"});
    CHECK(again.after == removed.after);
    CHECK(decide(done(again), with_jobs({"b"}), 400).purge.empty());
    CHECK(done(again).jobs.count("a") == 0);
}

TEST_CASE("#12 Cluster's connections: without any job left, the account is disconnected: all are purged") {
    const auto before = done(decide({}, with_jobs({"a", "b"}), 100));
    CHECK(decide(before, with_jobs({}), 200).purge == List{"a", "b"});
}

TEST_CASE("#12 Cluster's connections: a job whose telling was not done yet is purged as well") {
    const auto begun = decide({}, with_jobs({"a"}), 100);
    CHECK(decide(begun.after, with_jobs({}), 200).purge == List{"a"});
}

TEST_CASE("#12 Cluster's connections: a job that comes back is told anew, whether its purge was sent or not") {
    const auto before = done(decide({}, with_jobs({"a"}), 100));
    const auto removed = decide(before, with_jobs({}), 200);
    const auto back_before_purge = decide(removed.after, with_jobs({"a"}), 300);
    CHECK(back_before_purge.purge.empty());
    CHECK(back_before_purge.connect == List{"a"});
    CHECK(back_before_purge.after.jobs.at("a").since_ms == 300);
    const auto back_after_purge = decide(done(removed), with_jobs({"a"}), 300);
    CHECK(back_after_purge.connect == List{"a"});
}

TEST_CASE("#3 Cluster's connections: another posting for a job is noted, and no purge") {
    const auto before = done(decide({}, with_jobs({"a"}), 100));
    Settings settings;
    settings.jobs.push_back(JobLink{.id = "a", .posting = "another"});
    const auto decision = decide(before, settings, 200);
    CHECK(decision.purge.empty());
    CHECK(decision.connect.empty());
    CHECK(decision.after.jobs.at("a").posting == "another");
}

TEST_CASE("#6 Cluster's connections: a posting that is chosen is told once; one that is not any more is forgotten") {
    const auto first = decide({}, with_jobs({}, {"p", "q"}), 100);
    CHECK(first.import == List{"p", "q"});
    CHECK(decide(done(first), with_jobs({}, {"p", "q"}), 200).import.empty());
    const auto fewer = decide(done(first), with_jobs({}, {"q"}), 300);
    CHECK(fewer.import.empty());
    CHECK(fewer.purge.empty());
    CHECK(fewer.after.imports.count("p") == 0);
    CHECK(decide(fewer.after, with_jobs({}, {"p", "q"}), 400).import == List{"p"});
}

TEST_CASE("Cluster's connections: what is remembered reads back, whatever the ids look like") {
    Connections all;
    all.jobs["a job/with a line\nin it"] = Connection{.posting = "p q", .link = Link::purging, .since_ms = 17};
    all.jobs["b"] = Connection{.posting = "", .link = Link::connected, .since_ms = 18};
    all.jobs["c"] = Connection{.posting = "r", .link = Link::telling, .since_ms = 19};
    all.imports["p q"] = Import{.told = true, .since_ms = 20};
    all.imports["r"] = Import{.told = false, .since_ms = 21};
    CHECK(read_connections(text_of(all)) == all);
    CHECK(read_connections("") == Connections{});
    CHECK(text_of({}).empty());
}

TEST_CASE("Cluster's connections: lines that cannot be read are left out, the others hold") {
    const auto read =
        read_connections("job a p connected 5\njob b p lost 5\njob c\nimport d told\nelse e f 7\n\nimport g told 7");
    CHECK(read.jobs.size() == 1);
    CHECK(read.jobs.at("a").since_ms == 5);
    CHECK(read.imports.size() == 1);
    CHECK(read.imports.at("g").told);
}

TEST_CASE("#12 Cluster's connections: the purge is a DELETE without a body") {
    const auto request = purge_request("a b/c");
    CHECK(request.method == http::Method::del);
    CHECK(request.target == "/jobs/a%20b%2Fc/ats-link");
    CHECK(request.body.empty());
}
