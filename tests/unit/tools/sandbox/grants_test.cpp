#include "tools/sandbox/grants.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/tools/sandbox/sandbox_lever.hpp"

using namespace hirewire;
using namespace hirewire::sandbox;
using http::Method;

namespace {

const std::string hidden_posting = R"({"text":"Head of Finance","confidential":true})";

int status_of(SandboxLever& lever, const std::string& target) {
    return lever.call(Method::get, target).status;
}

}  // namespace

TEST_CASE("grants: a request needs the grant of what it asks for, and no other") {
    Grants none;
    none.confidential = none.offers = none.postings = none.webhooks = none.deleted = false;
    CHECK(lacking(none, "/v1/opportunities?confidentiality=all") == "confidential");
    CHECK(lacking(none, "/v1/opportunities?limit=1&confidentiality=confidential") == "confidential");
    CHECK(lacking(none, "/v1/opportunities/1/offers") == "offers");
    CHECK(lacking(none, "/v1/opportunities/deleted?deleted_at_start=1") == "deleted");
    CHECK(lacking(none, "/v1/postings") == "postings");
    CHECK(lacking(none, "/v1/postings/1") == "postings");
    CHECK(lacking(none, "/v1/webhooks/1") == "webhooks");
    CHECK(lacking(none, "/v1/opportunities?confidentiality=non-confidential") == "");
    CHECK(lacking(none, "/v1/opportunities/1?expand=applications") == "");
    CHECK(lacking(none, "/v1/stages") == "");
    CHECK(lacking({.postings = false}, "/v1/opportunities?confidentiality=all") == "");
    CHECK(lacking({.deleted = false}, "/v1/postings/deleted") == "deleted");
    CHECK(lacking({}, "/v1/postings?confidentiality=all") == "");
}

TEST_CASE("grants: without the confidential one, what is confidential is 403 by itself and missing from lists") {
    SandboxLever lever;
    const auto open = lever.create();
    const auto hidden = lever.create(R"({"confidential":true})");
    const auto made = lever.post("/_sandbox/postings", hidden_posting);
    const std::string posting{made["id"].string()};

    lever.post("/_sandbox/lever/grants", R"({"confidential":false})");
    const auto refused = lever.call(Method::get, "/v1/opportunities/" + hidden);
    CHECK(refused.status == 403);
    CHECK(refused.body.find(R"("code":"ForbiddenError")") != std::string::npos);
    CHECK(status_of(lever, "/v1/opportunities/" + hidden + "/offers") == 403);
    CHECK(status_of(lever, "/v1/opportunities/" + hidden + "/applications") == 403);
    CHECK(status_of(lever, "/v1/postings/" + posting) == 403);
    CHECK(status_of(lever, "/v1/opportunities?confidentiality=all") == 403);
    CHECK(status_of(lever, "/v1/opportunities/" + open) == 200);
    CHECK(lever.get("/v1/opportunities")["data"].size() == 1);

    lever.post("/_sandbox/lever/grants");
    CHECK(status_of(lever, "/v1/opportunities/" + hidden) == 200);
    CHECK(status_of(lever, "/v1/postings/" + posting) == 200);
    CHECK(lever.get("/v1/opportunities?confidentiality=all")["data"].size() == 2);
}

TEST_CASE("grants: one that Lever does not have is refused, and what was set stays") {
    SandboxLever lever;
    lever.post("/_sandbox/lever/grants", R"({"offers":false})");
    CHECK(lever.call(Method::post, "/_sandbox/lever/grants", R"({"stages":false})").status == 422);
    CHECK(status_of(lever, "/v1/opportunities/" + lever.create() + "/offers") == 403);
}
