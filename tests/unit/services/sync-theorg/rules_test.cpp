#include "services/sync-theorg/rules.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "common/http/client.hpp"
#include "common/json/value.hpp"

using namespace hirewire;
using namespace hirewire::theorg;

namespace {

constexpr std::int64_t now = 1'772'463'905'123;
constexpr std::int64_t hour = 60 * 60'000;

Settings acme(bool include_internal = false) {
    return {.company = "acme", .include_internal = include_internal};
}

v1::Posting posting(const std::string& id, const std::string& state = "published") {
    v1::Posting posting;
    posting.set_id(id);
    posting.set_account("main");
    posting.set_title("Staff Engineer " + id);
    posting.set_description_html("<p>What you will do.</p>");
    posting.set_department("Platform");
    posting.set_location("Berlin");
    posting.set_state(state);
    posting.set_url("https://jobs.lever.co/acme/" + id);
    posting.set_created_at_ms(1'770'800'400'000);  // 2026-02-11T09:00:00Z
    posting.set_updated_at_ms(now - hour);
    posting.set_external(true);
    return posting;
}

Seen seen(v1::Posting of, std::int64_t written_ms = now - hour) {
    Seen seen;
    seen.posting = std::move(of);
    seen.written_ms = written_ms;
    return seen;
}

Seen tombstone(std::int64_t written_ms = now - hour) {
    Seen seen;
    seen.written_ms = written_ms;
    return seen;
}

Postings published(const std::vector<std::string>& ids) {
    Postings postings;
    for (const auto& id : ids) postings[id] = seen(posting(id));
    return postings;
}

Decision decided(const Postings& postings, const Jobs& sent, const Settings& settings = acme()) {
    return decide(postings, sent, settings, now, Guard::on);
}

// What is remembered once everything that was decided has been told.
Jobs told(const Decision& decision) {
    Jobs jobs = decision.jobs;
    for (const auto& put : decision.puts) jobs[put.id].fingerprint = put.fingerprint;
    for (const auto& id : decision.deletes) jobs.erase(id);
    return jobs;
}

Jobs known(const std::vector<std::string>& ids) {
    return told(decided(published(ids), {}));
}

std::set<std::string> ids(const std::vector<Put>& puts) {
    std::set<std::string> all;
    for (const auto& put : puts) all.insert(put.id);
    return all;
}

using Ids = std::set<std::string>;
using List = std::vector<std::string>;

sync::Answer answer(int status, std::string body = {}, std::vector<http::Header> headers = {}) {
    http::Reply reply;
    reply.status = status;
    reply.body = std::move(body);
    reply.headers = std::move(headers);
    return reply;
}

// A judgement in one word.
std::string word(const Judgement& judgement) {
    switch (judgement.next) {
        case Next::done:
            return v1::OutcomeKind_Name(judgement.outcome).substr(13);
        case Next::again:
            return "again";
        case Next::refused:
            return "refused";
        case Next::doubtful:
            return "doubtful";
        case Next::hold:
            return "hold";
    }
    return {};
}

}  // namespace

TEST_CASE("#23 The Org: all requests are about the one company that the key is a member of") {
    const auto settings = acme();
    const auto put = decided(published({"a"}), {}).puts.at(0);
    CHECK(put_job(settings, put, "r").target == "/companies/acme/ats/lever/jobs/a?run=r");
    CHECK(delete_job(settings, "a", "r").target == "/companies/acme/ats/lever/jobs/a?run=r");
    CHECK(report_import(settings, {}, "r").target == "/companies/acme/ats/lever/imports/r");
    Settings odd;
    odd.company = "../b c";
    CHECK(delete_job(odd, "x/y?z", "a&b").target == "/companies/..%2Fb%20c/ats/lever/jobs/x%2Fy%3Fz?run=a%26b");
}

TEST_CASE("#24 The Org: a job is told with exactly seven members, and nothing else of the posting is in them") {
    auto one = posting("413e3661");
    one.set_account("account-name");
    Postings postings;
    postings["413e3661"] = seen(one);
    const auto decision = decided(postings, {});
    REQUIRE(decision.puts.size() == 1);
    const auto request = put_job(acme(), decision.puts[0], "run-1");
    CHECK(request.method == http::Method::put);
    CHECK(
        request.body ==
        R"({"title":"Staff Engineer 413e3661","description":"<p>What you will do.</p>","department":"Platform",)"
        R"("location":"Berlin","state":"published","created_at":"2026-02-11T09:00:00.000Z",)"
        R"("url":"https://jobs.lever.co/acme/413e3661"})");
    const auto document = json::Document::parse(request.body);
    REQUIRE(document.has_value());
    CHECK(document->root().members().size() == 7);
    for (const auto& [name, value] : document->root().members()) CHECK(value.is_string());
    CHECK(request.body.find("account-name") == std::string::npos);
}

TEST_CASE("#24 The Org: what Lever leaves empty is an empty text, so that there are always seven members") {
    v1::Posting bare;
    bare.set_title("Engineer");
    bare.set_state("published");
    bare.set_created_at_ms(now);
    Postings postings;
    postings["bare"] = seen(bare);
    const auto body = decided(postings, {}).puts.at(0).body;
    const auto document = json::Document::parse(body);
    REQUIRE(document.has_value());
    CHECK(document->root().members().size() == 7);
    CHECK((*document)["department"].is_string());
    CHECK((*document)["url"].string().empty());
}

TEST_CASE("#24 The Org: what else changes of a posting is not told") {
    const auto sent = known({"a", "b", "c"});
    auto postings = published({"a", "b", "c"});
    postings["a"].posting->set_updated_at_ms(now);
    postings["b"].posting->set_external(false);
    postings["c"].posting->set_account("renamed");
    const auto decision = decided(postings, sent);
    CHECK(decision.puts.empty());
    CHECK(decision.unchanged == 3);
}

TEST_CASE("#24 The Org: a change of any of the seven is told, and of that posting alone") {
    const auto sent = known({"a", "b"});
    const std::vector<void (*)(v1::Posting&)> changes{
        [](v1::Posting& p) { p.set_title("x"); },
        [](v1::Posting& p) { p.set_description_html("x"); },
        [](v1::Posting& p) { p.set_department("x"); },
        [](v1::Posting& p) { p.set_location("x"); },
        [](v1::Posting& p) { p.set_created_at_ms(1); },
        [](v1::Posting& p) { p.set_url("x"); }};
    for (const auto& change : changes) {
        auto postings = published({"a", "b"});
        change(*postings["a"].posting);
        const auto decision = decided(postings, sent);
        CHECK(ids(decision.puts) == Ids{"a"});
        CHECK(decision.unchanged == 1);
        CHECK(decided(postings, told(decision)).puts.empty());
    }
    auto inside = published({"a", "b"});
    inside["a"].posting->set_state("internal");
    CHECK(ids(decided(inside, sent, acme(true)).puts) == Ids{"a"});
}

TEST_CASE("#24 The Org: a posting that lacks what a job cannot be without is not told, and not kept quiet either") {
    auto postings = published({"a", "b", "c"});
    postings["a"].posting->clear_title();
    postings["b"].posting->clear_created_at_ms();
    const auto decision = decided(postings, {});
    CHECK(ids(decision.puts) == Ids{"c"});
    REQUIRE(decision.unfit.size() == 2);
    CHECK(decision.unfit[0].id == "a");
    CHECK(decision.unfit[0].reason == "no title");
    CHECK(decision.unfit[1].reason == "no date of creation");
    CHECK_FALSE(decision.jobs.contains("a"));
}

TEST_CASE("#25 The Org: all open postings are told, and no others") {
    Postings postings;
    for (const char* state : {"published", "internal", "closed", "draft", "pending", "rejected", "", "Published"}) {
        postings[std::string{"in state "} + state] = seen(posting("x", state));
    }
    postings["gone"] = tombstone();
    CHECK(ids(decided(postings, {}).puts) == Ids{"in state published"});
    CHECK(decided(postings, {}).deletes.empty());
}

TEST_CASE("#25 The Org: internal postings are told only when the customer wants it, and are taken back after that") {
    Postings postings = published({"a", "b", "c"});
    postings["inside"] = seen(posting("inside", "internal"));
    const auto with = decided(postings, {}, acme(true));
    CHECK(ids(with.puts) == Ids{"a", "b", "c", "inside"});
    const auto without = decided(postings, told(with), acme(false));
    CHECK(without.puts.empty());
    CHECK(without.deletes == List{"inside"});
}

TEST_CASE("#25 The Org: a confidential posting is never told, whatever its state, and is deleted when it was") {
    for (const bool include_internal : {false, true}) {
        for (const char* state : {"published", "internal", "closed"}) {
            auto secret = posting("secret", state);
            secret.set_confidential(true);
            auto postings = published({"a", "b"});
            postings["secret"] = seen(secret);
            const auto first = decided(postings, {}, acme(include_internal));
            CHECK(ids(first.puts) == Ids{"a", "b"});
            CHECK_FALSE(first.jobs.contains("secret"));
            const auto later = decided(postings, known({"a", "b", "secret"}), acme(include_internal));
            CHECK(later.puts.empty());
            CHECK(later.deletes == List{"secret"});
        }
    }
}

TEST_CASE("#25 The Org: what becomes confidential is deleted at once, one of one and two of three, guard or not") {
    Seen secret = tombstone();
    secret.gone_for_certain = true;
    Postings one;
    one["a"] = secret;
    const auto alone = decided(one, known({"a"}));
    CHECK(alone.deletes == List{"a"});
    CHECK_FALSE(alone.implausible);

    auto three = published({"c"});
    three["a"] = secret;
    auto said = posting("b");
    said.set_confidential(true);
    three["b"] = seen(said);
    CHECK(decided(three, known({"a", "b", "c"})).deletes == List{"a", "b"});

    // Whatever else has vanished.
    auto many = published({"g"});
    many["a"] = secret;
    many["b"] = seen(posting("b", "closed"));
    const auto guarded = decided(many, known({"a", "b", "c", "d", "e", "f", "g"}));
    CHECK(guarded.implausible);
    CHECK(guarded.withheld == 4);
    CHECK(guarded.deletes == List{"a", "b"});
}

TEST_CASE("#29 The Org: what is closed or gone in Lever is deleted in the next run, whatever it is now") {
    const auto sent = known({"a", "b", "c", "d", "e", "f", "g", "h"});
    auto postings = published({"a", "b", "c", "d", "e", "f", "g", "h"});
    postings["a"] = seen(posting("a", "closed"));
    postings["b"] = seen(posting("b", "draft"));
    postings["c"] = tombstone();
    postings.erase("d");  // its tombstone is compacted away
    const auto decision = decided(postings, sent);
    CHECK(decision.deletes == List{"a", "b", "c", "d"});
    CHECK(decision.puts.empty());
    CHECK(decision.unchanged == 4);
    const auto next = decided(postings, told(decision));
    CHECK(next.deletes.empty());
    CHECK(next.puts.empty());
}

TEST_CASE("#29 The Org: what was never told is never deleted") {
    Postings postings;
    postings["a"] = tombstone();
    postings["b"] = seen(posting("b", "closed"));
    CHECK(decided(postings, {}).deletes.empty());
}

TEST_CASE(
    "#29 The Org: a deletion is owed from the moment that hiring.postings knew, and stays so until it is told") {
    auto postings = published({"a", "b", "c", "d", "e", "f"});
    const auto sent = known({"a", "b", "c", "d", "e", "f"});
    CHECK(owed_since(sent) == 0);
    postings["a"] = tombstone(now - 50 * hour);
    postings["b"] = seen(posting("b", "closed"), now - 2 * hour);
    postings.erase("c");
    const auto first = decided(postings, sent);
    CHECK(first.jobs.at("a").owed_since_ms == now - 50 * hour);
    CHECK(first.jobs.at("b").owed_since_ms == now - 2 * hour);
    CHECK(first.jobs.at("c").owed_since_ms == now);
    CHECK(owed_since(first.jobs) == now - 50 * hour);
    // It was not told; later changes of the record do not make it younger.
    postings["b"] = seen(posting("b", "draft"), now + hour);
    const auto later = decide(postings, first.jobs, acme(), now + 6 * hour, Guard::on);
    CHECK(later.jobs.at("b").owed_since_ms == now - 2 * hour);
    CHECK(later.jobs.at("c").owed_since_ms == now);
    CHECK(owed_since(told(later)) == 0);
}

TEST_CASE("#29 The Org: a job that is published again comes back") {
    auto postings = published({"a", "b", "c"});
    postings["a"] = tombstone();
    const auto deleted = told(decided(postings, known({"a", "b", "c"})));
    CHECK_FALSE(deleted.contains("a"));
    const auto back = decided(published({"a", "b", "c"}), deleted);
    CHECK(ids(back.puts) == Ids{"a"});
    // Not deleted yet: it simply stays.
    auto owed = known({"a", "b", "c"});
    owed["a"].owed_since_ms = now - hour;
    const auto stays = decided(published({"a", "b", "c"}), owed);
    CHECK(stays.puts.empty());
    CHECK(stays.deletes.empty());
    CHECK(owed_since(stays.jobs) == 0);
}

TEST_CASE("#29 The Org: more than half of all jobs vanished is not believed; who insists has them deleted") {
    const auto sent = known({"a", "b", "c", "d", "e", "f"});
    auto postings = published({"d", "e", "f", "new"});
    postings["a"] = tombstone();
    postings["b"] = tombstone();
    const auto half = decided(postings, sent);
    CHECK_FALSE(half.implausible);
    CHECK(half.deletes == List{"a", "b", "c"});
    postings.erase("d");
    const auto most = decided(postings, sent);
    CHECK(most.implausible);
    CHECK(most.deletes.empty());
    CHECK(most.withheld == 4);
    // What is new is told all the same, and what is owed is remembered.
    CHECK(ids(most.puts) == Ids{"new"});
    CHECK(most.jobs.size() == 7);
    CHECK(most.jobs.at("c").owed_since_ms == now);
    const auto forced = decide(postings, sent, acme(), now, Guard::off);
    CHECK_FALSE(forced.implausible);
    CHECK(forced.withheld == 0);
    CHECK(forced.deletes == List{"a", "b", "c", "d"});
}

TEST_CASE("#29 The Org: a small company's few jobs may all vanish") {
    Postings postings;
    for (const char* id : {"a", "b", "c"}) postings[id] = tombstone();
    const auto decision = decided(postings, known({"a", "b", "c"}));
    CHECK_FALSE(decision.implausible);
    CHECK(decision.deletes == List{"a", "b", "c"});
}

TEST_CASE("#29 The Org: an empty hiring.postings deletes nothing") {
    CHECK(decided({}, known({"a"})).implausible);
    CHECK(decided({}, known({"a", "b", "c"})).deletes.empty());
    CHECK_FALSE(decided({}, {}).implausible);
}

TEST_CASE("#29 The Org: a record that cannot be read deletes nothing and is not passed over") {
    auto postings = published({"a", "b"});
    postings["a"] = Seen{};
    postings["a"].readable = false;
    const auto sent = known({"a", "b"});
    const auto decision = decided(postings, sent);
    CHECK(decision.deletes.empty());
    CHECK(decision.puts.empty());
    REQUIRE(decision.unfit.size() == 1);
    CHECK(decision.unreadable == 1);
    CHECK(decision.unfit[0].id == "a");
    CHECK(decision.jobs.at("a").fingerprint == sent.at("a").fingerprint);
}

TEST_CASE(
    "#29 The Org: what is about to be told is remembered before, and told again when nobody knows what came of it") {
    const auto first = decided(published({"a", "b"}), {});
    REQUIRE(first.jobs.size() == 2);
    CHECK(first.jobs.at("a").fingerprint.empty());
    // Broken off: both may be there.
    CHECK(ids(decided(published({"a", "b"}), first.jobs).puts) == Ids{"a", "b"});
    auto postings = published({"b"});
    postings["a"] = tombstone();
    CHECK(decided(postings, first.jobs).deletes == List{"a"});
}

TEST_CASE("#29 The Org: another company has been told nothing yet") {
    Settings other;
    other.company = "other";
    CHECK(ids(decided(published({"a", "b"}), known({"a", "b"}), other).puts) == Ids{"a", "b"});
}

TEST_CASE(
    "#31 The Org: what its users add to a job is not in what is told, and what has not changed is not told at all") {
    const auto put = decided(published({"a"}), {}).puts.at(0);
    for (const char* member : {"manager", "team", "placement", "position"}) {
        CHECK(put.body.find(std::string{"\""} + member) == std::string::npos);
    }
    const auto again = decided(published({"a"}), known({"a"}));
    CHECK(again.puts.empty());
    CHECK(again.deletes.empty());
    CHECK(again.unchanged == 1);
}

TEST_CASE("#28 The Org: an import is reported with its counts") {
    Tally tally;
    tally.complete = true;
    tally.seen = 42;
    tally.upserted = 3;
    tally.unchanged = 39;
    tally.deleted = 1;
    const auto request = report_import(acme(), tally, "run-1");
    CHECK(request.method == http::Method::put);
    CHECK(request.body == R"({"complete":true,"seen":42,"upserted":3,"unchanged":39,"deleted":1,"failed":0})");
}

TEST_CASE("The Org: the same posting is the same bytes, the same run the same target") {
    const auto one = decided(published({"a"}), {}).puts.at(0);
    const auto two = decided(published({"a"}), {}).puts.at(0);
    CHECK(put_job(acme(), one, "r").body == put_job(acme(), two, "r").body);
    CHECK(one.fingerprint == two.fingerprint);
    CHECK(one.fingerprint.size() == 16);
    CHECK(delete_job(acme(), "a", "r").body.empty());
}

TEST_CASE("The Org: what an answer means, row by row") {
    struct Row {
        int status = 0;
        std::string body{};
        std::string put{};
        std::string del{};  // empty = the same
    };
    const std::string in_flight = R"({"error":{"code":409,"reason":"idempotency-in-flight"}})";
    const std::string conflict = R"({"error":{"code":409,"reason":"version-conflict"}})";
    const std::string reuse = R"({"error":{"code":422,"reason":"idempotency-reuse"}})";
    const std::vector<Row> rows{
        {.status = 200, .put = "APPLIED"},
        {.status = 200, .body = R"({"outcome":"unchanged"})", .put = "UNCHANGED"},
        {.status = 200, .body = R"({"outcome":"superseded"})", .put = "SUPERSEDED"},
        {.status = 200, .body = "<html>", .put = "APPLIED"},
        {.status = 201, .put = "APPLIED"},
        {.status = 202, .put = "APPLIED"},
        {.status = 204, .put = "APPLIED"},
        {.status = 301, .put = "refused"},
        {.status = 302, .put = "refused"},
        {.status = 400, .put = "refused"},
        {.status = 401, .put = "hold"},
        {.status = 402, .put = "hold"},
        {.status = 403, .put = "doubtful"},
        {.status = 404, .put = "doubtful", .del = "UNCHANGED"},
        {.status = 405, .put = "refused"},
        {.status = 408, .put = "again"},
        {.status = 409, .put = "refused"},
        {.status = 409, .body = in_flight, .put = "again"},
        {.status = 409, .body = R"({"code":"idempotency-in-flight"})", .put = "again"},
        {.status = 409, .body = conflict, .put = "UNCHANGED"},
        {.status = 410, .put = "hold", .del = "UNCHANGED"},
        {.status = 412, .put = "again"},
        {.status = 413, .put = "refused"},
        {.status = 415, .put = "refused"},
        {.status = 422, .put = "refused"},
        {.status = 422, .body = reuse, .put = "UNCHANGED"},
        {.status = 425, .put = "again"},
        {.status = 428, .put = "again"},
        {.status = 429, .put = "again"},
        {.status = 500, .put = "again"},
        {.status = 501, .put = "refused"},
        {.status = 502, .put = "again"},
        {.status = 503, .put = "again"},
        {.status = 504, .put = "again"},
        {.status = 505, .put = "refused"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.status);
        CAPTURE(row.body);
        CHECK(word(judge(http::Method::put, answer(row.status, row.body))) == row.put);
        CHECK(word(judge(http::Method::del, answer(row.status, row.body))) == (row.del.empty() ? row.put : row.del));
    }
    for (const auto why : {http::Errc::unreachable, http::Errc::timed_out, http::Errc::broken_off}) {
        CHECK(word(judge(http::Method::put, http::make_error_code(why))) == "again");
    }
}

TEST_CASE("The Org: Retry-After is read as seconds and as a date, and may be missing") {
    const auto wish = [](std::vector<http::Header> headers) {
        return judge(http::Method::put, answer(429, {}, std::move(headers))).at_least;
    };
    CHECK(wish({}) == Milliseconds{0});
    CHECK(wish({{"Retry-After", "7"}}) == Milliseconds{7'000});
    CHECK(
        wish({{"Date", "Mon, 02 Mar 2026 15:04:05 GMT"}, {"Retry-After", "Mon, 02 Mar 2026 15:04:35 GMT"}}) ==
        Milliseconds{30'000});
}

TEST_CASE("The Org: a reason repeats a word of the envelope and nothing of its sentences") {
    const auto reason = [](int status, const std::string& body) {
        return judge(http::Method::put, answer(status, body)).reason;
    };
    CHECK(reason(402, R"({"error":{"code":402,"reason":"credits-exhausted"}})") == "answered 402 credits-exhausted");
    CHECK(reason(402, R"({"error":{"code":402,"reason":"Dear Ada Park, you have no credits"}})") == "answered 402");
    CHECK(reason(400, R"({"error":"no envelope"})") == "answered 400");
    CHECK(reason(400, "<html>Ada</html>") == "answered 400");
    CHECK(reason(404, {}) == "answered 404; is theorg.company right?");
    CHECK(reason(302, {}) == "answered 302, a redirect; is the configured URL right?");
    const auto disconnected = judge(http::Method::put, answer(410));
    CHECK(disconnected.outcome == v1::OUTCOME_KIND_DISABLED);
    CHECK(judge(http::Method::put, answer(402)).outcome == v1::OUTCOME_KIND_HELD);
    CHECK(judge(http::Method::put, answer(400)).outcome == v1::OUTCOME_KIND_RETRYING);
}
