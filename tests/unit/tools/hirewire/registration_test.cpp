#include "tools/hirewire/registration.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/fake_client.hpp"
#include "tests/support/run.hpp"

using namespace hirewire;
using testing::finish;

namespace {

const std::string ours = "https://hooks.example.com/webhooks/lever";

std::string created(const std::string& event) {
    return R"({"data":{"id":"id-of-)" + event + R"(","event":")" + event + R"(","url":")" + ours +
           R"(","configuration":{"signatureToken":"token-of-)" + event + R"("}}})";
}

struct Bench {
    Bench() {
        settings.first_backoff = Milliseconds{0};
        settings.attempts = 1;
        client.watch = [this](const http::Request& request) {
            happened.push_back(std::string{http::name_of(request.method)} + " " + request.target);
        };
    }
    void will_create(const std::string& event) {
        client.will_answer(200, R"({"data":[]})");
        client.will_answer(201, created(event));
    }
    cli::Registration register_all(std::vector<std::string> events) {
        const cli::KeepToken keep = [this](const std::string& token) {
            if (token == refused) throw std::runtime_error{"/tokens: No space left on device"};
            happened.push_back("keep " + token);
        };
        lever::SubscriptionApi api{client, "write-key", settings};
        return finish(cli::register_events(api, ours, std::move(events), keep));
    }

    testing::FakeClient client;
    lever::SubscriptionApiSettings settings;
    std::string refused{};
    std::vector<std::string> happened{};  // in order: requests, and tokens that were kept
};

using Texts = std::vector<std::string>;

}  // namespace

// Protects the tokens, which Lever tells once: a crash between two creations loses at most the one under way.
TEST_CASE("registration: each token is kept before the next subscription is made") {
    Bench b;
    b.will_create("candidateHired");
    b.will_create("candidateDeleted");
    const auto result = b.register_all({"candidateHired", "candidateDeleted"});
    CHECK(result.problem.empty());
    REQUIRE(result.made.size() == 2);
    CHECK(result.made[0].id == "id-of-candidateHired");
    const Texts order{
        "GET /webhooks",
        "POST /webhooks",
        "keep token-of-candidateHired",
        "GET /webhooks",
        "POST /webhooks",
        "keep token-of-candidateDeleted"};
    CHECK(b.happened == order);
}

// Protects against a subscription that no receiver believes, and against a token in the sentence about it.
TEST_CASE("registration: a subscription whose token cannot be kept is removed again, and nothing more is made") {
    Bench b;
    b.refused = "token-of-candidateHired";
    b.will_create("candidateHired");
    SUBCASE("removed") {
        b.client.will_answer(204);
        const auto result = b.register_all({"candidateHired", "candidateDeleted"});
        CHECK(result.made.empty());
        CHECK(result.problem.find("No space left on device") != std::string::npos);
        CHECK(result.problem.find("removed again") != std::string::npos);
        CHECK(result.problem.find("token-of-") == std::string::npos);
        CHECK(b.happened.back() == "DELETE /webhooks/id-of-candidateHired");
        CHECK(b.happened.size() == 3);
    }
    SUBCASE("not removed") {
        b.client.will_answer(500);
        const auto result = b.register_all({"candidateHired"});
        CHECK(result.problem.find("id-of-candidateHired could not be removed") != std::string::npos);
        CHECK(result.problem.find("Remove it in Lever") != std::string::npos);
        CHECK(result.problem.find("token-of-") == std::string::npos);
    }
}

// Protects what was made before a refusal: it is reported, and its token is kept.
TEST_CASE("registration: it ends at a refusal, with what was made so far and what the key lacks") {
    Bench b;
    b.will_create("candidateHired");
    b.client.will_answer(200, R"({"data":[]})");
    b.client.will_answer(403, R"({"code":"Forbidden","message":"not for this key"})");
    const auto result = b.register_all({"candidateHired", "candidateDeleted", "contactUpdated"});
    CHECK(result.made.size() == 1);
    CHECK(result.problem.find("candidateDeleted") != std::string::npos);
    CHECK(result.problem.find("not for this key") != std::string::npos);
    CHECK(result.problem.find("LEVER_WEBHOOKS_KEY") != std::string::npos);
    CHECK(result.problem.find("write-key") == std::string::npos);
    CHECK(b.happened.back() == "POST /webhooks");
}
