#include "common/lever/subscription.hpp"

#include <doctest/doctest.h>

#include <set>

#include "common/json/value.hpp"

using namespace hirewire;
using namespace hirewire::lever;

namespace {

const std::string ours = "https://hooks.example.com/webhooks/lever";

Subscription subscription(const std::string& id, const std::string& event, const std::string& url = ours) {
    Subscription s;
    s.id = id;
    s.event = event;
    s.url = url;
    return s;
}

Expected expected(std::vector<std::string> events = {"candidateHired"}) {
    Expected e;
    e.url = ours;
    e.events = std::move(events);
    return e;
}

Finding only_finding(const Expected& e, const std::vector<Subscription>& found) {
    const auto findings = audit(e, found);
    REQUIRE(findings.size() == 1);
    return findings.front();
}

std::vector<std::string> ids(std::initializer_list<const char*> list) {
    return std::vector<std::string>(list.begin(), list.end());
}

}  // namespace

// Protects against a silent loss: an event that nobody is told of any more must be called missing.
TEST_CASE("subscription: an event without a subscription is missing, whatever other events have") {
    const auto finding = only_finding(expected(), {subscription("1", "candidateDeleted")});
    CHECK(finding.event == "candidateHired");
    CHECK(finding.standing == Standing::missing);
    CHECK(finding.ids.empty());
}

// Protects against false alarms: Lever, a proxy or a person may add or drop the last slash.
TEST_CASE("subscription: a slash at the end makes no other address, and anything else does") {
    CHECK(only_finding(expected(), {subscription("1", "candidateHired")}).standing == Standing::ok);
    CHECK(only_finding(expected(), {subscription("1", "candidateHired", ours + "/")}).standing == Standing::ok);
    auto with_slash = expected();
    with_slash.url += "/";
    const auto finding = only_finding(with_slash, {subscription("1", "candidateHired")});
    CHECK(finding.standing == Standing::ok);
    CHECK(finding.ids == ids({"1"}));
    for (const auto& other : {ours + "//", ours + "?", ours + "/x", std::string{"http://hooks.example.com"}}) {
        CAPTURE(other);
        const auto foreign = only_finding(expected(), {subscription("1", "candidateHired", other)});
        CHECK(foreign.standing == Standing::elsewhere);
    }
}

// Protects against double deliveries that nobody notices: Lever takes a second subscription without a word.
TEST_CASE("subscription: two with our address are doubled, one of ours and a foreign one are not") {
    const std::vector<Subscription> two{
        subscription("1", "candidateHired"),
        subscription("2", "candidateHired", ours + "/"),
        subscription("3", "candidateHired", "https://elsewhere.example.com")};
    const auto doubled = only_finding(expected(), two);
    CHECK(doubled.standing == Standing::doubled);
    CHECK(doubled.ids == ids({"1", "2"}));
    const auto one = only_finding(expected(), {two[0], two[2]});
    CHECK(one.standing == Standing::ok);
    CHECK(one.ids == ids({"1"}));
}

// Protects against mistaking somebody else's webhook, or our address of yesterday, for ours.
TEST_CASE("subscription: with foreign addresses alone it is elsewhere") {
    const auto finding = only_finding(
        expected(),
        {subscription("1", "candidateHired", "https://a.example.com"),
         subscription("2", "candidateHired", "https://b.example.com")});
    CHECK(finding.standing == Standing::elsewhere);
    CHECK(finding.ids == ids({"1", "2"}));
}

// Protects the installation that has not set an address: the watch must be off, not in alarm.
TEST_CASE("subscription: without an address nothing is expected; an event named twice is expected once") {
    auto nothing = expected();
    nothing.url.clear();
    CHECK(audit(nothing, {subscription("1", "candidateHired")}).empty());
    const auto findings = audit(expected({"contactUpdated", "candidateHired", "contactUpdated"}), {});
    REQUIRE(findings.size() == 2);
    CHECK(findings[0].event == "contactUpdated");
    CHECK(findings[1].event == "candidateHired");
}

// Protects the default: each is an event of Lever's, so a fresh configuration is one that starts.
TEST_CASE("subscription: the default events are Lever's, and a misspelt one is named") {
    Expected e;
    CHECK(fault_of(e).empty());
    const std::set<std::string> distinct(e.events.begin(), e.events.end());
    CHECK(distinct.size() == 6);
    e.events.emplace_back("candidateMoved");
    CHECK(fault_of(e).find("'candidateMoved'") != std::string::npos);
}

// Protects the reading of what Lever was recorded to answer; without id, event and address there is no
// subscription.
TEST_CASE("subscription: Lever's object is read, its conditions are kept as they are") {
    const auto document = json::Document::parse(R"({"id":"507dab91","event":"candidateHired",
        "url":"https://example.com/hook","configuration":{"conditions":{"origins":["applied","agency"]}},
        "createdAt":1782974002353,"updatedAt":1782974002353})");
    REQUIRE(document.has_value());
    const auto read = read_subscription(document->root());
    REQUIRE(read.has_value());
    CHECK(read->id == "507dab91");
    CHECK(read->event == "candidateHired");
    CHECK(read->url == "https://example.com/hook");
    CHECK(read->conditions == R"({"origins":["applied","agency"]})");
    for (const char* text :
         {R"({"event":"a","url":"b"})",
          R"({"id":"a","url":"b"})",
          R"({"id":"a","event":"b"})",
          R"([])",
          R"({"id":1})"}) {
        CAPTURE(text);
        const auto half = json::Document::parse(text);
        REQUIRE(half.has_value());
        CHECK_FALSE(read_subscription(half->root()).has_value());
    }
}
