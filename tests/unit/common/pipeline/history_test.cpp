#include "common/pipeline/history.hpp"

#include <doctest/doctest.h>

using namespace hirewire;
using namespace hirewire::pipeline;

TEST_CASE("history: what is put is what is read, once, and other headers stay") {
    std::vector<kafka::Header> headers{{"ce_id", "x"}};
    CHECK(read_history(headers).attempts == 0);
    CHECK_FALSE(read_history(headers).failing_since);
    for (int round = 1; round <= 2; ++round) {
        History history;
        history.attempts = 3 * round;
        history.parked = round;
        history.failing_since = from_ms(1'772'464'400'000);
        history.not_before = from_ms(1'772'464'460'000 + round);
        put_history(headers, history);
        CHECK(headers.size() == 5);
        const auto read = read_history(headers);
        CHECK(read.attempts == history.attempts);
        CHECK(read.parked == history.parked);
        CHECK(read.failing_since == history.failing_since);
        CHECK(read.not_before == history.not_before);
    }
    CHECK(kafka::header(headers, "ce_id") == "x");
}

TEST_CASE("history: a header that says what cannot be is as good as none") {
    for (const char* text : {"", " ", "x", "-1", "1e3", "12x", "0x10", "99999999999999999999999", "99999999999999"}) {
        CAPTURE(text);
        const std::vector<kafka::Header> headers{
            {"hirewire-error-attempts", text},
            {"hirewire-parked", text},
            {"hirewire-failing-since", text},
            {"hirewire-not-before", text}};
        const auto history = read_history(headers);
        CHECK(history.attempts == 0);
        CHECK(history.parked == 0);
        CHECK_FALSE(history.failing_since);
        CHECK_FALSE(history.not_before);
    }
}

TEST_CASE("history: the origin is where a record was read first") {
    kafka::Record record;
    record.partition = {.topic = "hiring.changes", .number = 3};
    record.offset = 42;
    CHECK(read_origin(record).topic == "hiring.changes");
    put_origin(record.headers, read_origin(record));
    record.partition.topic = "sync.clara.retry.1m";
    record.offset = 1;
    const auto origin = read_origin(record);
    CHECK(origin.topic == "hiring.changes");
    CHECK(origin.partition == 3);
    CHECK(origin.offset == 42);
    // Half an origin is none.
    record.headers.pop_back();
    CHECK(read_origin(record).topic == "sync.clara.retry.1m");
}

TEST_CASE("history: on the core's clock") {
    const Timestamp now = from_ms(1'772'464'400'000);
    const Instant instant{std::chrono::hours{1}};
    History history;
    CHECK(to_past(history, now, instant).due == Instant{});
    history.not_before = now + Milliseconds{5'000};
    history.failing_since = now - Milliseconds{7'000};
    auto past = to_past(history, now, instant);
    CHECK(past.due == instant + Milliseconds{5'000});
    CHECK(past.failing_since == instant - Milliseconds{7'000});
    // Due already; and a first failure in the future is one of now: clocks differ.
    history.not_before = now;
    history.failing_since = now + Milliseconds{7'000};
    past = to_past(history, now, instant);
    CHECK(past.due == Instant{});
    CHECK(past.failing_since == instant);
    // A year that cannot be meant must not keep a change for ever.
    history.not_before = from_ms(9'999'999'999'999);
    CHECK(to_past(history, now, instant).due == instant + std::chrono::hours{24 * 7});
}
