#include "common/sync/person.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "common/http/client.hpp"

using namespace hirewire;
using namespace hirewire::sync;

namespace {

PersonAnswer answered(int status, std::string body = "{}") {
    http::Reply reply;
    reply.status = status;
    reply.body = std::move(body);
    return read_person_answer(Answer{std::move(reply)});
}

}  // namespace

TEST_CASE("person: who has time says so, and an id is one segment of the path whatever is in it") {
    const auto live = person_request("opportunity-1", "internal-token", false);
    CHECK(live.method == http::Method::get);
    CHECK(live.target == "/internal/opportunities/opportunity-1/person");
    CHECK(http::header(live.headers, "Authorization") == "Bearer internal-token");
    CHECK(live.headers.size() == 1);
    const auto later = person_request("a/b?c", "internal-token", true);
    CHECK(later.target == "/internal/opportunities/a%2Fb%3Fc/person?backfill=true");
}

TEST_CASE("person: an answer tells who it is, that Lever does not show them, or why neither is known") {
    const auto told = answered(200, R"({"name":"Ann Park","emails":["ann.park@example.net"]})");
    CHECK(told.trouble.empty());
    REQUIRE(told.person.has_value());
    CHECK(told.person->name == "Ann Park");
    const auto hidden = answered(404);
    CHECK(hidden.trouble.empty());
    CHECK_FALSE(hidden.person.has_value());
    CHECK(answered(503).trouble == "lever-source answered 503");
    CHECK(answered(200, "Ann Park").trouble == "lever-source's answer cannot be read");
    CHECK_FALSE(answered(200, "Ann Park").person.has_value());
    const auto silent = read_person_answer(Answer{http::make_error_code(http::Errc::timed_out)});
    CHECK(silent.trouble.starts_with("lever-source: "));
}
