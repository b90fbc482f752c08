#include "tools/hirewire/webhook_table.hpp"

#include <doctest/doctest.h>

using namespace hirewire;
using cli::rows_of;
using cli::short_url;

namespace {

const std::string ours = "https://hooks.example.com/webhooks/lever";

lever::Subscription subscription(const std::string& id, const std::string& event, const std::string& url = ours) {
    lever::Subscription s;
    s.id = id;
    s.event = event;
    s.url = url;
    return s;
}

lever::Expected expected() {
    lever::Expected e;
    e.url = ours;
    e.events = {"candidateHired", "candidateDeleted"};
    return e;
}

}  // namespace

// Protects the list from hiding something: every subscription of Lever's is in exactly one row.
TEST_CASE("webhook table: the expected ones come first, then all that Lever has besides") {
    const auto rows = rows_of(
        expected(),
        {subscription("1", "interviewCreated"),
         subscription("2", "candidateHired", ours + "/"),
         subscription("3", "candidateHired", "https://b.example.com"),
         subscription("4", "offerCreated", "https://b.example.com")});
    REQUIRE(rows.size() == 5);
    CHECK(rows[0].event == "candidateHired");
    CHECK(rows[0].state == "ok");
    CHECK(rows[0].url == ours + "/");
    CHECK(rows[1].state == "missing");
    CHECK(rows[1].ids.empty());
    CHECK(rows[1].url.empty());
    CHECK(rows[2].state == "extra");
    CHECK(rows[3].state == "not ours");
    CHECK(rows[4].state == "not ours");
    CHECK(rows[4].ids == std::vector<std::string>{"4"});
}

// Protects an installation without an address: what Lever has is shown, and none of it is called ours.
TEST_CASE("webhook table: when nothing is expected, nothing is ours") {
    auto nothing = expected();
    nothing.url.clear();
    const auto rows = rows_of(nothing, {subscription("1", "candidateHired")});
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].state == "not ours");
}

// Protects the table's width.
TEST_CASE("webhook table: a long address is cut, a short one keeps host and path") {
    CHECK(short_url(ours) == "hooks.example.com/webhooks/lever");
    const auto cut = short_url("https://" + std::string(200, 'x'));
    CHECK(cut.size() == 48);
    CHECK(cut.ends_with("..."));
}
