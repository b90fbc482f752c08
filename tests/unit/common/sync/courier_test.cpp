#include "common/sync/courier.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/sync/destination.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"

using namespace hirewire;
using namespace hirewire::sync;

namespace {

namespace asio = boost::asio;

// A destination and Redis in memory; time goes on only in rests.
struct Bench {
    Bench() {
        settings.destination = "plain";
        settings.media_type = "application/scim+json";
        settings.retry.max_attempts = 4;
    }

    Delivered deliver(http::Method method, const std::string& body = {}) {
        Parcel parcel;
        parcel.request.method = method;
        parcel.request.target = "/things/a";
        parcel.request.body = body;
        parcel.id = "a";
        parcel.change_id = "change";
        parcel.version = 42;
        parcel.good_for = good_for;
        parcel.still_wanted = still_wanted;
        return testing::finish(courier().deliver(std::move(parcel), &judge_by_contract));
    }
    Courier& courier() {
        if (!courier_) {
            courier_ = std::make_unique<Courier>(
                settings,
                [this](http::Request& request) {
                    headers_before_credential = request.headers.size();
                    request.headers.push_back({"Authorization", "Bearer " + std::to_string(++authorized)});
                },
                client,
                store,
                clock,
                metrics,
                [] { return 0.5; },
                [this](Milliseconds pause) { return rest(pause); });
        }
        return *courier_;
    }
    [[nodiscard]] std::string header(std::size_t request, std::string_view name) const {
        return std::string{http::header(client.requests.at(request).headers, name)};
    }

    testing::ManualClock clock;
    testing::FakeClient client;
    testing::FakeStore store{clock};
    metrics::Registry metrics;
    CourierSettings settings;
    std::vector<Milliseconds> rests{};
    std::function<void()> while_resting{};
    Milliseconds good_for{0};
    std::function<bool()> still_wanted{};
    int authorized = 0;
    std::size_t headers_before_credential = 0;

private:
    asio::awaitable<void> rest(Milliseconds pause) {
        rests.push_back(pause);
        clock.advance(pause);
        if (while_resting) while_resting();
        co_return;
    }
    std::unique_ptr<Courier> courier_;
};

Answer answer(int status, std::string body = {}, std::vector<http::Header> headers = {}) {
    http::Reply reply;
    reply.status = status;
    reply.body = std::move(body);
    reply.headers = std::move(headers);
    return reply;
}

class Signing final : public Destination {
public:
    [[nodiscard]] std::string_view name() const override { return "signing"; }
    [[nodiscard]] std::uint16_t default_admin_port() const override { return 1; }
    void declare(config::Section&) override {}
    [[nodiscard]] Plan plan(const v1::Change&, const Situation&) const override { return {Settle{}}; }
    void authorize(http::Request& request, const Credential& credential, std::string_view base_path, Timestamp now)
        const override {
        const std::string key = credential.access_id + " " + credential.secret;
        request.headers.push_back({"Proof", key + " " + std::string{base_path} + " " + iso_time(now)});
    }
};

}  // namespace

TEST_CASE("courier: a request that writes carries its key, its version and its media type, and the credential last") {
    Bench b;
    const auto delivered = b.deliver(http::Method::put, R"({"a":1})");
    CHECK(delivered.judgement.next == Next::done);
    CHECK(delivered.attempts == 1);
    CHECK(delivered.http_status == 200);
    REQUIRE(b.client.requests.size() == 1);
    CHECK(b.header(0, "Content-Type") == "application/scim+json");
    CHECK(b.header(0, "Accept") == "application/scim+json");
    CHECK(b.header(0, "Source-Version") == "42");
    CHECK(b.header(0, "Idempotency-Key").size() == 38);  // a UUID in quotation marks
    CHECK(b.header(0, "Authorization") == "Bearer 1");
    CHECK(b.headers_before_credential + 1 == b.client.requests[0].headers.size());
}

TEST_CASE("courier: a question has neither key nor version, and its answer is handed back whole") {
    Bench b;
    b.client.will_answer(200, R"({"jobs":[]})", {{"ETag", "7"}});
    const auto delivered = b.deliver(http::Method::get);
    REQUIRE(delivered.answer.has_value());
    CHECK(delivered.answer->body == R"({"jobs":[]})");
    CHECK(http::header(delivered.answer->headers, "ETag") == "7");
    CHECK(b.header(0, "Idempotency-Key").empty());
    CHECK(b.header(0, "Source-Version").empty());
    CHECK(b.header(0, "Content-Type").empty());
    CHECK(b.header(0, "Accept") == "application/scim+json");
}

TEST_CASE("courier: silence is met with the same bytes and key and a new proof, until there is an answer") {
    Bench b;
    b.client.will_fail(http::Errc::timed_out);
    b.client.will_answer(503);
    b.client.will_answer(201, "x");
    const auto delivered = b.deliver(http::Method::post, "{}");
    CHECK(delivered.judgement.next == Next::done);
    CHECK(delivered.attempts == 3);
    CHECK(delivered.http_status == 201);
    CHECK(delivered.answer->body == "x");
    REQUIRE(b.client.requests.size() == 3);
    CHECK(b.header(0, "Idempotency-Key") == b.header(2, "Idempotency-Key"));
    CHECK(b.client.requests[0].body == b.client.requests[2].body);
    CHECK(b.client.requests[0].headers.size() == b.client.requests[2].headers.size());
    CHECK(b.header(2, "Authorization") == "Bearer 3");
}

TEST_CASE("courier: when the attempts are spent, the last answer says why") {
    Bench b;
    for (int i = 0; i < 9; ++i) b.client.will_fail(http::Errc::unreachable);
    const auto delivered = b.deliver(http::Method::put, "{}");
    CHECK(delivered.judgement.next == Next::again);
    CHECK(delivered.attempts == 4);
    CHECK(delivered.http_status == 0);
    CHECK_FALSE(delivered.answer.has_value());
    CHECK(b.rests.size() == 3);
}

TEST_CASE("courier: what is refused or held is not sent a second time") {
    for (const int status : {400, 401, 402, 403, 422, 501}) {
        CAPTURE(status);
        Bench b;
        b.client.will_answer(status);
        b.deliver(http::Method::put, "{}");
        CHECK(b.client.requests.size() == 1);
    }
}

TEST_CASE("courier: Retry-After is kept, and not waited for when it is longer than anybody can wait here") {
    Bench b;
    b.client.will_answer(429, {}, {{"Retry-After", "7"}});
    b.client.will_answer(429, {}, {{"Retry-After", "3600"}});
    const auto delivered = b.deliver(http::Method::put, "{}");
    CHECK(b.rests == std::vector<Milliseconds>{Milliseconds{7'000}});
    CHECK(delivered.attempts == 2);
    CHECK(delivered.judgement.next == Next::again);
    CHECK(delivered.judgement.at_least == std::chrono::hours{1});
}

TEST_CASE("courier: in shadow nothing leaves, not even a question, and the outcome says so") {
    Bench b;
    b.settings.sends = false;
    for (const auto method : {http::Method::get, http::Method::put, http::Method::del}) {
        const auto delivered = b.deliver(method);
        CHECK(delivered.judgement.next == Next::done);
        CHECK(delivered.judgement.outcome == v1::OUTCOME_KIND_SHADOW);
        CHECK(delivered.attempts == 0);
        CHECK(delivered.http_status == 0);
    }
    CHECK(b.client.requests.empty());
    b.courier().use_sends(true);
    CHECK(b.deliver(http::Method::put).judgement.outcome == v1::OUTCOME_KIND_APPLIED);
}

TEST_CASE("courier: what waits when shadow begins is not sent, neither at first nor once more") {
    Bench waiting;
    waiting.courier().suspend();
    waiting.while_resting = [&] {
        waiting.courier().use_sends(false);
        waiting.courier().resume();
    };
    CHECK(waiting.deliver(http::Method::put, "{}").judgement.outcome == v1::OUTCOME_KIND_SHADOW);
    CHECK(waiting.client.requests.empty());

    Bench repeating;
    repeating.client.will_answer(503);
    repeating.while_resting = [&] { repeating.courier().use_sends(false); };
    const auto delivered = repeating.deliver(http::Method::put, "{}");
    CHECK(delivered.judgement.outcome == v1::OUTCOME_KIND_SHADOW);
    CHECK(delivered.attempts == 1);
    CHECK(repeating.client.requests.size() == 1);
}

TEST_CASE("courier: what was decided a while ago is not sent after a wait, but handed back as interrupted") {
    Bench b;
    b.good_for = Milliseconds{60'000};
    SUBCASE("after a pause, however short") {
        b.courier().suspend();
        b.while_resting = [&] { b.courier().resume(); };
        const auto delivered = b.deliver(http::Method::put, "{}");
        CHECK(delivered.interrupted);
        CHECK(delivered.judgement.next == Next::again);
        CHECK(delivered.attempts == 0);
        CHECK(b.client.requests.empty());
        CHECK_FALSE(b.deliver(http::Method::put, "{}").interrupted);
    }
    SUBCASE("after Redis was away for long") {
        b.settings.requests_per_second = 10;
        b.store.away = true;
        b.while_resting = [&] { b.store.away = b.rests.size() < 62; };
        CHECK(b.deliver(http::Method::put, "{}").interrupted);
        CHECK(b.client.requests.empty());
    }
    SUBCASE("after a long Retry-After") {
        b.client.will_answer(429, {}, {{"Retry-After", "120"}});
        const auto delivered = b.deliver(http::Method::put, "{}");
        CHECK(delivered.interrupted);
        CHECK(delivered.attempts == 1);
        CHECK(delivered.http_status == 429);
        CHECK(delivered.judgement.next == Next::again);
        CHECK(b.client.requests.size() == 1);
    }
    SUBCASE("not after short ones, whatever their sum") {
        for (int i = 0; i < 3; ++i) b.client.will_answer(429, {}, {{"Retry-After", "30"}});
        const auto delivered = b.deliver(http::Method::put, "{}");
        CHECK_FALSE(delivered.interrupted);
        CHECK(delivered.attempts == 4);
        CHECK(delivered.judgement.next == Next::done);
    }
}

TEST_CASE("courier: what nobody wants any more when its turn comes is not sent, nor once more") {
    Bench b;
    bool wanted = true;
    b.still_wanted = [&] { return wanted; };
    b.client.will_answer(503);
    b.while_resting = [&] { wanted = false; };
    const auto repeated = b.deliver(http::Method::del);
    CHECK(repeated.unwanted);
    CHECK(repeated.attempts == 1);
    CHECK(repeated.judgement.next == Next::again);
    CHECK(b.client.requests.size() == 1);
    const auto first = b.deliver(http::Method::del);
    CHECK(first.unwanted);
    CHECK(first.judgement.next == Next::again);
    CHECK(b.client.requests.size() == 1);
}

TEST_CASE("courier: while it is suspended nothing is sent, and it goes on by itself") {
    Bench b;
    b.courier().suspend();
    b.while_resting = [&] {
        CHECK(b.client.requests.empty());
        if (b.rests.size() == 5) b.courier().resume();
    };
    const auto delivered = b.deliver(http::Method::put, "{}");
    CHECK(delivered.attempts == 1);
    CHECK(b.rests.size() == 5);
}

TEST_CASE("courier: a pause that comes between two attempts holds up the second") {
    Bench b;
    b.client.will_answer(503);
    bool paused = false;
    b.while_resting = [&] {
        if (!std::exchange(paused, true)) b.courier().suspend();
        CHECK(b.client.requests.size() == 1);
        if (b.rests.size() == 4) b.courier().resume();
    };
    CHECK(b.deliver(http::Method::put, "{}").attempts == 2);
    CHECK(b.rests.size() == 4);
}

TEST_CASE("courier: it keeps the pace of all processes, and asks nobody when there is none") {
    Bench b;
    b.settings.requests_per_second = 10;
    const auto begin = b.clock.now();
    for (int i = 0; i < 11; ++i) b.deliver(http::Method::get);
    CHECK(b.clock.now() - begin >= Milliseconds{1'000});
    CHECK(b.clock.now() - begin <= Milliseconds{1'100});

    Bench unlimited;
    unlimited.store.away = true;
    unlimited.deliver(http::Method::get);
    CHECK(unlimited.client.requests.size() == 1);
}

TEST_CASE("courier: while nobody knows the pace nothing is sent") {
    Bench b;
    b.settings.requests_per_second = 10;
    b.store.away = true;
    b.while_resting = [&] {
        CHECK(b.client.requests.empty());
        if (b.rests.size() == 3) b.store.away = false;
    };
    b.deliver(http::Method::get);
    CHECK(b.client.requests.size() == 1);
}

TEST_CASE("courier: after the end nothing is sent, not even what waits for its next attempt") {
    Bench b;
    b.client.will_answer(503);
    b.while_resting = [&] { b.courier().stop(); };
    CHECK_THROWS_WITH(b.deliver(http::Method::put, "{}"), "the process is ending");
    CHECK(b.client.requests.size() == 1);
    CHECK_THROWS_WITH(b.deliver(http::Method::get), "the process is ending");
}

TEST_CASE("courier: the destination's own proof is made anew, with the time and the path that its server sees") {
    testing::ManualClock clock;
    const Signing destination;
    Credential credential;
    credential.access_id = "id";
    credential.secret = "key";
    const auto authorize = authorize_by(destination, credential, "/api", clock);
    http::Request first;
    authorize(first);
    CHECK(http::header(first.headers, "Proof") == "id key /api 2026-03-02T15:05:05.123Z");
    clock.advance(Milliseconds{1});
    http::Request second;
    authorize(second);
    CHECK(http::header(second.headers, "Proof") == "id key /api 2026-03-02T15:05:05.124Z");
}

TEST_CASE("courier: the shared contract in a judgement's words, row by row") {
    struct Row {
        int status = 0;
        std::string body{};
        Next next = Next::done;
        v1::OutcomeKind outcome = v1::OUTCOME_KIND_APPLIED;
    };
    const std::vector<Row> rows{
        {.status = 200},
        {.status = 204},
        {.status = 200, .body = R"({"outcome":"unchanged"})", .outcome = v1::OUTCOME_KIND_UNCHANGED},
        {.status = 200, .body = R"({"outcome":"superseded"})", .outcome = v1::OUTCOME_KIND_SUPERSEDED},
        {.status = 302, .next = Next::refused, .outcome = v1::OUTCOME_KIND_DEAD},
        {.status = 400, .next = Next::refused, .outcome = v1::OUTCOME_KIND_DEAD},
        {.status = 401, .next = Next::hold, .outcome = v1::OUTCOME_KIND_HELD},
        {.status = 402, .next = Next::hold, .outcome = v1::OUTCOME_KIND_HELD},
        {.status = 403, .next = Next::hold, .outcome = v1::OUTCOME_KIND_HELD},
        {.status = 404, .next = Next::again, .outcome = v1::OUTCOME_KIND_RETRYING},
        {.status = 409, .next = Next::refused, .outcome = v1::OUTCOME_KIND_DEAD},
        {.status = 409,
         .body = R"({"code":"idempotency-in-flight"})",
         .next = Next::again,
         .outcome = v1::OUTCOME_KIND_RETRYING},
        {.status = 409, .body = R"({"code":"version-conflict"})", .outcome = v1::OUTCOME_KIND_UNCHANGED},
        {.status = 410, .outcome = v1::OUTCOME_KIND_DISABLED},
        {.status = 429, .next = Next::again, .outcome = v1::OUTCOME_KIND_RETRYING},
        {.status = 500, .next = Next::again, .outcome = v1::OUTCOME_KIND_RETRYING},
        {.status = 501, .next = Next::refused, .outcome = v1::OUTCOME_KIND_DEAD},
    };
    for (const auto& row : rows) {
        CAPTURE(row.status);
        CAPTURE(row.body);
        const auto judgement = judge_by_contract(http::Method::put, answer(row.status, row.body));
        CHECK(judgement.next == row.next);
        CHECK(judgement.outcome == row.outcome);
    }
    const auto silence = judge_by_contract(http::Method::put, http::make_error_code(http::Errc::timed_out));
    CHECK(silence.next == Next::again);
    const auto wish = judge_by_contract(http::Method::put, answer(503, {}, {{"Retry-After", "9"}}));
    CHECK(wish.at_least == Milliseconds{9'000});
}

TEST_CASE("courier: what is not there needs no deleting") {
    for (const int status : {404, 410}) {
        const auto judgement = judge_by_contract(http::Method::del, answer(status));
        CHECK(judgement.next == Next::done);
        CHECK(judgement.outcome == v1::OUTCOME_KIND_UNCHANGED);
    }
    CHECK(judge_by_contract(http::Method::del, answer(403)).next == Next::hold);
}
