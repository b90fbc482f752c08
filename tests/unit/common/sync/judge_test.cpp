#include "common/sync/judge.hpp"

#include <doctest/doctest.h>

#include <set>

#include "common/http/client.hpp"

using namespace hirewire;
using namespace hirewire::sync;

namespace {

Answer answer(int status, std::string body = {}, std::vector<http::Header> headers = {}) {
    http::Reply reply;
    reply.status = status;
    reply.body = std::move(body);
    reply.headers = std::move(headers);
    return reply;
}

// A plan in one word, for tables.
std::string word(const Plan& plan) {
    if (const auto* settled = std::get_if<Settle>(&plan.step)) {
        return "settle " + v1::OutcomeKind_Name(settled->outcome).substr(13);
    }
    const auto* failed = std::get_if<Fail>(&plan.step);
    if (failed == nullptr) return "goes on";
    static const std::vector<std::string> names{"done", "retry", "weather", "not yet", "wait", "refused", "hold"};
    return names.at(failed->verdict.index());
}

std::string reason(const Plan& plan) {
    if (const auto* settled = std::get_if<Settle>(&plan.step)) return settled->reason;
    return std::visit(
        [](const auto& v) -> std::string {
            if constexpr (requires { v.reason; }) return v.reason;
            return {};
        },
        std::get<Fail>(plan.step).verdict);
}

Milliseconds at_least(const Plan& plan) {
    return std::get<pipeline::Weather>(std::get<Fail>(plan.step).verdict).at_least;
}

std::string problem(const std::string& code) {
    return R"({"code":")" + code + R"(","detail":"whatever"})";
}

}  // namespace

TEST_CASE("judge: what an answer means, row by row") {
    struct Row {
        int status = 0;
        std::string body{};
        std::string live{};
        std::string backfill{};  // empty = the same
    };
    const std::vector<Row> rows{
        {200, "", "settle APPLIED", ""},
        {201, "", "settle APPLIED", ""},
        {202, "", "settle APPLIED", ""},
        {204, "", "settle APPLIED", ""},
        {200, R"({"outcome":"updated"})", "settle APPLIED", ""},
        {200, R"({"outcome":"unchanged"})", "settle UNCHANGED", ""},
        {200, R"({"outcome":"superseded"})", "settle SUPERSEDED", ""},
        {200, R"({"outcome":"skipped"})", "settle SKIPPED", ""},
        {200, "not JSON at all", "settle APPLIED", ""},
        {301, "", "refused", ""},
        {302, "", "refused", ""},
        {307, "", "refused", ""},
        {400, "", "refused", ""},
        {401, "", "hold", ""},
        {402, "", "hold", ""},
        {403, "", "hold", ""},
        {404, problem("unknown-candidate"), "not yet", "settle SKIPPED"},
        {404, "", "not yet", "settle SKIPPED"},
        {405, "", "refused", ""},
        {408, "", "weather", ""},
        {409, "", "refused", ""},
        {409, problem("idempotency-in-flight"), "retry", ""},
        {409, problem("version-conflict"), "settle UNCHANGED", ""},
        {410, problem("not-connected"), "settle DISABLED", ""},
        {412, "", "retry", ""},
        {413, "", "refused", ""},
        {415, "", "refused", ""},
        {422, "", "refused", ""},
        {422, problem("unmapped-status"), "refused", ""},
        {422, problem("idempotency-reuse"), "settle UNCHANGED", ""},
        {425, "", "weather", ""},
        {428, "", "retry", ""},
        {429, "", "weather", ""},
        {500, "", "weather", ""},
        {501, "", "refused", ""},
        {502, "", "weather", ""},
        {503, "", "weather", ""},
        {504, "", "weather", ""},
        {505, "", "refused", ""},
        {599, "", "weather", ""},
    };
    for (const auto& row : rows) {
        CAPTURE(row.status);
        CAPTURE(row.body);
        CHECK(word(judge(answer(row.status, row.body), false)) == row.live);
        CHECK(word(judge(answer(row.status, row.body), true)) == (row.backfill.empty() ? row.live : row.backfill));
    }
}

TEST_CASE("judge: what the destination says that it did is told, and nothing else of the body") {
    const auto effect = [](const Answer& answered) { return std::get<Settle>(judge(answered, false).step).effect; };
    CHECK(effect(answer(200, R"({"outcome":"created"})")) == "created");
    CHECK(effect(answer(200, R"({"outcome":"updated"})")) == "updated");
    CHECK(effect(answer(201)) == "created");
    CHECK(effect(answer(201, R"({"outcome":"updated"})")) == "updated");
    for (const auto& body :
         {std::string{}, std::string{R"({"outcome":"Ann Park"})"}, std::string{R"({"outcome":"unchanged"})"}}) {
        CAPTURE(body);
        CHECK(effect(answer(200, body)).empty());
    }
}

TEST_CASE("judge: no answer is weather") {
    for (const auto why :
         {http::Errc::unreachable, http::Errc::timed_out, http::Errc::broken_off, http::Errc::not_http}) {
        CHECK(word(judge(http::make_error_code(why), false)) == "weather");
        CHECK_FALSE(reason(judge(http::make_error_code(why), false)).empty());
    }
}

TEST_CASE("judge: every status has a verdict, and only 2xx and the known exceptions are settled") {
    const std::set<int> settled{410};
    for (int status = 200; status < 600; ++status) {
        CAPTURE(status);
        const bool is_settled = word(judge(answer(status), false)).starts_with("settle");
        CHECK(is_settled == (status < 300 || settled.contains(status)));
    }
}

TEST_CASE("judge: Retry-After in seconds and as a date, counted from the answer's own clock") {
    CHECK(at_least(judge(answer(503, "", {{"Retry-After", "7"}}), false)) == Milliseconds{7'000});
    CHECK(at_least(judge(answer(429, "", {{"retry-after", "0"}}), false)) == Milliseconds{0});
    const std::string date = "Mon, 02 Mar 2026 15:05:00 GMT";
    const std::string later = "Mon, 02 Mar 2026 15:05:42 GMT";
    CHECK(at_least(judge(answer(503, "", {{"Date", date}, {"Retry-After", later}}), false)) == Milliseconds{42'000});
    CHECK(at_least(judge(answer(503, "", {{"Date", later}, {"Retry-After", date}}), false)) == Milliseconds{0});
    for (const char* nonsense : {"", "soon", "-5", "7.5", "99999999999999999999", "7 seconds"}) {
        CAPTURE(nonsense);
        CHECK(
            at_least(judge(answer(503, "", {{"Date", date}, {"Retry-After", nonsense}}), false)) == Milliseconds{0});
    }
    // Without the answer's own clock a date says nothing that could be relied on.
    CHECK(at_least(judge(answer(503, "", {{"Retry-After", later}}), false)) == Milliseconds{0});
}

TEST_CASE("judge: the problem's code is told, and nothing else of the body") {
    CHECK(reason(judge(answer(422, problem("unmapped-status")), false)) == "answered 422 unmapped-status");
    CHECK(problem_code(*answer(409, R"({"scimType":"uniqueness","detail":"Ann Park is taken"})")) == "uniqueness");
    for (const auto& body :
         {problem("ann.park@example.net"),
          problem("Ann Park"),
          problem(std::string(300, 'a')),
          std::string{"Ann Park"},
          std::string{R"({"code":{"name":"Ann Park"}})"},
          std::string{R"({"detail":"Ann Park"})"}}) {
        CAPTURE(body);
        for (const int status : {400, 404, 409, 422}) {
            const auto told = reason(judge(answer(status, body), false));
            CHECK(told == "answered " + std::to_string(status));
        }
    }
}
