// A hiring day through the real binaries, from the sandbox's Lever to five destinations, and what may not happen
// afterwards.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "common/core/time.hpp"
#include "common/json/writer.hpp"
#include "tests/support/delivery.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/http_call.hpp"
#include "tests/support/metrics.hpp"
#include "tests/support/oracle.hpp"
#include "tests/support/personal_data.hpp"
#include "tests/support/stack.hpp"
#include "tests/support/topic_log.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

constexpr Milliseconds arrival{60'000};

// Somebody of the day.
struct Candidate {
    Person person{};
    bool at_cluster = false;
    bool confidential = false;
    std::string opportunity{};
    std::string contact{};
    std::string posting{};
};

// The installation, and who is in it. Shared by the test cases, which follow one another through the day.
struct Day {
    Stack stack{StackOptions{
        .services = {std::begin(all_services), std::end(all_services)},
        .sandbox = true,
        .settings = {
            {"clara", "follow_up_statuses", R"(["On-site interview", "Underqualified"])"},
        }}};
    Oracle oracle{stack};
    PersonalData personal;
    std::map<std::string, Candidate> candidates;

    // By first name.
    Candidate& operator[](const std::string& name) { return candidates.at(name); }

    void add(Candidate candidate) {
        const auto first_name = candidate.person.name.substr(0, candidate.person.name.find(' '));
        json::Writer body;
        body.begin_object()
            .member("name", candidate.person.name)
            .member("email", candidate.person.email)
            .member("phone", candidate.person.phone)
            .member("confidential", candidate.confidential);
        if (candidate.at_cluster) {
            body.key("cluster")
                .begin_object()
                .member("job", "job-7")
                .member("candidate", "candidate-" + std::to_string(candidates.size()))
                .end_object();
        }
        body.end_object();
        const auto made = stack.control(http::Method::post, "/_sandbox/opportunities", body.text());
        candidate.opportunity = made["id"].string();
        candidate.contact = made["contact"].string();
        candidate.posting = made["posting"].string();
        if (candidate.at_cluster) oracle.expect_at_cluster(candidate.opportunity);
        personal.add(candidate.person);
        candidates[first_name] = std::move(candidate);
    }

    json::Document move(const std::string& who, const std::string& how, const std::string& body = {}) {
        const auto path = "/_sandbox/opportunities/" + (*this)[who].opportunity + "/" + how;
        return stack.control(http::Method::post, path, body);
    }

    // Answers its id.
    std::string open_posting(const std::string& body) {
        const auto made = stack.control(http::Method::post, "/_sandbox/postings", body);
        return std::string{made["id"].string()};
    }
    void change_posting(const std::string& id, const std::string& body) {
        stack.control(http::Method::patch, "/_sandbox/postings/" + id, body);
    }
    // `hirewire run {kind}`, to its end; answers what it printed.
    std::string run_of(const std::string& kind) {
        const auto ended = stack.cli({"run", kind});
        CAPTURE(ended.log);
        CHECK(ended.exit_code == 0);
        return ended.output;
    }
    // Lever announces no postings: they are listed now, and told to The Org by a run.
    void list_and_tell() {
        run_of("postings");
        run_of("theorg");
    }

    void arrives(const std::string& what) {
        eventually(
            what, [this] { return oracle.difference(); }, arrival, Milliseconds{100});
    }

    http::Reply post(const std::string& body) { return call(stack[Service::receiver].port, webhook(body)); }

    // Long enough for all that has been posted and emitted to be where it belongs: nothing is left to be read, and
    // for three seconds nobody has asked Lever or told a destination anything.
    void let_it_sink_in() {
        const auto activity = [this] {
            const auto reads = stack.control("/_sandbox/lever/requests")["count"].integer();
            return reads + static_cast<std::int64_t>(oracle.requests());
        };
        const auto unread = [this] {
            double sum = 0;
            for (const auto service : all_services) {
                if (service == Service::receiver) continue;  // it consumes nothing
                sum += metric(stack[service].admin_port, "hirewire_consumer_lag");
                sum += metric(stack[service].admin_port, "hirewire_in_flight");
            }
            return sum;
        };
        auto last = activity();
        int quiet = 0;
        const auto wrong = [&]() -> std::string {
            const auto now = activity();
            quiet = now == last && unread() == 0 ? quiet + 1 : 0;
            last = now;
            return quiet > 30 ? "" : "still busy";
        };
        eventually("all is quiet", wrong, arrival, Milliseconds{100});
    }
};

Day& day() {
    static Day one;
    return one;
}

std::string in_days(int days) {
    return iso_date(from_ms(now_ms()) + std::chrono::hours{24 * days});
}

// The bodies of all webhooks that Lever has posted so far, oldest first.
std::vector<std::string> posted_webhooks() {
    std::vector<std::string> bodies;
    const auto log = day().stack.control("/_sandbox/webhooks");
    for (const auto& webhook : log.root().items()) bodies.emplace_back(webhook["body"].string());
    return bodies;
}

std::string word(const http::Reply& reply) {
    const auto document = json::Document::parse(reply.body);
    return document ? std::string{(*document)["status"].string()} : "not JSON";
}

}  // namespace

TEST_CASE("hiring day: what Lever says arrives at all five, step by step") {
    auto& the = day();
    the.add({.person = {"Adelheid Quastenbury", "adelheid.q@mail.example", "+1 555 901 0001"}, .at_cluster = true});
    the.add({.person = {"Balthasar Oxenmoor", "balthasar.o@mail.example", "+1 555 901 0002"}, .at_cluster = true});
    the.add({.person = {"Cunegonde Vexley", "cunegonde.v@mail.example", "+1 555 901 0003"}});
    the.add({.person = {"Dagobert Thrumbull", "dagobert.t@mail.example", "+1 555 901 0004"}, .at_cluster = true});
    the.add({.person = {"Ermintrude Wyvernhay", "ermintrude.w@mail.example", "+1 555 901 0005"}});
    the.add({.person = {"Fulvia Zottermarch", "fulvia.z@mail.example", "+1 555 901 0006"}, .at_cluster = true});
    the.add({.person = {"Gundula Yaxleford", "gundula.y@mail.example", "+1 555 901 0007"}});
    the.add({.person = {"Hrothgar Umpleby", "hrothgar.u@mail.example", "+1 555 901 0008"}, .confidential = true});
    the.arrives("applications");

    for (const auto& entry : the.candidates) the.move(entry.first, "stage", R"({"stage":"Recruiter screen"})");
    the.arrives("everybody's stage change");
    the.move("Adelheid", "stage", R"({"stage":"On-site interview"})");
    the.move("Balthasar", "archive", R"({"reason":"Underqualified"})");
    the.move("Cunegonde", "archive", R"({"reason":"Withdrew"})");
    the.arrives("a stage change and two rejections");

    the.move("Cunegonde", "unarchive");
    the.arrives("an un-archive");

    the.move("Dagobert", "hire", R"({"start_date":")" + in_days(30) + "\"}");
    the.move("Ermintrude", "hire", R"({"start_date":null})");
    the.move("Fulvia", "hire", R"({"start_date":")" + in_days(10) + "\"}");
    the.move("Gundula", "hire", R"({"start_date":")" + in_days(20) + "\"}");
    the.move("Hrothgar", "hire", R"({"start_date":")" + in_days(5) + "\"}");
    the.arrives("hires with a start date and without");

    the.move("Fulvia", "unarchive");
    the.move("Gundula", "archive", R"({"reason":"Withdrew"})");
    the.arrives("both ways to un-hire");

    the.let_it_sink_in();
    CHECK(the.oracle.difference() == "");
    CHECK(the.oracle.violations() == "");
}

TEST_CASE("hiring day: Cleary has the hired, once each, without access, and keeps who was un-hired") {
    auto& the = day();
    const auto state = the.stack.control("/_sandbox/cleary/state");
    std::set<std::string> expected;
    for (const auto* name : {"Dagobert", "Ermintrude", "Fulvia", "Gundula"}) expected.insert(the[name].contact);
    std::set<std::string> found;
    for (const auto& [contact, user] : state.root().members()) found.emplace(contact);
    CHECK(found == expected);
}

TEST_CASE("hiring day: Clinch has one record for each success, each failure and each that was taken back") {
    auto& the = day();
    const auto state = the.stack.control("/_sandbox/clinch/state");
    const std::map<std::string, std::int64_t> expected{
        {"Adelheid", 0},    // an interview counts as nothing
        {"Balthasar", 1},   // Underqualified
        {"Cunegonde", 0},   // Withdrew counts as nothing, and back
        {"Dagobert", 1},    // hired
        {"Ermintrude", 1},  // hired
        {"Fulvia", 2},      // hired, and back
        {"Gundula", 2},     // hired, then Withdrew
        {"Hrothgar", 0},    // confidential
    };
    for (const auto& entry : expected) {
        CAPTURE(entry.first);
        const auto& candidate = the[entry.first];
        const auto belief = state[candidate.person.email + "/" + candidate.posting];
        CHECK(belief["records"].integer() == entry.second);
        CHECK(belief["effects"].integer() == entry.second);
    }
}

TEST_CASE("hiring day: postings that open, change, close and vanish do so at Clinch and, by a run, at The Org") {
    auto& the = day();
    const auto gardener =
        the.open_posting(R"({"text":"Gardener","department":"Grounds","team":"Roses","location":"Lisbon"})");
    const auto cook = the.open_posting(R"({"text":"Cook","department":"Kitchen"})");
    the.open_posting(R"({"text":"Librarian","location":"Oslo","state":"internal"})");
    the.open_posting(R"({"text":"Treasurer","location":"Oslo","confidential":true})");
    the.list_and_tell();
    the.arrives("new postings");

    the.change_posting(gardener, R"({"location":"Porto","description":"Roses & <thorns>"})");
    the.change_posting(cook, R"({"state":"closed"})");
    the.list_and_tell();
    the.arrives("a changed posting and a closed one");

    the.stack.control(http::Method::del, "/_sandbox/postings/" + gardener);
    the.list_and_tell();
    the.arrives("a deleted posting");

    // Nothing has changed: The Org is told of the import alone.
    const auto before = the.oracle.requests("theorg");
    const auto report = the.run_of("theorg");
    CAPTURE(report);
    CHECK(report.find("theorg finished in") == 0);
    CHECK(report.find(" 1 unchanged") != std::string::npos);
    CHECK(the.oracle.requests("theorg") == before + 1);
    const auto state = the.stack.control("/_sandbox/theorg/state");
    CHECK(state["mails"].size() == state["imports"].size());
    CHECK(the.oracle.violations() == "");
}

TEST_CASE("hiring day: nobody is asked twice") {
    auto& the = day();
    // One question each: on entering On-site interview, and on being archived as Underqualified.
    const auto sent = the.stack.control("/_sandbox/clara/requests");
    std::map<std::string, int> questions;
    for (const auto& request : sent.root().items()) {
        const auto body = json::Document::parse(request["body"].string());
        if (body && (*body)["follow_up"].boolean()) ++questions[std::string{request["path"].string()}];
    }
    CHECK(questions.size() == 2);
    for (const auto& [path, count] : questions) CHECK(count == 1);
}

TEST_CASE("hiring day: the same webhooks again, and out of order, change nothing at any destination") {
    auto& the = day();
    const auto bodies = posted_webhooks();
    REQUIRE(bodies.size() > 20);
    const auto before = the.oracle.states();
    const auto requests_before = the.oracle.requests();
    const auto reads_before = the.stack.control("/_sandbox/lever/requests")["count"].integer();

    for (const auto& body : bodies) CHECK(word(the.post(body)) == "duplicate");

    // White space makes another delivery of it: what a second webhook of the same event would look like.
    for (auto body = bodies.rbegin(); body != bodies.rend(); ++body) CHECK(word(the.post(*body + " ")) == "accepted");
    the.let_it_sink_in();

    // It was looked at again, and nothing was found to be said.
    CHECK(the.stack.control("/_sandbox/lever/requests")["count"].integer() > reads_before);
    CHECK(the.oracle.states() == before);
    CHECK(the.oracle.requests() == requests_before);
    CHECK(the.oracle.difference() == "");
    CHECK(the.oracle.violations() == "");
}

TEST_CASE(
    "hiring day: a forged body under a genuine signature changes nothing and does not keep the genuine one out") {
    auto& the = day();
    the.stack.control(http::Method::post, "/_sandbox/delivery", R"({"drop":1})");
    the.move("Cunegonde", "stage", R"({"stage":"Reference check"})");
    the.stack.control(http::Method::post, "/_sandbox/delivery", R"({"drop":0})");
    const auto genuine = posted_webhooks().back();
    const auto triple = json::Document::parse(genuine);
    REQUIRE(triple.has_value());
    REQUIRE((*triple)["event"].string() == "candidateStageChange");

    const auto before = the.oracle.states();
    const auto forged = [&](std::string_view event, const std::string& data) {
        json::Writer body;
        body.begin_object()
            .member("event", event)
            .member("triggeredAt", (*triple)["triggeredAt"].integer())
            .member("token", (*triple)["token"].string())
            .member("signature", (*triple)["signature"].string())
            .end_object();
        auto text = body.text();
        text.pop_back();
        return text + ",\"data\":" + data + "}";
    };
    const auto victim =
        R"("opportunityId":")" + the["Adelheid"].opportunity + R"(","contactId":")" + the["Adelheid"].contact + "\"";
    CHECK(word(the.post(forged("candidateHired", "{" + victim + "}"))) == "accepted");
    CHECK(word(the.post(forged("candidateDeleted", "{" + victim + "}"))) == "accepted");
    the.let_it_sink_in();
    CHECK(the.oracle.states() == before);

    CHECK(word(the.post(genuine)) == "accepted");
    the.arrives("the genuine one");
    CHECK(the.oracle.states() != before);
    CHECK(the.oracle.violations() == "");
}

TEST_CASE("hiring day: a person hired again, and one with two opportunities, is one user") {
    auto& the = day();
    the.move("Fulvia", "hire", R"({"start_date":")" + in_days(40) + "\"}");
    const auto second = the.stack.control(
        http::Method::post, "/_sandbox/opportunities", R"({"contact":")" + the["Ermintrude"].contact + "\"}");
    the.arrives("a second opportunity");
    the.stack.control(
        http::Method::post,
        "/_sandbox/opportunities/" + std::string{second["id"].string()} + "/hire",
        R"({"start_date":")" + in_days(50) + "\"}");
    the.arrives("hires of people that Cleary has");
    CHECK(the.oracle.violations() == "");
}

TEST_CASE("hiring day: every service can be restarted in between, and nothing happens twice") {
    auto& the = day();
    const auto before = the.oracle.states();
    for (const auto service : all_services) the.stack.restart(service);
    the.stack.await_ready();
    the.let_it_sink_in();
    CHECK(the.oracle.states() == before);
    the.move("Adelheid", "stage", R"({"stage":"Offer"})");
    the.arrives("a stage change after the restart");
    CHECK(the.oracle.violations() == "");
}

TEST_CASE("hiring day: an emptied Redis makes nobody do anything twice") {
    auto& the = day();
    const auto before = the.oracle.states();
    CHECK(redis_command(the.stack.redis_port(), "FLUSHALL") == "+OK");
    for (const auto& body : posted_webhooks()) CHECK(word(the.post(body + "\n")) == "accepted");
    the.let_it_sink_in();
    CHECK(the.oracle.states() == before);
    the.move("Balthasar", "unarchive");
    the.arrives("an un-archive after it");
    CHECK(the.oracle.violations() == "");
}

TEST_CASE("hiring day: no topic holds a name, an e-mail address, a phone number or a secret") {
    auto& the = day();
    for (const auto& [name, secret] : the.stack.secrets()) the.personal.add_secret(secret);
    for (const auto& token : the.stack.signature_tokens()) the.personal.add_secret(token);
    TopicLog log{the.stack.kafka(), the.stack.topics()};
    bool sees = false;
    std::set<std::string> topics;
    for (const auto& record : log.all()) {
        CAPTURE(record.partition.topic);
        std::string bytes = record.key + "\n" + record.value.value_or("");
        for (const auto& header : record.headers) bytes += "\n" + header.name + "\n" + header.value;
        CHECK(the.personal.found_in(bytes) == "");
        if (bytes.find(the["Adelheid"].opportunity) != std::string::npos) sees = true;
        topics.insert(record.partition.topic);
    }
    // The scan would find something if it were there.
    CHECK(sees);
    CHECK(the.personal.found_in("x\nADELHEID.Q@mail.example\n") != "");
    CHECK(the.personal.found_in("15559010008") != "");
    for (const auto* topic :
         {"lever.stage-changes",
          "lever.hires",
          "lever.archives",
          "lever.applications",
          "hiring.changes",
          "hiring.opportunities",
          "hiring.postings",
          "hiring.runs",
          "sync.outcomes"}) {
        CHECK(topics.count(topic) == 1);
    }
}

TEST_CASE("hiring day: no log of a service holds a name, an e-mail address, a phone number or a secret") {
    auto& the = day();
    const auto logs = the.stack.service_logs();
    CHECK(logs.size() >= std::size(all_services));
    for (const auto& log : logs) {
        CAPTURE(log.first);
        for (const auto& line : lines_of(log.second)) CHECK(the.personal.found_in(line) == "");
    }
}
