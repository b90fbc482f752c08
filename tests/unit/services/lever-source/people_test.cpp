#include "services/lever-source/people.hpp"

#include <doctest/doctest.h>

#include "common/json/value.hpp"
#include "tests/support/fake_lever.hpp"
#include "tests/support/lever_builders.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"

using namespace hirewire;
using namespace hirewire::source;
using testing::finish;

namespace {

class Bearer final : public http::HeaderSource {
public:
    explicit Bearer(std::string value) : value_{std::move(value)} {}
    [[nodiscard]] std::string_view find(std::string_view name) const override {
        return name == "Authorization" ? std::string_view{value_} : std::string_view{};
    }

private:
    std::string value_;
};

struct Bench {
    Bench() {
        lever.words = testing::vocabulary();
        testing::LeverOpportunity o;
        o.created(1'000).applied(1'000).archived(2'000, testing::hired_reason);
        lever.opportunities["opportunity-1"] = o.state;
        lever.people["opportunity-1"] = lever::Person{
            .name = "Ann Park",
            .emails = {"ann@example.net"},
            .phones = {"555"},
            .location = "Berlin",
            .headline = "Eng"};
        lever.shown_postings["p 1"] = lever::Posting{.id = "p 1", .title = "Engineer"};
    }
    http::Reply get(const std::string& target, const std::string& authorization = "Bearer internal") {
        const Bearer headers{authorization};
        http::Incoming request;
        request.target = target;
        request.headers = &headers;
        const auto handler = people.handler();
        return finish(handler(request));
    }
    http::Reply ask_presence(std::string body) {
        const Bearer headers{"Bearer internal"};
        http::Incoming request;
        request.method = http::Method::post;
        request.target = "/internal/presence";
        request.headers = &headers;
        request.body = std::move(body);
        const auto handler = people.handler();
        return finish(handler(request));
    }
    testing::ManualClock clock;
    testing::FakeLever lever{clock};
    Library library{lever, clock, {}, "anticipated_start_date"};
    People people{lever, library, clock, "internal"};
};

}  // namespace

TEST_CASE("people: nobody is told who somebody is without the token") {
    Bench b;
    for (const char* wrong :
         {"", "Bearer", "Bearer ", "Bearer other", "internal", "Basic internal", "bearer internal"}) {
        const auto reply = b.get("/internal/opportunities/opportunity-1/person", wrong);
        CHECK(reply.status == 401);
        CHECK(http::header(reply.headers, "WWW-Authenticate") == "Bearer");
        CHECK(reply.body.find("Ann") == std::string::npos);
    }
    CHECK(b.lever.calls.empty());
    b.people.use_token("rotated");
    CHECK(b.get("/internal/vocabulary").status == 401);
    CHECK(b.get("/internal/vocabulary", "Bearer rotated").status == 200);
}

TEST_CASE("people: a person is read a moment ago, with what only the offer tells") {
    Bench b;
    lever::Offer offer{.id = "x", .status = "signed", .created_at_ms = 1};
    offer.dates["anticipated_start_date"] = 1'796'083'200'000;
    b.lever.offered["opportunity-1"] = {offer};
    const auto reply = b.get("/internal/opportunities/opportunity-1/person");
    CHECK(reply.status == 200);
    const auto body = json::Document::parse(reply.body);
    CHECK((*body)["name"].string() == "Ann Park");
    CHECK((*body)["emails"].items().at(0).string() == "ann@example.net");
    CHECK((*body)["start_date"].string() == "2026-12-01");
    CHECK((*body)["hired_at_ms"].integer() == 2'000);
    CHECK((*body)["contact_id"].string() == "contact-1");
    CHECK((*body)["read_at"].string() == iso_time(b.clock.now()));
    CHECK(b.lever.priorities.at(0) == lever::Priority::person);
    b.get("/internal/opportunities/opportunity-1/person");
    CHECK(std::count(b.lever.calls.begin(), b.lever.calls.end(), "opportunity") == 1);
}

// Protects live hires and sweeps: a replay asks for thousands of people, and Lever's budget is one.
TEST_CASE("people: a replay's look-ups come after all that is live, each request of them") {
    Bench b;
    const std::string target = "/internal/opportunities/opportunity-1/person";
    CHECK(b.get(target + "?backfill=true").status == 200);
    REQUIRE(b.lever.calls == std::vector<std::string>{"opportunity", "vocabulary", "offers"});
    for (const auto priority : b.lever.priorities) CHECK(priority == lever::Priority::backfill);
    CHECK(lever::Priority::sweep < lever::Priority::backfill);
    CHECK(lever::Priority::backfill < lever::Priority::walk);
    b.clock.advance(std::chrono::hours{1});
    CHECK(b.get(target + "?backfill=false").status == 200);
    CHECK(b.lever.priorities.back() == lever::Priority::person);
}

TEST_CASE("people: who is hidden, deleted or anonymized is not visible, and trouble is 503") {
    Bench b;
    CHECK(b.get("/internal/opportunities/nobody/person").status == 404);
    b.lever.opportunities["opportunity-1"].anonymized = true;
    CHECK(b.get("/internal/opportunities/opportunity-1/person").status == 404);
    b.lever.trouble["opportunity"] = lever::Errc::unavailable;
    const auto reply = b.get("/internal/opportunities/opportunity-1/person");
    CHECK(reply.status == 503);
    CHECK_FALSE(http::header(reply.headers, "Retry-After").empty());
}

TEST_CASE("people: vocabulary and postings") {
    Bench b;
    const auto words = json::Document::parse(b.get("/internal/vocabulary").body);
    CHECK((*words)["stages"].items().size() == 5);
    int hires = 0;
    for (const auto& reason : (*words)["archive_reasons"].items())
        hires += reason["type"].string() == "hired" ? 1 : 0;
    CHECK(hires == 1);
    CHECK(b.get("/internal/postings/p%201").status == 200);
    CHECK(b.get("/internal/postings/none").status == 404);
    CHECK(b.get("/internal/nothing").status == 404);
}

TEST_CASE("people: presence matches addresses without case and space, and tells only of those that were asked for") {
    Bench b;
    b.lever.opportunities["opportunity-2"] = b.lever.opportunities["opportunity-1"];
    b.lever.opportunities["opportunity-2"].id = "opportunity-2";
    b.lever.people["opportunity-2"].emails = {"Ann@Example.net", "other@example.net"};
    b.lever.opportunities["opportunity-3"] = b.lever.opportunities["opportunity-1"];
    b.lever.opportunities["opportunity-3"].id = "opportunity-3";
    b.lever.people["opportunity-3"].emails = {"", "nobody asked@example.net"};
    b.lever.shown_postings["posting-1"] = lever::Posting{.id = "posting-1", .title = "Engineer"};
    const auto reply =
        b.ask_presence(R"({"emails": [" Ann@Example.net ", "bob@example.net", "", "  ", "no address", "@"]})");
    REQUIRE(reply.status == 200);
    const auto document = json::Document::parse(reply.body);
    REQUIRE(document.has_value());
    const auto known = (*document)["known"].items();
    REQUIRE(known.size() == 1);
    CHECK(known[0]["email"].string() == "ann@example.net");
    REQUIRE(known[0]["opportunities"].size() == 2);
    CHECK(known[0]["opportunities"].items()[1].string() == "opportunity-2");
    CHECK(reply.body.find("other@") == std::string::npos);
    CHECK(reply.body.find("Ann Park") == std::string::npos);
    CHECK(b.lever.calls == std::vector<std::string>{"with_emails", "posting"});
    CHECK(b.lever.priorities.back() == lever::Priority::person);
}

TEST_CASE("people: presence is silent about who is confidential, unless it is asked for") {
    const std::string plain = R"({"emails": ["ann@example.net"]})";
    const std::string all = R"({"emails": ["ann@example.net"], "confidential": true})";
    const auto told = [](Bench& b, const std::string& question) {
        const auto reply = b.ask_presence(question);
        REQUIRE(reply.status == 200);
        return reply.body.find("opportunity-1") != std::string::npos;
    };
    Bench b;
    b.lever.shown_postings["posting-1"] = lever::Posting{.id = "posting-1", .title = "Engineer"};
    CHECK(told(b, plain));
    b.lever.opportunities["opportunity-1"].confidential = true;
    CHECK_FALSE(told(b, plain));
    CHECK(b.ask_presence(plain).body.find("ann@") == std::string::npos);
    CHECK_FALSE(told(b, R"({"emails": ["ann@example.net"], "confidential": false})"));
    CHECK(told(b, all));

    Bench by_posting;
    by_posting.lever.shown_postings["posting-1"].confidential = true;
    CHECK_FALSE(told(by_posting, plain));
    CHECK(told(by_posting, all));

    Bench hidden;
    CHECK_FALSE(told(hidden, plain));
    CHECK(told(hidden, all));
    CHECK(b.ask_presence(R"({"emails": ["ann@example.net"], "confidential": "yes"})").status == 422);
}

TEST_CASE("people: presence says 503 when it cannot find out whether somebody is confidential") {
    Bench b;
    b.lever.trouble["posting"] = lever::Errc::unavailable;
    CHECK(b.ask_presence(R"({"emails": ["ann@example.net"]})").status == 503);
}

TEST_CASE("people: presence asks Lever for many addresses at a time, and refuses what it cannot read") {
    Bench b;
    std::string emails;
    for (int i = 0; i < 100; ++i) emails += (i == 0 ? "" : ",") + ("\"p" + std::to_string(i) + "@example.net\"");
    CHECK(b.ask_presence("{\"emails\": [" + emails + "]}").status == 200);
    CHECK(b.lever.calls.size() <= 6);
    for (const char* wrong : {"", "[]", "{}", R"({"emails": "ann@example.net"})"}) {
        CHECK(b.ask_presence(wrong).status == 422);
    }
    std::string many = "\"a@b\"";
    for (int i = 0; i < 500; ++i) many += ",\"a@b\"";
    CHECK(b.ask_presence("{\"emails\": [" + many + "]}").status == 422);
    b.lever.trouble["with_emails"] = lever::Errc::unavailable;
    const auto away = b.ask_presence(R"({"emails": ["ann@example.net"]})");
    CHECK(away.status == 503);
    CHECK(http::header(away.headers, "Retry-After") == "5");
}
