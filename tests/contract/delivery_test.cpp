// What every destination owes together with the engine that delivers for it.
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "tests/contract/bench.hpp"
#include "tests/contract/samples.hpp"
#include "tests/contract/subjects.hpp"
#include "tests/support/caught.hpp"
#include "tests/support/change_builders.hpp"
#include "tests/support/personal_data.hpp"

using namespace hirewire;
using contract::Bench;

namespace {

// What every destination of the suite tells.
v1::Change the_hire(std::int64_t occurred_at_ms = contract::sample_time_ms) {
    return testing::hire(occurred_at_ms);
}

// The requests of all samples, each in a world of its own, with a server that finds everybody and one that finds
// nobody.
template <typename See>
void each_delivery(const sync::Destination& destination, See see) {
    for (const auto* body : {&contract::found_body, &contract::nothing_body}) {
        for (const auto& sample : contract::samples()) {
            // The engine makes situations itself.
            if (sample.situation.late || sample.situation.first_sync) continue;
            Bench bench{destination};
            bench.answers(200, *body);
            bench.attempt(sample.change);
            see(sample.change, bench);
        }
    }
}

std::string triple(const http::Request& request) {
    return std::string{http::name_of(request.method)} + " " + request.target + "\n" + request.body;
}

std::string key_of(const http::Request& request) {
    return std::string{http::header(request.headers, "Idempotency-Key")};
}

bool is_quoted_uuid(std::string_view text) {
    if (text.size() != 38 || text.front() != '"' || text.back() != '"') return false;
    for (std::size_t i = 1; i < 37; ++i) {
        const bool dash = i == 9 || i == 14 || i == 19 || i == 24;
        const char c = text[i];
        const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (dash ? c != '-' : !digit) return false;
    }
    return true;
}

testing::PersonalData personal_data() {
    testing::PersonalData personal;
    personal.add({"Quillaphonte Zwickerbrandt", "q.zwicker@private.example", "+1 555 017 7342"});
    personal.add_secret("Nowherestedt");
    personal.add_secret(contract::destination_secret);
    personal.add_secret(contract::internal_secret);
    return personal;
}

// A server that repeats what it was sent.
const std::string echo =
    R"({"type":"about:blank","title":"Quillaphonte Zwickerbrandt","detail":"q.zwicker@private.example lives in )"
    R"(Nowherestedt","code":"Quillaphonte Zwickerbrandt","scimType":"q.zwicker@private.example",)"
    R"("errors":[{"code":"Quillaphonte Zwickerbrandt","detail":"+1 555 017 7342"}],"outcome":"Zwickerbrandt"})";

}  // namespace

TEST_CASE("contract: every write carries key, version, media types and credential; every read the credential") {
    for (const auto& subject : contract::subjects()) {
        CAPTURE(subject.name());
        const std::string media_type{subject.destination->media_type()};
        std::size_t writes = 0;
        each_delivery(*subject.destination, [&](const v1::Change& change, const Bench& bench) {
            for (const auto& request : bench.client.requests) {
                const auto header = [&](std::string_view name) { return http::header(request.headers, name); };
                CAPTURE(request.target);
                CHECK(header("Accept") == media_type);
                if (subject.destination->proof() == sync::Proof::bearer_token) {
                    CHECK(header("Authorization") == std::string{"Bearer "} + contract::destination_secret);
                } else {
                    CHECK(header("Authorization").find("access-id") != std::string_view::npos);
                    CHECK(header("Authorization").find(contract::destination_secret) == std::string_view::npos);
                }
                if (!contract::is_write(request)) {
                    CHECK(header("Idempotency-Key").empty());
                    continue;
                }
                ++writes;
                CHECK(is_quoted_uuid(header("Idempotency-Key")));
                CHECK(header("Source-Version") == std::to_string(change.version()));
                CHECK(header("Content-Type") == (request.body.empty() ? std::string{} : media_type));
            }
        });
        CHECK(writes > 0);
    }
}

TEST_CASE("contract: the same write again has the same key, other bytes another") {
    for (const auto& subject : contract::subjects()) {
        CAPTURE(subject.name());
        std::map<std::string, std::string> keys;
        for (int time = 0; time < 2; ++time) {
            each_delivery(*subject.destination, [&](const v1::Change& change, const Bench& bench) {
                // Of one change, or a change's id alone could make the difference.
                if (change.change_id() != the_hire().change_id()) return;
                for (const auto& request : bench.writes()) {
                    const auto place = keys.emplace(triple(request), key_of(request)).first;
                    CHECK(place->second == key_of(request));
                }
            });
        }
        std::set<std::string> distinct;
        for (const auto& [bytes, key] : keys) distinct.insert(key);
        CHECK(keys.size() > 0);
        CHECK(distinct.size() == keys.size());
    }
}

TEST_CASE("contract: a write whose answer was lost is repeated with the same bytes under the same key") {
    for (const auto& subject : contract::subjects()) {
        CAPTURE(subject.name());
        std::size_t writes = 0;
        for (const auto& reads : {contract::found_body, contract::nothing_body}) {
            Bench bench{*subject.destination};
            bench.serves(reads, 0);
            std::vector<std::set<std::string>> attempts;
            for (int number = 1; number <= 2; ++number) {
                bench.client.requests.clear();
                CHECK_FALSE(contract::is<pipeline::Done>(bench.attempt(the_hire(), number)));
                std::set<std::string> sent;
                for (const auto& request : bench.writes()) sent.insert(triple(request) + key_of(request));
                writes += sent.size();
                attempts.push_back(std::move(sent));
            }
            CHECK((attempts[0] == attempts[1]));
        }
        CHECK(writes > 0);
    }
}

TEST_CASE("contract: nothing of a person and no secret is in an outcome, a dead letter or a line of the log") {
    const auto personal = personal_data();
    for (const auto& subject : contract::subjects()) {
        CAPTURE(subject.name());
        for (const int status : {200, 201, 302, 400, 401, 403, 404, 409, 410, 412, 422, 429, 500}) {
            CAPTURE(status);
            std::string written;
            const auto log = testing::caught([&] {
                // That answer first, after a good one, and after two.
                for (int good = 0; good < 3; ++good) {
                    for (const auto& body : {contract::found_body, contract::nothing_body}) {
                        Bench bench{*subject.destination};
                        for (int i = 0; i < good; ++i) bench.client.will_answer(200, body);
                        bench.answers(status, echo);
                        const auto verdict = bench.attempt(the_hire());
                        bench.give_up(the_hire(), contract::reason_of(verdict));
                        written += bench.written();
                    }
                }
            });
            CHECK(written.find("sync.outcomes") != std::string::npos);
            CHECK(log.find("delivery.") != std::string::npos);
            CHECK(personal.found_in(written) == "");
            CHECK(personal.found_in(log) == "");
        }
    }
}

TEST_CASE("contract: a redirect is not followed; it is a dead letter") {
    for (const auto& subject : contract::subjects()) {
        CAPTURE(subject.name());
        Bench bench{*subject.destination};
        bench.answers(302, {}, {{"Location", "http://elsewhere.example/elsewhere"}});
        const auto verdict = bench.attempt(the_hire());
        REQUIRE(contract::is<pipeline::Refused>(verdict));
        CHECK_FALSE(bench.client.requests.empty());
        for (const auto& request : bench.client.requests) {
            CHECK(request.target.find("elsewhere") == std::string::npos);
        }
        CHECK(bench.give_up(the_hire(), contract::reason_of(verdict)));
        CHECK(bench.producer.of("sync." + subject.name() + ".dlq").size() == 1);
        REQUIRE_FALSE(bench.outcomes().empty());
        CHECK(bench.outcomes().back().outcome() == v1::OUTCOME_KIND_DEAD);
    }
}

TEST_CASE("contract: #13 a credential that is refused holds the destination, and settles nothing") {
    for (const auto& subject : contract::subjects()) {
        CAPTURE(subject.name());
        for (const int status : {401, 402}) {
            Bench bench{*subject.destination};
            bench.answers(status);
            CHECK(contract::is<pipeline::Hold>(bench.attempt(the_hire())));
            CHECK(bench.producer.of("sync." + subject.name() + ".dlq").empty());
            REQUIRE(bench.outcomes().size() == 1);
            CHECK(bench.outcomes()[0].outcome() == v1::OUTCOME_KIND_HELD);
            // The right one again: nothing was lost, nothing counts against the change.
            bench.answers(200, contract::nothing_body);
            bench.attempt(the_hire());
            CHECK(bench.outcomes().back().outcome() != v1::OUTCOME_KIND_SUPERSEDED);
        }
    }
}

TEST_CASE("contract: Retry-After is kept to, in seconds and as a date") {
    const std::vector<http::Header> seconds{{"Retry-After", "120"}};
    const std::vector<http::Header> date{
        {"Date", "Mon, 02 Mar 2026 15:05:05 GMT"}, {"Retry-After", "Mon, 02 Mar 2026 15:07:05 GMT"}};
    for (const auto& subject : contract::subjects()) {
        CAPTURE(subject.name());
        for (const int status : {429, 503}) {
            CAPTURE(status);
            for (const auto& headers : {seconds, date}) {
                Bench bench{*subject.destination};
                bench.answers(status, {}, headers);
                const auto verdict = bench.attempt(the_hire());
                REQUIRE(contract::is<pipeline::Weather>(verdict));
                CHECK(std::get<pipeline::Weather>(verdict).at_least == Milliseconds{120'000});
            }
        }
    }
}

TEST_CASE("contract: an older version after a newer one asks nothing and is superseded; the same one is silent") {
    for (const auto& subject : contract::subjects()) {
        CAPTURE(subject.name());
        Bench bench{*subject.destination};
        bench.serves(contract::found_body, 201);
        const auto newer = the_hire();
        const auto older = the_hire(contract::sample_time_ms - 60'000);
        CHECK(contract::is<pipeline::Done>(bench.attempt(newer)));
        const auto asked = bench.client.requests.size();
        const auto told = bench.outcomes().size();
        REQUIRE(asked > 0);

        CHECK(contract::is<pipeline::Done>(bench.attempt(older)));
        CHECK(bench.client.requests.size() == asked);
        REQUIRE(bench.outcomes().size() == told + 1);
        CHECK(bench.outcomes().back().outcome() == v1::OUTCOME_KIND_SUPERSEDED);
        CHECK(bench.outcomes().back().version() == older.version());

        CHECK(contract::is<pipeline::Done>(bench.attempt(newer)));
        CHECK(bench.client.requests.size() == asked);
        CHECK(bench.outcomes().size() == told + 1);
    }
}

TEST_CASE("contract: 410 is an answer: disabled, without an error in the log") {
    for (const auto& subject : contract::subjects()) {
        CAPTURE(subject.name());
        Bench bench{*subject.destination};
        bench.answers(410);
        bool done = false;
        const auto log = testing::caught([&] { done = contract::is<pipeline::Done>(bench.attempt(the_hire())); });
        CHECK(done);
        REQUIRE_FALSE(bench.outcomes().empty());
        CHECK(bench.outcomes().back().outcome() == v1::OUTCOME_KIND_DISABLED);
        CHECK(log.find("\"error\"") == std::string::npos);
        CHECK(bench.producer.of("sync." + subject.name() + ".dlq").empty());
        const auto asked = bench.client.requests.size();
        bench.attempt(the_hire(contract::sample_time_ms + 1'000));
        CHECK(bench.client.requests.size() == asked);
    }
}
