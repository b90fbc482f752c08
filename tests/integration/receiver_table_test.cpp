// The receiver's answer table over a real socket, against the real process between a real redis-server and a broker.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <thread>

#include "common/core/time.hpp"
#include "common/core/uuid.hpp"
#include "tests/support/delivery.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/http_call.hpp"
#include "tests/support/metrics.hpp"
#include "tests/support/stack.hpp"
#include "tests/support/topic_log.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

// In every body that is refused; no answer may repeat it.
constexpr std::string_view marker = "Quastenbury";

const std::vector<std::string> raw_topics{
    "lever.stage-changes",
    "lever.hires",
    "lever.archives",
    "lever.applications",
    "lever.deletions",
    "lever.interviews",
    "lever.contacts",
    "lever.unrecognized"};

Stack& stack() {
    static Stack one{StackOptions{
        .services = {Service::receiver},
        .settings = {
            {"kafka", "message_timeout", "\"2s\""},
            {"receiver", "read_deadline", "\"1s\""},
            {"receiver", "claim_lease", "\"4s\""},
        }}};
    return one;
}

TopicLog& topics() {
    static TopicLog one{stack().kafka(), raw_topics};
    return one;
}

const std::string& secret() {
    return stack().signature_tokens().front();
}

int port() {
    return stack()[Service::receiver].port;
}

http::Reply post(std::string body) {
    return call(port(), webhook(std::move(body)));
}

std::string word(const http::Reply& reply) {
    const auto document = json::Document::parse(reply.body);
    return document ? std::string{(*document)["status"].string()} : "not JSON";
}

void check_problem(const http::Reply& reply, int status) {
    CHECK(reply.status == status);
    CHECK(http::header(reply.headers, "Content-Type").substr(0, 24) == "application/problem+json");
    const auto document = json::Document::parse(reply.body);
    REQUIRE(document.has_value());
    CHECK((*document)["status"].integer() == status);
    CHECK((*document)["title"].is_string());
    CHECK(reply.body.find(marker) == std::string::npos);
}

void check_unavailable(const http::Reply& reply) {
    check_problem(reply, 503);
    const auto retry_after = std::string{http::header(reply.headers, "Retry-After")};
    CHECK(std::atoi(retry_after.c_str()) >= 1);
}

// A body that is right but for what a row takes away from it.
std::string envelope(const std::string& members) {
    return "{" + members + (members.empty() ? "" : ",") + "\"name\":\"" + std::string{marker} + "\"}";
}

struct Row {
    std::string name{};
    http::Request request{};
    int status = 0;
    std::string says{};  // the status word of a 200
};

Row refused(std::string name, std::string body, int status) {
    return {.name = std::move(name), .request = webhook(std::move(body)), .status = status, .says = {}};
}

Row accepted(std::string name, std::string body) {
    return {.name = std::move(name), .request = webhook(std::move(body)), .status = 200, .says = "accepted"};
}

Row verified(std::string name, const std::string& data) {
    const Delivery delivery{.data = data};
    return {.name = std::move(name), .request = webhook(delivery.body(secret())), .status = 200, .says = "verified"};
}

std::vector<Row> malformed_rows() {
    const std::string event = R"("event":"candidateHired")";
    const std::string time = R"("triggeredAt":)" + std::to_string(now_ms());
    const std::string token = R"("token":")" + random_token() + "\"";
    const std::string signature = R"("signature":")" + std::string(64, 'a') + "\"";
    const auto all_of = [](std::initializer_list<std::string> members) {
        std::string text;
        for (const auto& member : members) text += (text.empty() ? "" : ",") + member;
        return envelope(text);
    };
    std::string deep = "\"" + std::string{marker} + "\"";
    for (int i = 0; i < 40; ++i) deep = "[" + deep + "]";
    return {
        refused("empty body", "", 400),
        refused("not JSON", std::string{marker}, 400),
        refused("cut off", R"({"event":"candidateHired","token":")" + std::string{marker}, 400),
        refused("text behind the JSON", envelope("") + "x", 400),
        refused("an array", "[" + envelope("") + "]", 400),
        refused("a string", "\"" + std::string{marker} + "\"", 400),
        refused("null", "null", 400),
        refused("an empty object", "{}", 400),
        refused("no event", all_of({time, token, signature}), 400),
        refused("event is a number", all_of({R"("event":1)", time, token, signature}), 400),
        refused("event is null", all_of({R"("event":null)", time, token, signature}), 400),
        refused("no triggeredAt", all_of({event, token, signature}), 400),
        refused(
            "triggeredAt is a string", all_of({event, R"("triggeredAt":"1782974004990")", token, signature}), 400),
        refused("triggeredAt is a float", all_of({event, R"("triggeredAt":1.78e12)", token, signature}), 400),
        refused("triggeredAt is null", all_of({event, R"("triggeredAt":null)", token, signature}), 400),
        refused("no token", all_of({event, time, signature}), 400),
        refused("token is a number", all_of({event, time, R"("token":48)", signature}), 400),
        refused("no signature", all_of({event, time, token}), 400),
        refused("signature is an object", all_of({event, time, token, R"("signature":{})"}), 400),
        refused("too deep", all_of({event, time, token, signature, R"("data":)" + deep}), 400),
        refused("sixty thousand brackets", std::string(60'000, '['), 400),
    };
}

std::vector<Row> signature_rows() {
    constexpr std::int64_t minute = 60'000;
    constexpr std::int64_t week = 7 * 24 * 60 * minute;
    const auto data = R"({"opportunityId":")" + random_uuid() + R"(","name":")" + std::string{marker} + "\"}";
    const auto at = [&](std::int64_t offset) {
        return Delivery{.data = data, .triggered_at = now_ms() + offset}.body(secret());
    };
    const auto tampered = [&](const std::string& from, const std::string& to) {
        const Delivery delivery{.data = data, .token = from};
        auto body = delivery.body(secret());
        body.replace(body.find(from), from.size(), to);
        return body;
    };
    const Delivery delivery{.data = data};
    auto short_signature = delivery.body(secret());
    short_signature.erase(short_signature.find("\"signature\":\"") + 13, 1);
    return {
        refused("signed with a token that is not configured", delivery.body(random_token()), 401),
        refused("another token than the signed one", tampered(random_token(), random_token()), 401),
        refused("a signature that is too short", short_signature, 401),
        refused("older than the window", at(-week - minute), 401),
        refused("ahead of the window", at(6 * minute), 401),
        refused("time zero", Delivery{.data = data, .triggered_at = 0}.body(secret()), 401),
        accepted("just inside the window", at(-week + minute)),
        accepted("a little ahead", at(4 * minute)),
    };
}

std::vector<Row> http_rows() {
    const auto body = [] { return Delivery{.data = stage_change(random_uuid())}.body(secret()); };
    const auto with = [&](http::Method method,
                          std::string target,
                          std::vector<http::Header> headers,
                          std::string text) {
        return http::Request{
            .method = method, .target = std::move(target), .headers = std::move(headers), .body = std::move(text)};
    };
    const http::Header json_type{"Content-Type", "application/json"};
    const std::string large = envelope("\"filler\":\"" + std::string(70'000, 'x') + "\"");
    return {
        {.name = "unknown path",
         .request = with(http::Method::post, "/webhooks", {json_type}, body()),
         .status = 404},
        {.name = "root", .request = with(http::Method::get, "/", {}, ""), .status = 404},
        {.name = "GET", .request = with(http::Method::get, "/webhooks/lever", {}, ""), .status = 405},
        {.name = "PUT", .request = with(http::Method::put, "/webhooks/lever", {json_type}, body()), .status = 405},
        {.name = "DELETE", .request = with(http::Method::del, "/webhooks/lever", {}, ""), .status = 405},
        {.name = "body over 64 KiB", .request = webhook(large), .status = 413},
        {.name = "text/plain",
         .request = with(http::Method::post, "/webhooks/lever", {{"Content-Type", "text/plain"}}, body()),
         .status = 415},
        {.name = "a form",
         .request = with(
             http::Method::post, "/webhooks/lever", {{"Content-Type", "application/x-www-form-urlencoded"}}, body()),
         .status = 415},
        {.name = "header over 8 KiB",
         .request =
             with(http::Method::post, "/webhooks/lever", {json_type, {"X-Filler", std::string(9'000, 'x')}}, body()),
         .status = 431},
        {.name = "JSON with a charset",
         .request = with(
             http::Method::post, "/webhooks/lever", {{"content-type", "application/json; charset=utf-8"}}, body()),
         .status = 200,
         .says = "accepted"},
    };
}

// A process that stands still as long as this lives.
class Frozen {
public:
    explicit Frozen(Process& process) : process_{process} { process_.freeze(); }
    Frozen(const Frozen&) = delete;
    Frozen& operator=(const Frozen&) = delete;
    ~Frozen() { process_.thaw(); }

private:
    Process& process_;
};

// For what has to stop the broker: skipped where the broker is a Kafka that is not ours.
auto only_on_our_broker() {
    const char* brokers = std::getenv("HIREWIRE_TEST_BROKERS");
    return doctest::skip(brokers != nullptr && *brokers != '\0');
}

}  // namespace

TEST_CASE("receiver: each row of the answer table") {
    std::vector<Row> rows;
    for (auto part : {malformed_rows(), signature_rows(), http_rows()})
        rows.insert(rows.end(), part.begin(), part.end());
    rows.push_back(verified("connection test, data {}", "{}"));
    rows.push_back(verified("connection test, data null", "null"));
    rows.push_back(verified("connection test, no data", ""));
    for (const auto& token : stack().signature_tokens()) {
        rows.push_back(accepted("each configured token", Delivery{.data = stage_change(random_uuid())}.body(token)));
    }
    for (const auto& row : rows) {
        CAPTURE(row.name);
        const auto reply = call(port(), row.request);
        if (row.status != 200) {
            check_problem(reply, row.status);
            if (row.status == 405) CHECK(http::header(reply.headers, "Allow") == "POST");
            continue;
        }
        CHECK(reply.status == 200);
        CHECK(word(reply) == row.says);
        CHECK(http::header(reply.headers, "Content-Type").substr(0, 16) == "application/json");
        const auto in_topic = row.request.body.substr(0, 120);  // holds the token
        if (row.says == "accepted") CHECK(topics().find(in_topic).has_value());
        if (row.says == "verified") CHECK(topics().count(in_topic) == 0);
    }
}

TEST_CASE("receiver: a signed test without an opportunity is answered with 2xx") {
    const Delivery delivery{.event = "candidateHired", .data = R"({"test":true})"};
    CHECK(post(delivery.body(secret())).status == 200);
}

TEST_CASE("receiver: each event goes to its topic, verbatim, keyed, with CloudEvents headers") {
    const std::map<std::string, std::string> topic_by_event{
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
    std::set<std::string> seen;
    for (const auto& entry : std::filesystem::directory_iterator{HIREWIRE_SOURCE_DIR "/proto/samples"}) {
        if (entry.path().extension() != ".json") continue;
        CAPTURE(entry.path().string());
        const auto sample = json::Document::parse(read_file(entry.path().string()));
        REQUIRE(sample.has_value());
        const auto event = std::string{(*sample)["event"].string()};
        const Delivery delivery{.event = event, .data = (*sample)["data"].text()};
        const auto body = delivery.body(secret());

        const auto reply = post(body);
        CHECK(reply.status == 200);
        CHECK(word(reply) == "accepted");
        const auto record = topics().find(delivery.token);
        REQUIRE(record.has_value());
        CHECK(record->value.value_or("") == body);
        REQUIRE(topic_by_event.count(event) == 1);
        CHECK(record->partition.topic == topic_by_event.at(event));
        const bool contact = event.rfind("contact", 0) == 0;
        CHECK(record->key == (*sample)["data"][contact ? "contactId" : "opportunityId"].string());
        CHECK(!record->key.empty());

        const auto header = [&](std::string_view name) { return kafka::header(record->headers, name); };
        CHECK(header("ce_specversion") == "1.0");
        CHECK(!header("ce_id").empty());
        CHECK(!header("ce_source").empty());
        CHECK(!header("ce_type").empty());
        CHECK(parse_iso(header("ce_time")).has_value());
        CHECK(header("content-type") == "application/json");
        const auto trace = header("traceparent");
        REQUIRE(trace.size() == 55);
        CHECK(trace.substr(0, 3) == "00-");
        seen.insert(event);
    }
    CHECK(seen.size() == topic_by_event.size());
}

TEST_CASE("receiver: the same key always lands on the same partition") {
    const auto opportunity = random_uuid();
    std::set<int> partitions;
    for (int i = 0; i < 3; ++i) {
        const Delivery delivery{.data = stage_change(opportunity)};
        CHECK(word(post(delivery.body(secret()))) == "accepted");
        const auto record = topics().find(delivery.token);
        REQUIRE(record.has_value());
        partitions.insert(record->partition.number);
    }
    CHECK(partitions.size() == 1);
}

TEST_CASE("receiver: an event that is new to us is stored, under its token") {
    const Delivery delivery{.event = "offerTeleported", .data = R"({"offerId":"1"})"};
    const auto body = delivery.body(secret());
    CHECK(word(post(body)) == "accepted");
    const auto record = topics().find(delivery.token);
    REQUIRE(record.has_value());
    CHECK(record->value.value_or("") == body);
    CHECK(record->key == delivery.token);
    CHECK(record->partition.topic == "lever.unrecognized");
}

TEST_CASE("receiver: a known event without its id is stored under its token rather than refused") {
    const Delivery delivery{.event = "contactUpdated", .data = R"({"changed":["emails"]})"};
    CHECK(word(post(delivery.body(secret()))) == "accepted");
    const auto record = topics().find(delivery.token);
    REQUIRE(record.has_value());
    CHECK(record->key == delivery.token);
}

TEST_CASE("receiver: a repeated delivery is a duplicate, and is stored once") {
    const Delivery delivery{.data = stage_change(random_uuid())};
    const auto body = delivery.body(secret());
    CHECK(word(post(body)) == "accepted");
    for (int i = 0; i < 3; ++i) {
        const auto again = post(body);
        CHECK(again.status == 200);
        CHECK(word(again) == "duplicate");
    }
    CHECK(topics().count(delivery.token) == 1);
}

TEST_CASE("receiver: a token carries three bodies, a fourth is refused, the three stay duplicates") {
    const Delivery delivery{.data = stage_change(random_uuid())};
    const auto body = delivery.body(secret());
    CHECK(word(post(body)) == "accepted");
    CHECK(word(post(body + " ")) == "accepted");
    CHECK(word(post(body + "  ")) == "accepted");
    check_problem(post(body + "   "), 401);
    CHECK(word(post(body)) == "duplicate");
    CHECK(word(post(body + "  ")) == "duplicate");
    CHECK(topics().count(delivery.token) == 3);
}

TEST_CASE("receiver: a forged body does not keep the genuine one out") {
    const Delivery genuine{.data = stage_change(random_uuid())};
    auto forged = genuine;
    forged.event = "candidateHired";
    forged.data = R"({"opportunityId":")" + random_uuid() + "\"}";
    CHECK(word(post(forged.body(secret()))) == "accepted");
    CHECK(word(post(genuine.body(secret()))) == "accepted");
}

TEST_CASE("receiver: a hundred deliveries at once, each twice, are stored once each") {
    std::vector<std::string> bodies;
    for (int i = 0; i < 100; ++i) bodies.push_back(Delivery{.data = stage_change(random_uuid())}.body(secret()));
    const auto all = [&bodies] {
        Connection connection{port()};
        int good = 0;
        for (const auto& body : bodies) {
            connection.send(bytes_of(webhook(body)));
            const auto reply = connection.read();
            if (reply && reply->status == 200) ++good;
        }
        return good;
    };
    int first = 0;
    std::thread other{[&] { first = all(); }};
    const int second = all();
    other.join();
    CHECK(first == 100);
    CHECK(second == 100);
    const auto& records = topics().all();
    for (const auto& body : bodies) {
        CHECK(std::count_if(records.begin(), records.end(), [&](const auto& r) { return r.value == body; }) == 1);
    }
}

TEST_CASE("receiver: pipelined requests are answered in order on one connection") {
    Connection connection{port()};
    const auto body = Delivery{.data = stage_change(random_uuid())}.body(secret());
    const http::Request unknown{.method = http::Method::get, .target = "/nothing"};
    connection.send(
        bytes_of(webhook(body)) + bytes_of(unknown) + bytes_of(webhook(body)) + bytes_of(webhook("{}")) +
        bytes_of(webhook(Delivery{.data = "{}"}.body(secret()))));
    std::vector<std::string> answers;
    for (int i = 0; i < 5; ++i) {
        const auto reply = connection.read();
        REQUIRE(reply.has_value());
        answers.push_back(reply->status == 200 ? word(*reply) : std::to_string(reply->status));
    }
    CHECK(answers == std::vector<std::string>{"accepted", "404", "duplicate", "400", "verified"});
}

TEST_CASE("receiver: a connection stays open between requests, and closes when asked to") {
    Connection connection{port()};
    for (int i = 0; i < 3; ++i) {
        connection.send(bytes_of(webhook(Delivery{.data = stage_change(random_uuid())}.body(secret()))));
        const auto reply = connection.read();
        REQUIRE(reply.has_value());
        CHECK(word(*reply) == "accepted");
    }
    auto last = webhook(Delivery{.data = stage_change(random_uuid())}.body(secret()));
    last.headers.push_back(http::Header{"Connection", "close"});
    connection.send(bytes_of(last));
    const auto reply = connection.read();
    REQUIRE(reply.has_value());
    CHECK(word(*reply) == "accepted");
    CHECK(connection.closes(Milliseconds{5'000}));
}

TEST_CASE("receiver: who sends too slowly is told 408 and let go") {
    const auto whole = bytes_of(webhook(Delivery{.data = stage_change(random_uuid())}.body(secret())));
    const auto header_end = whole.find("\r\n\r\n");
    for (const auto cut : {std::size_t{10}, header_end - 5, header_end + 20}) {
        CAPTURE(cut);
        Connection connection{port()};
        connection.send(whole.substr(0, cut));
        const auto reply = connection.read(Milliseconds{10'000});
        REQUIRE(reply.has_value());
        check_problem(*reply, 408);
        CHECK(connection.closes(Milliseconds{5'000}));
    }
}

TEST_CASE("receiver: a slow sender does not keep the others waiting") {
    Connection slow{port()};
    slow.send("POST /webhooks/lever HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n");
    CHECK(word(post(Delivery{.data = stage_change(random_uuid())}.body(secret()))) == "accepted");
}

TEST_CASE("receiver: what is not HTTP is answered 400, or the connection closed, and the next caller served") {
    Connection connection{port()};
    connection.send(std::string{marker} + "\r\n\r\n");
    const auto reply = connection.read(Milliseconds{10'000});
    if (reply) check_problem(*reply, 400);
    CHECK(connection.closes(Milliseconds{5'000}));
    CHECK(word(post(Delivery{.data = "{}"}.body(secret()))) == "verified");
}

TEST_CASE("receiver: a body in chunks is taken, one over 64 KiB refused") {
    const auto in_chunks = [](std::string_view body) {
        std::string bytes =
            "POST /webhooks/lever HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            "Transfer-Encoding: chunked\r\n\r\n";
        while (!body.empty()) {
            const auto chunk = body.substr(0, 4096);
            char size[16];
            std::snprintf(size, sizeof size, "%zx\r\n", chunk.size());
            bytes += size + std::string{chunk} + "\r\n";
            body.remove_prefix(chunk.size());
        }
        return bytes + "0\r\n\r\n";
    };
    Connection small{port()};
    small.send(in_chunks(Delivery{.data = stage_change(random_uuid())}.body(secret())));
    const auto taken = small.read();
    REQUIRE(taken.has_value());
    CHECK(word(*taken) == "accepted");

    Connection large{port()};
    large.send(in_chunks(envelope("\"filler\":\"" + std::string(70'000, 'x') + "\"")));
    const auto reply = large.read();
    REQUIRE(reply.has_value());
    check_problem(*reply, 413);

    // The line before a chunk may carry extensions; one without an end fills no memory and holds up nobody.
    Connection endless{port()};
    endless.send(
        "POST /webhooks/lever HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n1;" +
        std::string(200'000, 'a'));
    const auto refused = endless.read();
    REQUIRE(refused.has_value());
    check_problem(*refused, 431);
}

TEST_CASE(
    "receiver: what the broker has not acknowledged is 503, and the same delivery is accepted afterwards" *
    only_on_our_broker()) {
    const Delivery delivery{.data = stage_change(random_uuid())};
    const auto body = delivery.body(secret());
    {
        const Frozen frozen{*stack().broker()};
        check_unavailable(post(body));
    }
    const auto wrong = [&]() -> std::string {
        const auto reply = post(body);
        return reply.status == 200 && word(reply) == "accepted" ? "" : reply.body;
    };
    eventually("the delivery is taken, not called a duplicate", wrong);
    CHECK(word(post(body)) == "duplicate");
    CHECK(topics().find(delivery.token).has_value());
}

TEST_CASE(
    "receiver: no answer before the broker's, and a second delivery waits for the first" * only_on_our_broker()) {
    const Delivery delivery{.data = stage_change(random_uuid())};
    const auto bytes = bytes_of(webhook(delivery.body(secret())));
    Connection first{port()};
    Connection second{port()};
    {
        const Frozen frozen{*stack().broker()};
        first.send(bytes);
        CHECK(!first.readable(Milliseconds{300}));
        second.send(bytes);
        CHECK(!second.readable(Milliseconds{300}));
    }
    const auto one = first.read();
    const auto two = second.read();
    REQUIRE(one.has_value());
    REQUIRE(two.has_value());
    CHECK(word(*one) == "accepted");
    CHECK(word(*two) == "duplicate");
    CHECK(topics().count(delivery.token) == 1);
}

TEST_CASE("receiver: a claim outlives its process by no more than the lease" * only_on_our_broker()) {
    const Delivery delivery{.data = stage_change(random_uuid())};
    const auto body = delivery.body(secret());
    auto doomed = stack().launch(Service::receiver);
    const auto claimed = now_ms();
    {
        const Frozen frozen{*stack().broker()};
        Connection connection{doomed.port};
        connection.send(bytes_of(webhook(body)));
        CHECK(!connection.readable(Milliseconds{500}));
        doomed.process->kill();
    }
    CHECK(word(post(body)) == "accepted");
    const auto waited = now_ms() - claimed;
    CHECK(waited > 3'000);
    CHECK(waited < 8'000);
}

TEST_CASE(
    "receiver: who waits for a claim until its lease ends, and then still in vain, is told 503" *
    only_on_our_broker()) {
    // The broker stands still for longer than a lease: of three, the second takes over from the first, the third
    // waits for nothing.
    auto hasty = stack().launch(
        Service::receiver, {{"receiver", "claim_lease", "\"1s\""}, {"kafka", "message_timeout", "\"8s\""}});
    const auto bytes = bytes_of(webhook(Delivery{.data = stage_change(random_uuid())}.body(secret())));
    Connection first{hasty.port};
    Connection second{hasty.port};
    Connection third{hasty.port};
    int refused_ones = 0;
    {
        const Frozen frozen{*stack().broker()};
        first.send(bytes);
        CHECK(!first.readable(Milliseconds{300}));
        second.send(bytes);
        third.send(bytes);
        const auto wrong = [&]() -> std::string {
            return second.readable(Milliseconds{0}) || third.readable(Milliseconds{0}) ? "" : "both still wait";
        };
        eventually("one of the two is told to come back", wrong, Milliseconds{6'000});
        for (auto* waiting : {&second, &third}) {
            if (!waiting->readable(Milliseconds{300})) continue;
            const auto reply = waiting->read();
            REQUIRE(reply.has_value());
            check_unavailable(*reply);
            ++refused_ones;
        }
        CHECK(!first.readable(Milliseconds{0}));
    }
    CHECK(refused_ones == 1);
    const auto reply = first.read();
    REQUIRE(reply.has_value());
    CHECK(word(*reply) == "accepted");
}

TEST_CASE("receiver: without any broker 503, and what it claimed is free for another receiver") {
    auto alone = stack().launch(
        Service::receiver, {{"kafka", "brokers", "\"127.0.0.1:9\""}, {"kafka", "message_timeout", "\"1s\""}});
    const Delivery delivery{.data = stage_change(random_uuid())};
    const auto body = delivery.body(secret());
    check_unavailable(call(alone.port, webhook(body)));
    CHECK(word(post(body)) == "accepted");
    // What needs no broker is answered as ever.
    CHECK(word(call(alone.port, webhook(Delivery{.data = "{}"}.body(secret())))) == "verified");
    CHECK(get(alone.admin_port, "/healthz").status == 200);
    CHECK(get(alone.admin_port, "/readyz").status == 503);
}

TEST_CASE("receiver: too much in flight is 503 at once" * only_on_our_broker()) {
    auto narrow = stack().launch(Service::receiver, {{"receiver", "max_in_flight", "1"}});
    Connection first{narrow.port};
    const auto body = [] { return Delivery{.data = stage_change(random_uuid())}.body(secret()); };
    {
        const Frozen frozen{*stack().broker()};
        first.send(bytes_of(webhook(body())));
        CHECK(!first.readable(Milliseconds{300}));
        const auto before = now_ms();
        check_unavailable(call(narrow.port, webhook(body())));
        CHECK(now_ms() - before < 1'500);  // the broker's time-out would have been 2 s
    }
    const auto reply = first.read();
    REQUIRE(reply.has_value());
    CHECK(word(*reply) == "accepted");
    CHECK(word(call(narrow.port, webhook(body()))) == "accepted");
}

TEST_CASE("receiver: more connections than the cap are refused, and room is given back") {
    auto narrow = stack().launch(Service::receiver, {{"receiver", "max_connections", "2"}});
    const auto bytes = bytes_of(webhook(Delivery{.data = "{}"}.body(secret())));
    {
        Connection first{narrow.port};
        Connection second{narrow.port};
        for (auto* connection : {&first, &second}) {
            connection->send(bytes);
            CHECK(connection->read().has_value());
        }
        Connection third{narrow.port};
        third.send(bytes);
        CHECK(!third.read(Milliseconds{5'000}).has_value());
    }
    const auto wrong = [&]() -> std::string {
        Connection again{narrow.port};
        again.send(bytes);
        return again.read() ? "" : "still refused";
    };
    eventually("a freed connection can be used", wrong);
}

TEST_CASE("receiver: with Redis gone it accepts, stores, and counts that it could not look for duplicates") {
    const auto redis_port = free_port();
    const auto redis = start_redis(redis_port, stack().path("redis-to-kill.log"));
    auto other = stack().launch(Service::receiver, {{"redis", "port", std::to_string(redis_port)}});
    const Delivery before{.data = stage_change(random_uuid())};
    CHECK(word(call(other.port, webhook(before.body(secret())))) == "accepted");
    CHECK(metric(other.admin_port, "hirewire_webhook_dedup_unavailable_total") == 0);

    redis->kill();
    for (int i = 0; i < 3; ++i) {
        const Delivery delivery{.data = stage_change(random_uuid())};
        const auto started = now_ms();
        CHECK(word(call(other.port, webhook(delivery.body(secret())))) == "accepted");
        CHECK(now_ms() - started < 3'000);
        CHECK(topics().find(delivery.token).has_value());
    }
    CHECK(metric(other.admin_port, "hirewire_webhook_dedup_unavailable_total") >= 3);

    const auto again = start_redis(redis_port, stack().path("redis-again.log"));
    const auto wrong = [&]() -> std::string {
        const auto body = Delivery{.data = stage_change(random_uuid())}.body(secret());
        call(other.port, webhook(body));
        return word(call(other.port, webhook(body))) == "duplicate" ? "" : "still not de-duplicating";
    };
    eventually("de-duplication is back with Redis", wrong);
}

TEST_CASE("receiver: SIGHUP brings in a new signature token and drops the old one") {
    const auto old_token = random_token();
    const auto new_token = random_token();
    const auto file = stack().write("signature-tokens", old_token + "\n");
    auto other = stack().launch(Service::receiver, {{"receiver", "signature_tokens_file", in_quotes(file)}});
    const auto status = [&](const std::string& token) {
        return call(other.port, webhook(Delivery{.data = stage_change(random_uuid())}.body(token))).status;
    };
    CHECK(status(old_token) == 200);
    CHECK(status(new_token) == 401);
    stack().write("signature-tokens", new_token + "\n");
    other.process->send(SIGHUP);
    eventually("the new token counts", [&]() -> std::string { return status(new_token) == 200 ? "" : "not yet"; });
    CHECK(status(old_token) == 401);
}

TEST_CASE("receiver: counts what it answered, by event and result") {
    const auto admin = stack()[Service::receiver].admin_port;
    const auto before = metric(admin, "hirewire_webhooks_total", "event=\"candidateDeleted\"");
    CHECK(
        word(post(Delivery{.event = "candidateDeleted", .data = stage_change(random_uuid())}.body(secret()))) ==
        "accepted");
    CHECK(metric(admin, "hirewire_webhooks_total", "event=\"candidateDeleted\"") == before + 1);
    CHECK(metric(admin, "hirewire_webhook_store_seconds_count") > 0);
    // Labels come from closed sets: an event that a stranger made up must not become one.
    CHECK(get(admin, "/metrics").body.find("offerTeleported") == std::string::npos);
}

TEST_CASE(
    "receiver: what is under way at SIGTERM is stored and answered, then the process ends with 0" *
    only_on_our_broker()) {
    auto other = stack().launch(Service::receiver);
    const Delivery delivery{.data = stage_change(random_uuid())};
    Connection connection{other.port};
    {
        const Frozen frozen{*stack().broker()};
        connection.send(bytes_of(webhook(delivery.body(secret()))));
        CHECK(!connection.readable(Milliseconds{300}));
        other.process->send(SIGTERM);
        CHECK(!connection.readable(Milliseconds{300}));
    }
    const auto reply = connection.read();
    REQUIRE(reply.has_value());
    CHECK(word(*reply) == "accepted");
    CHECK(topics().find(delivery.token).has_value());
    CHECK(other.process->wait(Milliseconds{15'000}) == 0);
}
