#include "tools/sandbox/faults.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hirewire;
using namespace hirewire::sandbox;

namespace {

int status(Faults& faults, const std::string& target) {
    return faults.next(target).status.value_or(200);
}

}  // namespace

TEST_CASE("faults: with a path, requests elsewhere are left alone and not counted") {
    Dice dice{1};
    Faults faults{dice};
    REQUIRE(faults.set(R"({"status":503,"path":"/v1/postings","until_requests":2})") == "");
    CHECK(status(faults, "/v1/opportunities?limit=100") == 200);
    CHECK(status(faults, "/v1/postings?limit=100") == 503);
    CHECK(status(faults, "/v1/opportunities/1") == 200);
    CHECK(status(faults, "/v1/postings/1") == 503);
    CHECK(status(faults, "/v1/postings") == 200);
}

TEST_CASE("faults: those to be skipped are answered normally, and not counted") {
    Dice dice{1};
    Faults faults{dice};
    REQUIRE(faults.set(R"({"status":503,"path":"/v1/postings","skip":2,"until_requests":1})") == "");
    CHECK(status(faults, "/v1/stages") == 200);
    CHECK(status(faults, "/v1/postings") == 200);
    CHECK(status(faults, "/v1/postings") == 200);
    CHECK(status(faults, "/v1/postings") == 503);
    CHECK(status(faults, "/v1/postings") == 200);
}

TEST_CASE("faults: without path and skip every request is affected, as before there were any") {
    Dice dice{1};
    Faults faults{dice};
    REQUIRE(faults.set(R"({"status":429})") == "");
    CHECK(status(faults, "/v1/stages") == 429);
    CHECK(status(faults, "/clara/integrations") == 429);
    CHECK(faults.text().find("path") == std::string::npos);
    CHECK(faults.text().find("skip") == std::string::npos);
}

TEST_CASE("faults: a path that no request can begin with is refused, and what was set stays") {
    Dice dice{1};
    Faults faults{dice};
    REQUIRE(faults.set(R"({"status":503})") == "");
    CHECK(faults.set(R"({"status":500,"path":"v1/postings"})") != "");
    CHECK(status(faults, "/v1/postings") == 503);
}

TEST_CASE("faults: where a redirect leads is told with its status alone") {
    Dice dice{1};
    Faults faults{dice};
    REQUIRE(faults.set(R"({"status":302,"location":"/elsewhere","until_requests":1})") == "");
    CHECK(faults.next("/clara").location == "/elsewhere");
    CHECK(faults.next("/clara").location.empty());
}
