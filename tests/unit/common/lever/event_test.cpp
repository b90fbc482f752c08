#include "common/lever/event.hpp"

#include <doctest/doctest.h>

#include <map>

#include "tests/support/samples.hpp"

using namespace hirewire;
using namespace hirewire::lever;

namespace {

Fault fault_of(const std::string& body) {
    const auto document = json::Document::parse(body);
    REQUIRE(document.has_value());
    Webhook webhook;
    return read_webhook(document->root(), webhook);
}

}  // namespace

TEST_CASE("events: Lever's ten have their topics, all others the one for the unrecognized") {
    const std::map<std::string, std::string> table{
        {"candidateStageChange", "lever.stage-changes"},
        {"candidateHired", "lever.hires"},
        {"candidateArchiveChange", "lever.archives"},
        {"applicationCreated", "lever.applications"},
        {"candidateDeleted", "lever.deletions"},
        {"interviewCreated", "lever.interviews"},
        {"interviewUpdated", "lever.interviews"},
        {"interviewDeleted", "lever.interviews"},
        {"contactCreated", "lever.contacts"},
        {"contactUpdated", "lever.contacts"}};
    for (const auto& [event, topic] : table) {
        CHECK(topic_of(event) == topic);
        CHECK(label_of(event) == event);
    }
    for (const char* event : {"", "candidatehired", "candidateHired ", "offerCreated", "unrecognized"}) {
        CHECK(topic_of(event) == "lever.unrecognized");
        CHECK(label_of(event) == "unrecognized");
    }
    CHECK(testing::samples().size() == table.size());
    for (const auto& sample : testing::samples()) CHECK(table.contains(sample.event));
}

TEST_CASE("events: the key is what must stay in order") {
    Webhook webhook;
    webhook.token = "token";
    webhook.event = "candidateHired";
    CHECK(key_of(webhook) == "token");
    webhook.contact_id = "contact";
    CHECK(key_of(webhook) == "token");  // a candidate's event is not ordered by the person
    webhook.opportunity_id = "opportunity";
    CHECK(key_of(webhook) == "opportunity");
    webhook.event = "contactUpdated";
    CHECK(key_of(webhook) == "contact");
    webhook.contact_id = "";
    CHECK(key_of(webhook) == "token");
    webhook.event = "somethingNew";
    CHECK(key_of(webhook) == "opportunity");
}

TEST_CASE("events: every sample is read whole") {
    for (const auto& sample : testing::samples()) {
        CAPTURE(sample.event);
        const auto document = json::Document::parse(sample.body);
        Webhook webhook;
        CHECK(read_webhook(document->root(), webhook).code.empty());
        CHECK(webhook.event == sample.event);
        CHECK(webhook.token.size() == 48);
        CHECK(webhook.signature.size() == 64);
        CHECK(webhook.triggered_at > 1'700'000'000'000);
        CHECK(webhook.has_data);
        CHECK(webhook.contact_id == "b8a4d0c6-52f1-4e09-8a3b-7c6d5e4f3a22");
        CHECK(webhook.opportunity_id.empty() == sample.event.starts_with("contact"));
    }
}

TEST_CASE("events: Lever's candidateId is an opportunity's id, and stands in where opportunityId is missing") {
    const auto key = [](const std::string& data) {
        const std::string body =
            R"({"event":"candidateHired","triggeredAt":1,"token":"t","signature":"s","data":)" + data + "}";
        const auto document = json::Document::parse(body);
        Webhook webhook;
        REQUIRE(read_webhook(document->root(), webhook).code.empty());
        return std::string{key_of(webhook)};
    };
    CHECK(key(R"({"opportunityId":"o","candidateId":"c"})") == "o");
    CHECK(key(R"({"candidateId":"c"})") == "c");
    CHECK(key(R"({"opportunityId":7,"candidateId":null})") == "t");
    CHECK(key(R"({"opportunityId":")" + std::string(129, 'x') + "\"}") == "t");
    CHECK(key("{}") == "t");
}

TEST_CASE("events: each fault has its word, and what is right has none") {
    CHECK(fault_of("[]").code == "not-an-object");
    CHECK(fault_of("{}").code == "bad-event");
    CHECK(fault_of(R"({"event":"x"})").code == "bad-triggered-at");
    CHECK(fault_of(R"({"event":"x","triggeredAt":1})").code == "bad-token");
    CHECK(fault_of(R"({"event":"x","triggeredAt":1,"token":"t"})").code == "bad-signature");
    CHECK(fault_of(R"({"event":"x","triggeredAt":1,"token":"t","signature":"s"})").code.empty());
    CHECK(fault_of(R"({"event":"x","triggeredAt":1,"token":"t","signature":"s","data":7})").code.empty());
}
