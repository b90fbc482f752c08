// Nothing is ever written to Lever. What a vendor's own puller writes there (notes, tags, exported candidates) is the
// vendor's, and this shows that Hirewire has no part in it. tests/unit/tools/sandbox shows that the sandbox's Lever
// refuses and counts what would be a write.
#include <doctest/doctest.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "common/lever/api.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"

using namespace hirewire;
using testing::finish;

namespace {

std::string source(const std::string& file) {
    std::ifstream in{std::string{HIREWIRE_SOURCE_DIR} + "/" + file};
    REQUIRE(in.good());
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
}

}  // namespace

TEST_CASE("#7 #8 #9 #11 #18 #21 #44 Lever: every call of its API is a read, without a body") {
    testing::ManualClock clock;
    metrics::Registry metrics;
    auto client = std::make_unique<testing::FakeClient>();
    auto& sent = *client;
    sent.otherwise.body = R"({"data":[],"hasNext":false})";
    lever::ApiSettings settings;
    settings.key = "key";
    settings.burst = 100;
    const auto api = lever::make_api(std::move(client), settings, clock, metrics);
    constexpr auto priority = lever::Priority::webhook;

    // All that the seam has.
    finish(api->opportunity("o", priority));
    finish(api->page({}, priority));
    finish(api->deleted_since(clock.now(), priority));
    finish(api->opportunities_of("c", priority));
    finish(api->vocabulary(priority));
    finish(api->stage_places(priority));
    finish(api->posting("p", priority));
    finish(api->postings({}, priority));
    finish(api->deleted_postings_since(clock.now(), priority));
    finish(api->with_emails({"a@b.example"}, priority));
    finish(api->subscriptions(priority));
    finish(api->offers("o", priority));

    CHECK(sent.requests.size() >= 12);
    for (const auto& request : sent.requests) {
        CAPTURE(request.target);
        CHECK(request.method == http::Method::get);
        CHECK(request.body.empty());
    }
}

TEST_CASE("#7 #8 #9 #11 #18 #21 #44 Lever: the file that speaks to its API names no method that writes, nor a body") {
    const auto api = source("common/lever/api_http.cpp");
    for (const char* writing :
         {"Method::post", "Method::put", "Method::patch", "Method::del", ".method =", ".body ="}) {
        CAPTURE(writing);
        CHECK(api.find(writing) == std::string::npos);
    }
    // The one exception is an operator's, and of no service: webhook subscriptions, made by the command line.
    for (const char* file : {"services/lever-source/lever_source.cpp", "services/receiver/receiver.cpp"}) {
        CHECK(source(file).find("SubscriptionApi") == std::string::npos);
    }
}
