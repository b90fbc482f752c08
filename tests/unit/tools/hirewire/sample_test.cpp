#include "tools/hirewire/sample.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "common/config/schema.hpp"
#include "common/json/value.hpp"
#include "common/lever/event.hpp"
#include "common/lever/signature.hpp"

using namespace hirewire;

namespace {

cli::SampleTerms terms() {
    cli::SampleTerms made;
    made.signature_token = "a-token-of-the-receiver";
    made.token = "a-token-of-this-delivery";
    made.triggered_at_ms = 1'772'463'905'123;
    return made;
}

std::string sample() {
    std::ifstream in{std::string{HIREWIRE_SOURCE_DIR} + "/proto/samples/candidateHired.json"};
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

}  // namespace

// Protects hirewire send from being refused: what it posts is a webhook as the receiver reads it.
TEST_CASE("send: the sample gets a token, a time and a signature that the receiver takes; the rest stays") {
    const auto document = json::Document::parse(cli::signed_sample(sample(), "candidateHired.json", terms()));
    REQUIRE(document.has_value());
    lever::Webhook webhook;
    CHECK(lever::read_webhook(document->root(), webhook).code.empty());
    CHECK(webhook.event == "candidateHired");
    CHECK(webhook.token == "a-token-of-this-delivery");
    CHECK(webhook.opportunity_id == "6f0c2b1e-3a77-4f5e-9d2c-8b1f4a6e0c11");
    const std::vector<std::string> tokens{"another", "a-token-of-the-receiver"};
    lever::Verifier verifier{tokens};
    CHECK(verifier.genuine(webhook.token, webhook.triggered_at, webhook.signature));
}

TEST_CASE("send: another opportunity takes the sample's place, and the contact stays") {
    auto about_another = terms();
    about_another.opportunity = "opportunity-7";
    const auto document = json::Document::parse(cli::signed_sample(sample(), "candidateHired.json", about_another));
    REQUIRE(document.has_value());
    CHECK((*document)["data"]["opportunityId"].string() == "opportunity-7");
    CHECK((*document)["data"]["candidateId"].string() == "opportunity-7");
    CHECK((*document)["data"]["contactId"].string() == "b8a4d0c6-52f1-4e09-8a3b-7c6d5e4f3a22");
}

TEST_CASE("send: what is no webhook is refused with the file's name") {
    for (const auto* text : {"", "no JSON", "[]", "{}", R"({"event":7})"}) {
        CAPTURE(text);
        std::string refusal;
        try {
            cli::signed_sample(text, "odd.json", terms());
        } catch (const config::Error& e) {
            refusal = e.what();
        }
        CHECK(refusal.starts_with("odd.json: "));
    }
}
