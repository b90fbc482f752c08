// The thirteen checks by which the destinations' rules are seen to be kept, each once through the real daemons, the
// broker and the strict stand-ins. What depends on long times (three days, twenty minutes, a midnight) is shown by
// the unit tests of the rules; here the same code does it with short ones. The cases share one company and follow
// one another; the ninth looks at all that the others have caused, so it comes last.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <set>

#include "common/core/time.hpp"
#include "common/kafka/producer.hpp"
#include "common/kafka/reader.hpp"
#include "hirewire/v1/run.pb.h"
#include "tests/e2e/company.hpp"
#include "tests/support/delivery.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/http_call.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/metrics.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

// The clocks of cleary.time_zone are so far ahead of UTC, all the year round.
constexpr std::chrono::hours kiritimati{14};
const std::string clara_statuses = "/clara/integrations/lever/opportunities/";
const std::string screen = R"({"stage":"Recruiter screen"})";
const std::string interview = R"({"stage":"On-site interview"})";
const std::string underqualified = R"({"reason":"Underqualified"})";

// Cluster's jobs, each with a posting of its own.
Setting connected(const std::vector<std::string>& jobs) {
    std::string list;
    for (const auto& job : jobs) {
        if (!list.empty()) list += ", ";
        list += "{id = " + in_quotes(job) + ", posting = " + in_quotes("posting-of-" + job) + "}";
    }
    return {"cluster", "job", "[" + list + "]"};
}

Company& company() {
    static Company one{std::vector<Setting>{
        {"clara", "follow_up_statuses", R"(["On-site interview", "Underqualified"])"},
        connected({"job-7", "purged", "revoked", "presence"}),
        {"cleary", "time_zone", in_quotes("Pacific/Kiritimati")},
    }};
    return one;
}

std::string in_days(int days) {
    return iso_date(from_ms(now_ms()) + kiritimati + std::chrono::hours{24 * days});
}

std::string starting(const std::string& date) {
    return date.empty() ? R"({"start_date":null})" : R"({"start_date":")" + date + "\"}";
}

Opening add_linked(const std::string& job, const std::string& candidate) {
    auto opening = company().add(linked(job, candidate));
    company().oracle.expect_at_cluster(opening.id);
    return opening;
}

void fails(const std::string& destination, const std::string& how) {
    company().control(destination + "/faults", how);
}

void recovers(const std::string& destination) {
    company().stack.control(http::Method::del, "/_sandbox/" + destination + "/faults");
}

void nothing_is_forbidden() {
    CHECK(company().oracle.violations() == "");
}

// Of CLARA's requests about this opportunity, those that may have it ask something.
std::size_t requests_that_ask(const std::string& opportunity) {
    const auto all = company().sent("clara");
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const Sent& one) {
        return one.path.find(opportunity) != std::string::npos &&
               one.body.find(R"("follow_up":true)") != std::string::npos;
    }));
}

// Some of a log.
std::vector<Sent> those(
    const std::vector<Sent>& all, const std::string& method, const std::string& path, const std::string& text = {}) {
    std::vector<Sent> found;
    for (const auto& one : all) {
        const bool fits = one.method == method && one.path.starts_with(path);
        if (fits && one.body.find(text) != std::string::npos) found.push_back(one);
    }
    return found;
}

std::set<std::string> members_of(const std::string& body) {
    const auto document = json::Document::parse(body);
    REQUIRE(document.has_value());
    std::set<std::string> names;
    for (const auto& [name, value] : document->root().members()) names.emplace(name);
    return names;
}

// Access, an address at work or a primary one, anywhere in what was written; "" = none of them.
std::string granted_in(json::Value value) {
    for (const auto& item : value.items()) {
        if (const auto found = granted_in(item); !found.empty()) return found;
    }
    for (const auto& [name, member] : value.members()) {
        if ((name == "active" || name == "primary") && member.boolean()) return std::string{name};
        if (name == "type" && member.string() == "work") return "an address for work";
        if (name == "path") {
            const auto path = member.string();
            const bool work = path.find("work") != std::string_view::npos;
            const bool primary = path.find("primary") != std::string_view::npos;
            const bool let_in = path == "active" && value["value"].boolean();
            if (work || primary || let_in) return "a change of " + std::string{path};
        }
        if (const auto found = granted_in(member); !found.empty()) return found;
    }
    return {};
}

// Until who leads has written down that CLARA stands so: then a later process knows what it has to make up for.
void await_standing(const std::string& standing) {
    const auto wrong = [&]() -> std::string {
        std::string last = "nothing";
        kafka::read_all(company().stack.kafka(), "hiring.runs", [&](const kafka::Record& record) {
            v1::Run run;
            const bool read = run.ParseFromString(record.value.value_or(""));
            if (read && run.run_id() == "mode.clara") last = run.checkpoint();
        });
        return last == standing ? "" : last;
    };
    eventually("CLARA stands as: " + standing, wrong, Milliseconds{60'000}, Milliseconds{250});
}

// How many imports The Org was told of as incomplete.
std::size_t incomplete_imports(const json::Document& theorg) {
    std::size_t sum = 0;
    for (const auto& [run, report] : theorg["imports"].members()) sum += report["complete"].boolean() ? 0U : 1U;
    return sum;
}

// As `hirewire replay` would do it, but with an older record than it ever takes.
void replay_by_hand(const kafka::Record& record, const std::string& run) {
    Loop loop;
    const auto producer = kafka::make_producer(loop.context.get_executor(), company().stack.kafka());
    kafka::Message message;
    message.topic = "sync.clara.replay";
    message.key = record.key;
    message.value = record.value;
    message.headers.push_back({"hirewire-replay", run});
    message.partition = record.partition.number;
    const auto written = loop.wait(producer->write(std::move(message)));
    REQUIRE(written.has_value());
}

}  // namespace

TEST_CASE("check 1: the same transition twice and a full backfill cause no second question to a candidate (#19)") {
    auto& the = company();
    const auto candidate = the.add();
    the.becomes_right("an application");
    the.act(candidate.id, "stage", interview);
    the.becomes_right("an interview");
    REQUIRE(the.questions(candidate.id) == 1);
    REQUIRE(requests_that_ask(candidate.id) == 1);

    const auto webhooks = the.webhooks_of(candidate.id);
    REQUIRE(webhooks.size() == 2);
    CHECK(redis_command(the.stack.redis_port(), "FLUSHALL") == "+OK");
    for (const auto& body : webhooks) {
        CHECK(call(the.stack[Service::receiver].port, webhook(body)).status == 200);
    }
    const auto snapshot = the.stack.cli({"snapshot", "--to", "clara"});
    CHECK(snapshot.exit_code == 0);
    the.settles();
    CHECK(the.questions(candidate.id) == 1);
    CHECK(requests_that_ask(candidate.id) == 1);
    nothing_is_forbidden();
}

TEST_CASE("check 2: a note or a tag in Lever causes no call, and without the mapping nothing does (#17 #18 #21)") {
    auto& the = company();
    const auto candidate = the.add();
    the.becomes_right("an application");
    the.settles();
    const auto told = the.requests_about(candidate.id);
    REQUIRE(told > 0);
    const auto path = "/v1/opportunities/" + candidate.id;
    const auto updated_at = the.stack.lever(path)["data"]["updatedAt"].integer();
    the.act(candidate.id, "touch");
    REQUIRE(the.stack.lever(path)["data"]["updatedAt"].integer() > updated_at);
    the.complete_run_of("sweep");
    the.settles();
    CHECK(the.requests_about(candidate.id) == told);

    the.stack.restart(Service::sync_clara, {{"clara", "map_status", "false"}});
    the.stack.await_ready();
    the.act(candidate.id, "stage", interview);
    the.await_outcome("clara", candidate.id, v1::OUTCOME_KIND_SKIPPED, "map_status is off");
    CHECK(the.requests_about(candidate.id) == told);
    await_standing("map_status is off");

    // What it missed comes as backfill, so the candidate is not asked.
    the.stack.restart(Service::sync_clara);
    the.stack.await_ready();
    the.becomes_right("what CLARA has missed");
    CHECK(the.state("clara")[candidate.id]["backfill"].boolean());
    CHECK(the.questions(candidate.id) == 0);
    nothing_is_forbidden();
}

TEST_CASE("check 3: who was rejected before is left out, and a rejection of today is told all the same (#16)") {
    auto& the = company();
    const auto known = the.add();
    the.becomes_right("an application");
    const auto soon = iso_time(from_ms(now_ms()) + std::chrono::hours{1});
    the.stack.restart(Service::sync_clara, {{"clara", "skip_rejected_before", in_quotes(soon)}});
    the.stack.await_ready();

    the.delivery(R"({"drop":1})");
    const auto prior = the.add();
    the.act(prior.id, "archive", underqualified);
    the.delivery("{}");
    the.complete_run_of("sweep");
    the.await_outcome("clara", prior.id, v1::OUTCOME_KIND_SKIPPED, "rejected before clara.skip_rejected_before");
    CHECK(those(the.sent("clara"), "PUT", clara_statuses + prior.id, "Underqualified").empty());

    the.act(known.id, "archive", underqualified);
    const auto rejected = [&]() -> std::string {
        const auto state = the.state("clara");
        const auto name = std::string{state[known.id]["status"]["name"].string()};
        return name == "Underqualified" ? "" : name;
    };
    eventually("a live rejection is told", rejected);
    CHECK(the.questions(known.id) == 1);

    the.stack.restart(Service::sync_clara);
    the.stack.await_ready();
    the.act(prior.id, "unarchive");
    the.becomes_right("an un-archive");
    nothing_is_forbidden();
}

TEST_CASE("check 4: a job that is disconnected while updates wait is purged once and told nothing more (#12)") {
    auto& the = company();
    auto& daemon = *the.stack[Service::sync_cluster].process;
    daemon.await_event("jobs.connected", Milliseconds{60'000});
    const auto one = add_linked("purged", "candidate-1");
    const auto two = add_linked("purged", "candidate-2");
    const auto other = add_linked("job-7", "candidate-1");
    the.becomes_right("three candidates of Cluster's");

    const std::string writes = "/cluster/jobs/purged/candidates/";
    const auto before = the.sent("cluster").size();
    fails("cluster", R"({"status":503,"path":")" + writes + "\"}");
    the.act(one.id, "stage", screen);
    the.act(two.id, "stage", screen);
    const auto waits = [&] { return those(the.sent("cluster", before), "PUT", writes).size() < 2 ? "nobody" : ""; };
    eventually("updates wait", waits);
    the.behind.insert(one.id);
    the.behind.insert(two.id);

    const auto changed = the.stack.configuration({connected({"job-7", "revoked", "presence"})});
    write_file(daemon.log_file() + ".toml", toml_text(changed));
    daemon.send(SIGHUP);
    const auto purged = [&] { return the.state("cluster")["purges"]["purged"].integer() == 1 ? "" : "not purged"; };
    eventually("Lever's data is removed", purged);
    recovers("cluster");
    the.act(one.id, "stage", interview);
    the.act(other.id, "stage", interview);
    the.await_outcome("cluster", one.id, v1::OUTCOME_KIND_SKIPPED, "the job is not connected");
    the.await_outcome("cluster", two.id, v1::OUTCOME_KIND_SKIPPED, "the job is not connected");
    the.becomes_right("a candidate of another job");
    the.settles();

    const auto log = the.sent("cluster", before);
    CHECK(those(log, "DELETE", "/cluster/jobs/").size() == 1);
    for (const auto& write : those(log, "PUT", writes)) CHECK(write.status == 503);
    const auto state = the.state("cluster");
    CHECK(state[one.id].is_null());
    CHECK(state[two.id].is_null());
    CHECK(the.count("sync.cluster.dlq") == 0);
    nothing_is_forbidden();
}

TEST_CASE("check 4: a job that Cluster has disconnected answers 410, which is no error and no dead letter (#13)") {
    auto& the = company();
    const auto candidate = add_linked("revoked", "candidate-3");
    the.becomes_right("a candidate of Cluster's");
    the.control("cluster/connected", R"({"job":"revoked","connected":false})");
    the.behind.insert(candidate.id);
    auto& daemon = *the.stack[Service::sync_cluster].process;
    const auto logged = daemon.log().size();
    the.act(candidate.id, "stage", screen);
    const auto told = the.await_outcome("cluster", candidate.id, v1::OUTCOME_KIND_DISABLED);
    CHECK(told.http_status() == 410);
    the.settles();
    CHECK(the.count("sync.cluster.dlq") == 0);
    CHECK(metric(the.stack[Service::sync_cluster].admin_port, "hirewire_held") == 0);
    CHECK(daemon.log().find(R"("level":"error")", logged) == std::string::npos);
    the.control("cluster/connected", R"({"job":"revoked","connected":true})");
    nothing_is_forbidden();
}

TEST_CASE("check 5: addresses match whatever their case and white space, and without one nobody is flagged (#4 #5)") {
    auto& the = company();
    the.add(R"("name":"Annegret Vollbrecht","email":"ann@x.com")");
    the.becomes_right("an application");
    const auto at_cluster = [&](const std::string& id, const std::string& emails) {
        const auto who = R"({"job":"presence","candidate":")" + id + R"(","emails":)";
        the.control("cluster/candidates", who + emails + "}");
    };
    at_cluster("ann", R"(["Ann@X.com "])");
    at_cluster("nobody", "[]");
    at_cluster("stranger", R"(["ann.other@x.com"])");
    // A look that was under way when it was asked for may have been at this job before.
    the.run_of("cluster");
    the.complete_run_of("cluster");
    const auto state = the.state("cluster");
    const auto candidates = state["candidates"]["presence"];
    CHECK(candidates["ann"]["already_in_ats"].boolean());
    CHECK(!candidates["nobody"]["already_in_ats"].boolean());
    CHECK(!candidates["stranger"]["already_in_ats"].boolean());
    // What Lever knows of people is not told.
    for (const auto& one : the.sent("cluster")) {
        CHECK(one.path.find('@') == std::string::npos);
        CHECK(one.body.find('@') == std::string::npos);
    }
    nothing_is_forbidden();
}

TEST_CASE("check 6: The Org is told seven facts of an open job, and never of a confidential one (#24 #25)") {
    auto& the = company();
    the.open_posting(R"({"text":"Gardener","department":"Grounds","location":"Lisbon","description":"Roses"})");
    const auto secret = the.open_posting(R"({"text":"Spy","location":"Oslo","confidential":true})");
    the.list_and_tell();
    the.becomes_right("new postings");
    const std::set<std::string> seven{"title", "description", "department", "location", "state", "created_at", "url"};
    const auto puts = those(the.sent("theorg"), "PUT", "/theorg/companies/acme/ats/lever/jobs/");
    CHECK(puts.size() >= 2);
    for (const auto& put : puts) CHECK(members_of(put.body) == seven);
    CHECK(the.requests_about(secret) == 0);
    nothing_is_forbidden();
}

TEST_CASE("check 7: half a listing deletes nothing and sends no mail, and a real deletion is gone soon (#28 #29)") {
    auto& the = company();
    // So many that a listing has two pages; nobody is told of a draft.
    the.open_posting(R"({"text":"Draft","state":"draft","count":120})");
    const auto closing = the.open_posting(R"({"text":"Cook","department":"Kitchen","location":"Porto"})");
    the.list_and_tell();
    the.becomes_right("new postings");
    const auto before = the.state("theorg");
    REQUIRE(before["jobs"][closing].is_object());
    const auto requests = the.sent("theorg").size();

    // Lever's list of what was deleted would tell at once; a key that may not see it goes by the listings alone.
    the.control("lever/grants", R"({"deleted":false})");
    the.remove_posting(closing);
    the.control("lever/faults", R"({"status":503,"ratio":1,"path":"/v1/postings","skip":1,"until_requests":50})");
    CHECK(the.run_of("postings").exit_code == 1);
    the.stack.control(http::Method::del, "/_sandbox/lever/faults");
    CHECK(the.run_of("theorg").exit_code == 1);
    const auto between = the.state("theorg");
    CHECK(between["jobs"][closing].is_object());
    CHECK(between["jobs"].size() == before["jobs"].size());
    CHECK(those(the.sent("theorg", requests), "DELETE", "/theorg/").empty());
    CHECK(incomplete_imports(between) == incomplete_imports(before) + 1);
    CHECK(between["mails"].size() == before["mails"].size());

    // Missing from two complete listings, it is gone, whatever else Lever says.
    the.complete_run_of("postings");
    the.complete_run_of("postings");
    the.complete_run_of("theorg");
    const auto after = the.state("theorg");
    CHECK(!after["jobs"][closing].exists());
    CHECK(after["jobs"].size() == before["jobs"].size() - 1);
    CHECK(after["mails"].size() == between["mails"].size() + 1);
    the.control("lever/grants", "{}");
    the.becomes_right("a deleted posting");
    nothing_is_forbidden();
}

TEST_CASE("check 8: an answer that is lost makes no second user of a hire (#36)") {
    auto& the = company();
    const auto hire = the.add();
    the.becomes_right("an application");
    the.settles();
    const auto before = the.sent("cleary").size();
    // The first of these calls looks the person up; the second one creates.
    fails("cleary", R"({"lose_response_ratio":1,"path":"/cleary/scim/v2/Users","skip":1,"until_requests":1})");
    the.act(hire.id, "hire", starting(in_days(30)));
    the.becomes_right("a hire");
    const auto posts = those(the.sent("cleary", before), "POST", "/cleary/scim/v2/Users", hire.contact);
    REQUIRE(posts.size() == 1);
    CHECK(posts.front().status == 0);
    CHECK(the.state("cleary")[hire.contact]["effects"].integer() == 1);
    recovers("cleary");
    nothing_is_forbidden();
}

TEST_CASE("check 8: an account that is somebody else's is not taken over (#40)") {
    auto& the = company();
    const auto hire = the.add();
    the.becomes_right("an application");
    the.control("cleary/users", R"({"userName":"lever-)" + hire.contact + R"(","externalId":"hris:4711"})");
    the.settles();
    const auto before = the.sent("cleary").size();
    the.act(hire.id, "hire", starting(in_days(30)));
    the.await_outcome("cleary", hire.id, v1::OUTCOME_KIND_NEEDS_MERGE);
    the.settles();
    std::vector<Sent> writes;
    for (const auto& one : the.sent("cleary", before)) {
        if (one.method != "GET") writes.push_back(one);
    }
    REQUIRE(writes.size() == 1);
    CHECK(writes.front().method == "POST");
    CHECK(writes.front().status == 409);
    CHECK(the.state("cleary")[hire.contact].is_null());
    CHECK(the.count("sync.cleary.dlq") == 0);
    // Taken back, so that Cleary need not have them.
    the.act(hire.id, "unarchive");
    the.becomes_right("an un-hire");
    nothing_is_forbidden();
}

TEST_CASE(
    "check 10: the run's report has who starts tomorrow in pre-boarding, everybody else as to be acted on (#35 #37 "
    "#38)") {
    auto& the = company();
    const auto before = the.look_at_buckets(kiritimati);
    for (const auto& date : {in_days(-1), in_days(0), in_days(1), std::string{}}) {
        const auto hire = the.add();
        the.becomes_right("an application");
        the.act(hire.id, "hire", starting(date));
    }
    the.becomes_right("four hires");
    const auto after = the.look_at_buckets(kiritimati);
    CHECK(after.reported.new_hires_preboarding == after.expected.new_hires_preboarding);
    CHECK(after.reported.action_needed == after.expected.action_needed);
    const auto all = [](const Buckets& buckets) { return buckets.new_hires_preboarding + buckets.action_needed; };
    CHECK(all(after.reported) == all(before.reported) + 4);
    // At midnight there the one who starts tomorrow goes over to the others.
    if (after.today == before.today) {
        CHECK(after.reported.new_hires_preboarding == before.reported.new_hires_preboarding + 1);
    }
    nothing_is_forbidden();
}

TEST_CASE("check 11: who is archived as underqualified is a failure at Clinch, whatever stage still shows (#43)") {
    auto& the = company();
    const std::string address = "isolde.krautheim@mail.example";
    const auto candidate = the.add(R"("name":"Isolde Krautheim","email":")" + address + "\"");
    the.act(candidate.id, "stage", R"({"stage":"Offer"})");
    the.becomes_right("an offer");
    const auto key = address + "/" + candidate.posting;
    CHECK(the.state("clinch")[key]["outcome"].string() == "success");

    the.act(candidate.id, "archive", underqualified);
    the.becomes_right("a rejection");
    const auto opportunity = the.stack.lever("/v1/opportunities/" + candidate.id);
    CHECK(opportunity["data"]["stage"].string() == "offer");
    CHECK(the.state("clinch")[key]["outcome"].string() == "failure");
    nothing_is_forbidden();
}

TEST_CASE("check 12: what is repeated at Clinch has the same id and body, and a date and signature of its own") {
    auto& the = company();
    const auto candidate = the.add();
    the.becomes_right("an application");
    the.settles();
    const auto before = the.sent("clinch").size();
    const std::string records = "/clinch/v2/candidate_outcomes";
    fails("clinch", R"({"status":503,"retry_after":"2","until_requests":1,"path":")" + records + "\"}");
    the.act(candidate.id, "archive", underqualified);
    the.becomes_right("a rejection");
    const auto posts = those(the.sent("clinch", before), "POST", records);
    REQUIRE(posts.size() == 2);
    CHECK(posts[0].status == 503);
    CHECK(posts[1].status == 201);
    CHECK(posts[0].body == posts[1].body);
    CHECK(posts[0].key == posts[1].key);
    // The stand-in holds the signature against the date, and takes none that was made for another one.
    CHECK(posts[0].date != "");
    CHECK(posts[1].date != "");
    CHECK(posts[0].date != posts[1].date);
    recovers("clinch");
    nothing_is_forbidden();
}

TEST_CASE("check 13: Retry-After is honoured as seconds and as a date") {
    auto& the = company();
    const auto candidate = the.add();
    the.becomes_right("an application");
    const auto path = clara_statuses + candidate.id;
    // Of a move that is answered 503 once.
    const auto told_with_a_wish = [&](const std::string& move, const std::string& wish) {
        const auto from = the.sent("clara").size();
        fails("clara", R"({"status":503,"until_requests":1,"retry_after":")" + wish + R"(","path":")" + path + "\"}");
        the.act(candidate.id, "stage", move);
        the.becomes_right("a move");
        recovers("clara");
        return those(the.sent("clara", from), "PUT", path);
    };
    const auto seconds = told_with_a_wish(screen, "3");
    REQUIRE(seconds.size() == 2);
    CHECK(seconds[0].status == 503);
    CHECK(seconds[1].at - seconds[0].at >= 3'000);
    CHECK(seconds[1].at - seconds[0].at < 20'000);

    const auto until = http_date(from_ms(now_ms()) + std::chrono::seconds{6});
    const auto date = told_with_a_wish(R"({"stage":"Reference check"})", until);
    REQUIRE(date.size() == 2);
    CHECK(date[0].status == 503);
    REQUIRE(date[0].at < to_ms(*parse_http_date(until)));
    CHECK(date[1].at >= to_ms(*parse_http_date(until)));
    CHECK(date[1].at - date[0].at < 20'000);
    nothing_is_forbidden();
}

TEST_CASE("check 13: a redirect is not followed, and is a dead letter") {
    auto& the = company();
    const auto candidate = the.add();
    the.becomes_right("an application");
    const auto path = clara_statuses + candidate.id;
    const auto elsewhere = "http://127.0.0.1:" + std::to_string(the.stack.sandbox_port()) + "/v1/stages?elsewhere";
    const auto letters = the.count("sync.clara.dlq");
    const auto before = the.sent("clara").size();
    fails("clara", R"({"status":302,"location":")" + elsewhere + R"(","path":")" + path + "\"}");
    the.act(candidate.id, "stage", screen);
    const auto dead = the.await_outcome("clara", candidate.id, v1::OUTCOME_KIND_DEAD);
    CHECK(dead.http_status() == 302);
    CHECK(dead.attempts() == 1);
    const auto lies_there = [&] { return the.count("sync.clara.dlq") == letters + 1 ? "" : "no dead letter"; };
    eventually("it is a dead letter", lies_there);
    CHECK(those(the.sent("clara", before), "PUT", path).size() == 1);
    const auto lever = the.stack.control("/_sandbox/lever/requests").root().text();
    CHECK(lever.find("elsewhere") == std::string::npos);
    recovers("clara");
    the.act(candidate.id, "stage", R"({"stage":"Reference check"})");
    the.becomes_right("the next move");
    nothing_is_forbidden();
}

TEST_CASE("check 13: a refused credential holds everything, uses up no attempt, and a new one has it go on") {
    auto& the = company();
    const auto candidate = the.add();
    the.becomes_right("an application");
    const auto token_file = the.stack.write("clara-token", "no-longer-valid");
    the.stack.restart(
        Service::sync_clara,
        {{"clara", "token_file", in_quotes(token_file)}, {"sync", "probe_interval", in_quotes("1h")}});
    the.stack.await_ready();
    the.act(candidate.id, "stage", screen);
    auto& daemon = the.stack[Service::sync_clara];
    const auto held = [&] { return metric(daemon.admin_port, "hirewire_held") == 1 ? "" : "not held"; };
    eventually("CLARA is held", held);
    the.await_outcome("clara", candidate.id, v1::OUTCOME_KIND_HELD);
    CHECK(metric(daemon.admin_port, "hirewire_dead_letters") == 0);

    the.stack.write("clara-token", the.stack.secrets().at("CLARA_TOKEN"));
    daemon.process->send(SIGHUP);
    the.becomes_right("what waited");
    const auto applied = [&]() -> std::string {
        for (const auto& outcome : the.outcomes("clara")) {
            const bool moved = outcome.kind() == v1::CHANGE_KIND_STAGE_CHANGED;
            if (!moved || outcome.opportunity_id() != candidate.id) continue;
            if (outcome.outcome() == v1::OUTCOME_KIND_APPLIED) return outcome.attempts() == 1 ? "" : "more attempts";
        }
        return "not applied";
    };
    eventually("it is applied at the first attempt that counts", applied);
    the.stack.restart(Service::sync_clara);
    the.stack.await_ready();
    nothing_is_forbidden();
}

TEST_CASE("check 13: an older version changes nothing") {
    auto& the = company();
    const auto candidate = the.add();
    the.becomes_right("an application");
    the.act(candidate.id, "stage", screen);
    the.becomes_right("a move");
    std::vector<kafka::Record> records;
    kafka::read_all(the.stack.kafka(), "hiring.changes", [&](const kafka::Record& record) {
        if (record.key == candidate.id) records.push_back(record);
    });
    REQUIRE(records.size() >= 2);
    the.settles();
    const auto before = the.state("clara")[candidate.id].text();
    const auto requests = the.requests_about(candidate.id);
    const std::string run = "an-older-version";
    replay_by_hand(records.front(), run);
    const auto answered = [&]() -> std::string {
        for (const auto& outcome : the.outcomes("clara")) {
            const auto& runs = outcome.run_ids();
            if (std::find(runs.begin(), runs.end(), run) == runs.end()) continue;
            return outcome.outcome() == v1::OUTCOME_KIND_SUPERSEDED ? "" : v1::OutcomeKind_Name(outcome.outcome());
        }
        return "no outcome";
    };
    eventually("it is superseded", answered);
    CHECK(the.state("clara")[candidate.id].text() == before);
    CHECK(the.requests_about(candidate.id) == requests);
    nothing_is_forbidden();
}

TEST_CASE("check 9: no call to Cleary grants access or holds an address for work or a primary one (#36 #39 #41)") {
    std::size_t writes = 0;
    for (const auto& one : company().sent("cleary")) {
        if (one.body.empty()) continue;
        ++writes;
        const auto body = json::Document::parse(one.body);
        REQUIRE(body.has_value());
        CHECK(granted_in(body->root()) == "");
    }
    CHECK(writes >= 6);
    // The look would find something if it were there.
    const auto patch = json::Document::parse(R"({"Operations":[{"op":"replace","path":"active","value":true}]})");
    REQUIRE(patch.has_value());
    CHECK(granted_in(patch->root()) != "");
    const auto user = json::Document::parse(R"({"emails":[{"value":"a@b.example","type":"work"}]})");
    REQUIRE(user.has_value());
    CHECK(granted_in(user->root()) != "");
}
