// The Org is told by runs and not change by change, so it meets the contract in its own way: what it sends and how it
// reads an answer.
#include <doctest/doctest.h>

#include "common/http/client.hpp"
#include "common/json/value.hpp"
#include "services/sync-theorg/rules.hpp"
#include "tests/contract/samples.hpp"
#include "tests/support/personal_data.hpp"

using namespace hirewire;

namespace {

using Judgement = decltype(theorg::judge(http::Method::put, http::Reply{}));
using Next = decltype(Judgement::next);

theorg::Decision decided() {
    theorg::Settings settings;
    settings.company = "acme";
    settings.include_internal = true;
    theorg::Postings postings;
    theorg::Jobs sent;
    int number = 0;
    for (const auto& news : contract::sample_postings()) {
        theorg::Seen seen;
        seen.posting = news.posting;
        seen.written_ms = contract::sample_time_ms;
        const auto id = "posting-" + std::to_string(number++);
        postings[id] = std::move(seen);
        sent[id] = theorg::Job{};
    }
    return theorg::decide(postings, sent, settings, contract::sample_time_ms, theorg::Guard::off);
}

std::vector<http::Request> requests() {
    theorg::Settings settings;
    settings.company = "acme";
    const auto decision = decided();
    std::vector<http::Request> all;
    for (const auto& put : decision.puts) all.push_back(theorg::put_job(settings, put, "run-1"));
    for (const auto& id : decision.deletes) all.push_back(theorg::delete_job(settings, id, "run-1"));
    all.push_back(theorg::report_import(settings, {}, "run-1"));
    return all;
}

Judgement judged(http::Method method, int status, std::vector<http::Header> headers = {}) {
    http::Reply reply;
    reply.status = status;
    reply.headers = std::move(headers);
    return theorg::judge(method, reply);
}

}  // namespace

TEST_CASE("contract: The Org: the same postings twice are the same bytes, to well-formed places") {
    const auto first = requests();
    const auto second = requests();
    CHECK(first.size() > 2);
    REQUIRE(first.size() == second.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
        CHECK(first[i].method == second[i].method);
        CHECK(first[i].target == second[i].target);
        CHECK(first[i].body == second[i].body);
        CHECK(first[i].target.starts_with("/companies/acme/ats/lever/"));
        CHECK(first[i].target.find_first_of(" \"\n") == std::string::npos);
        if (!first[i].body.empty()) CHECK(json::Document::parse(first[i].body).has_value());
    }
}

TEST_CASE("contract: The Org: weather is repeated, a redirect refused, a refused credential holds") {
    for (const auto method : {http::Method::put, http::Method::del}) {
        for (const int status : {429, 500, 503}) CHECK(judged(method, status).next == Next::again);
        const sync::Answer silence = http::make_error_code(http::Errc::timed_out);
        CHECK(theorg::judge(method, silence).next == Next::again);
        CHECK(judged(method, 302).next == Next::refused);
        for (const int status : {401, 402}) CHECK(judged(method, status).next == Next::hold);
        CHECK(judged(method, 200).next == Next::done);
    }
    CHECK(judged(http::Method::del, 404).next == Next::done);
    CHECK(judged(http::Method::del, 410).next == Next::done);
}

TEST_CASE("contract: The Org: Retry-After is kept to, in seconds and as a date") {
    const std::vector<http::Header> seconds{{"Retry-After", "120"}};
    const std::vector<http::Header> date{
        {"Date", "Mon, 02 Mar 2026 15:05:05 GMT"}, {"Retry-After", "Mon, 02 Mar 2026 15:07:05 GMT"}};
    for (const int status : {429, 503}) {
        for (const auto& headers : {seconds, date}) {
            CHECK(judged(http::Method::put, status, headers).at_least == Milliseconds{120'000});
        }
    }
}

TEST_CASE("contract: The Org: nothing that an answer repeats of a person gets into a reason") {
    testing::PersonalData personal;
    personal.add({"Quillaphonte Zwickerbrandt", "q.zwicker@private.example", "+1 555 017 7342"});
    for (const int status : {200, 302, 400, 401, 403, 404, 409, 410, 422, 429, 500}) {
        http::Reply reply;
        reply.status = status;
        reply.body =
            R"({"error":{"code":400,"reason":"Quillaphonte Zwickerbrandt"},"code":"q.zwicker@private.example"})";
        for (const auto method : {http::Method::put, http::Method::del}) {
            CHECK(personal.found_in(theorg::judge(method, reply).reason) == "");
        }
    }
}
