#include "common/sync/replay_book.hpp"

#include <doctest/doctest.h>

using namespace hirewire;
using namespace hirewire::sync;

namespace {

v1::Run run(const std::string& id, v1::RunState state, const std::string& destination = "clara") {
    v1::Run r;
    r.set_run_id(id);
    r.set_kind("replay");
    r.set_state(state);
    r.set_destination(destination);
    if (state == v1::RUN_STATE_ASKED) r.set_spec("what is asked for");
    if (state == v1::RUN_STATE_CHECKPOINT) r.set_checkpoint("how far it is");
    return r;
}

std::string next_of(const ReplayBook& book) {
    const auto next = book.next();
    return next ? next->run_id() : "";
}

}  // namespace

TEST_CASE("replay book: one after the other, in the order in which they were asked for") {
    ReplayBook book{"clara"};
    CHECK(next_of(book).empty());
    book.hear(run("z", v1::RUN_STATE_ASKED));
    book.hear(run("a", v1::RUN_STATE_ASKED));
    book.hear(run("other", v1::RUN_STATE_ASKED, "cluster"));
    auto sweep = run("sweep", v1::RUN_STATE_ASKED);
    sweep.set_kind("sweep");
    book.hear(sweep);
    CHECK(next_of(book) == "z");
    book.hear(run("z", v1::RUN_STATE_STARTED));
    CHECK(next_of(book) == "z");
    book.hear(run("z", v1::RUN_STATE_FINISHED));
    CHECK(next_of(book) == "a");
    book.hear(run("a", v1::RUN_STATE_FAILED));
    CHECK(next_of(book).empty());
}

TEST_CASE("replay book: what another process left goes on where it was, with what was asked for") {
    ReplayBook book{"clara"};
    book.hear(run("a", v1::RUN_STATE_ASKED));
    book.hear(run("a", v1::RUN_STATE_CHECKPOINT));
    REQUIRE(book.next());
    CHECK(book.next()->spec() == "what is asked for");
    CHECK(book.next()->checkpoint() == "how far it is");
}

// Protects the operator's word: a checkpoint may be written after it and before it was heard.
TEST_CASE("replay book: a pause lasts until it is asked for again, a cancellation for ever") {
    ReplayBook book{"clara"};
    book.hear(run("a", v1::RUN_STATE_ASKED));
    book.hear(run("a", v1::RUN_STATE_PAUSED));
    CHECK(book.wish("a") == ReplayBook::Wish::pause);
    book.hear(run("a", v1::RUN_STATE_CHECKPOINT));
    CHECK(book.wish("a") == ReplayBook::Wish::pause);
    CHECK(next_of(book).empty());
    book.hear(run("b", v1::RUN_STATE_ASKED));
    CHECK(next_of(book) == "b");
    book.hear(run("a", v1::RUN_STATE_ASKED));
    CHECK(next_of(book) == "a");
    book.hear(run("a", v1::RUN_STATE_CANCELLED));
    CHECK(book.wish("a") == ReplayBook::Wish::none);
    book.hear(run("a", v1::RUN_STATE_CHECKPOINT));
    book.hear(run("a", v1::RUN_STATE_ASKED));
    CHECK(next_of(book) == "b");
}

// Protects those behind it, which wait for its end.
TEST_CASE("replay book: one that fails five times in a row is given up, unless it gets further") {
    ReplayBook book{"clara"};
    book.hear(run("a", v1::RUN_STATE_ASKED));
    Instant now{};
    const auto fails_later = [&](const std::string& id, std::int64_t reached) {
        now += Milliseconds{15'000};
        return book.has_failed(id, reached, now);
    };
    for (int i = 0; i < 4; ++i) CHECK_FALSE(fails_later("a", 10));
    CHECK_FALSE(fails_later("a", 11));
    // Reading may fail before what was reached is known.
    for (const std::int64_t reached : {0, 11, 0}) CHECK_FALSE(fails_later("a", reached));
    CHECK(fails_later("a", 11));
    CHECK_FALSE(fails_later("unknown", 0));
}

// Protects a replay from being given up within a moment because others are asked for behind it.
TEST_CASE("replay book: failures within ten seconds of the last one that counted do not count") {
    ReplayBook book{"clara"};
    book.hear(run("a", v1::RUN_STATE_ASKED));
    Instant now{};
    for (int counted = 1; counted < 5; ++counted) {
        CHECK_FALSE(book.has_failed("a", 10, now));
        CHECK_FALSE(book.has_failed("a", 10, now + Milliseconds{5'000}));
        CHECK_FALSE(book.has_failed("a", 10, now + Milliseconds{9'999}));
        now += Milliseconds{10'000};
    }
    CHECK(book.has_failed("a", 10, now));
}
