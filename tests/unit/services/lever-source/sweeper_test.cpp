#include "services/lever-source/sweeper.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <set>

#include "hirewire/v1/hint.pb.h"
#include "tests/support/fake_lever.hpp"
#include "tests/support/fake_producer.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"
#include "tests/support/runs.hpp"

using namespace hirewire;
using namespace hirewire::source;

namespace {

namespace asio = boost::asio;

struct Bench {
    Bench() {
        settings.interval = Milliseconds{5};
        clock.advance(std::chrono::hours{24 * 20'000});
        now = to_ms(clock.now());
        past.hires_read_at_ms = now;
    }
    void add(const std::string& id, std::int64_t updated_at) {
        auto& o = lever.opportunities[id];
        o.id = id;
        o.updated_at_ms = updated_at;
    }
    // Until so many runs have been told as finished or something fails for good.
    void run_until(const std::function<bool()>& done) {
        sweeper = std::make_unique<Sweeper>(
            context.get_executor(), settings, kept, lever, library, reader, book, producer, clock, metrics);
        asio::co_spawn(context, sweeper->run(), asio::detached);
        context.restart();
        for (int i = 0; i < 2'000 && !done(); ++i) context.run_one_for(Milliseconds{20});
        sweeper->stop();
        while (context.run_one_for(Milliseconds{20}) != 0) {
        }
    }
    std::vector<v1::Run> runs(v1::RunState state) const { return testing::runs_of(producer, state); }
    bool finished(std::size_t count) const { return runs(v1::RUN_STATE_FINISHED).size() >= count; }
    std::set<std::string> hinted() const {
        std::set<std::string> ids;
        for (const auto& message : producer.of("lever.sweeps")) {
            v1::Hint hint;
            REQUIRE(hint.ParseFromString(*message.value));
            CHECK(hint.triggered_at_ms() == 0);
            CHECK(message.key == hint.opportunity_id());
            ids.insert(hint.opportunity_id());
        }
        return ids;
    }

    testing::ManualClock clock;
    std::int64_t now = 0;
    testing::FakeLever lever{clock};
    testing::FakeProducer producer;
    metrics::Registry metrics;
    asio::io_context context{1};
    Library library{lever, clock, {}, "anticipated_start_date"};
    Reader reader{context.get_executor(), lever, clock, {}};
    SweepSettings settings;
    RunsSoFar past{};
    std::set<std::string> hires{};
    Past kept{[this] { return past; }, [this](std::int64_t) { return hires; }};
    RunBook book{"main", producer, clock};
    std::unique_ptr<Sweeper> sweeper;
};

constexpr std::int64_t minute = 60'000;

RunsSoFar past_of(const std::vector<v1::Run>& runs) {
    RunsSoFar past;
    for (const auto& run : runs) add_run(past, run);
    return past;
}

}  // namespace

TEST_CASE("sweeper: the first start walks all there is, but for what a webhook may still claim") {
    Bench b;
    b.add("old", b.now - 1'000 * minute);
    b.add("without a date", 0);
    b.add("just now", b.now - minute / 2);
    b.run_until([&] { return b.finished(1); });
    CHECK(b.hinted() == std::set<std::string>{"old", "without a date"});
    const auto run = b.runs(v1::RUN_STATE_FINISHED).at(0);
    CHECK(run.kind() == "walk");
    CHECK(run.counts().at("opportunities") == 2);
    // What was left alone is the next sweep's.
    CHECK(past_of({run}).covered_until_ms == b.now - 2 * minute);
    CHECK(past_of({run}).walked_at_ms == b.now);
}

TEST_CASE(
    "sweeper: a sweep begins before the end of the last one, ends two minutes ago, and asks for what was deleted") {
    Bench b;
    b.past.covered_until_ms = b.now - 10 * minute;
    b.past.walked_at_ms = b.now - 60 * minute;
    b.add("long ago", b.now - 16 * minute);
    b.add("in the overlap", b.now - 14 * minute);
    b.add("since", b.now - 3 * minute);
    b.add("just now", b.now - minute);
    b.lever.deleted["gone"] = from_ms(b.now - 4 * minute);
    b.lever.deleted["gone long ago"] = from_ms(b.now - 400 * minute);
    b.run_until([&] { return b.finished(1); });
    CHECK(b.hinted() == std::set<std::string>{"in the overlap", "since", "gone"});
    const auto run = b.runs(v1::RUN_STATE_FINISHED).at(0);
    CHECK(run.kind() == "sweep");
    CHECK(past_of({run}).covered_until_ms == b.now - 2 * minute);
}

TEST_CASE("sweeper: what an operator asks for reaches up to now, under the id that was asked") {
    Bench b;
    b.past.covered_until_ms = b.now - 10 * minute;
    b.past.walked_at_ms = b.now;
    b.settings.interval = std::chrono::hours{1};
    b.add("just now", b.now);
    b.run_until([&] {
        if (b.finished(1) && b.hinted().empty()) {
            v1::Run asked;
            asked.set_run_id("the asked one");
            b.sweeper->ask(asked);
        }
        return b.finished(2);
    });
    CHECK(b.hinted() == std::set<std::string>{"just now"});
    CHECK(b.runs(v1::RUN_STATE_FINISHED).at(1).run_id() == "the asked one");
}

TEST_CASE("sweeper: a walk that was broken off goes on at its last page, and anew when Lever forgot the page") {
    Bench b;
    b.lever.page_size = 2;
    for (const char* id : {"a", "b", "c", "d", "e"}) b.add(id, b.now - 100 * minute);
    v1::Run broken;
    broken.set_run_id("walk-1");
    broken.set_kind("walk");
    broken.set_state(v1::RUN_STATE_CHECKPOINT);
    broken.set_checkpoint("b");
    broken.set_began_ms(b.now - 5 * minute);
    b.past = past_of({broken});
    SUBCASE("goes on") {
        b.run_until([&] { return b.finished(1); });
        CHECK(b.hinted() == std::set<std::string>{"c", "d", "e"});
        const auto run = b.runs(v1::RUN_STATE_FINISHED).at(0);
        CHECK(run.run_id() == "walk-1");
        CHECK(past_of({broken, run}).walk_id.empty());
        CHECK(past_of({run}).covered_until_ms == b.now - 7 * minute);
    }
    SUBCASE("anew") {
        bool first = true;
        b.lever.watch = [&](const std::string& call) {
            if (call == "page" && std::exchange(first, false)) {
                b.lever.trouble["page"] = lever::Errc::bad_offset;
            } else {
                b.lever.trouble.erase("page");
            }
        };
        b.run_until([&] { return b.finished(1); });
        CHECK(b.hinted() == std::set<std::string>{"a", "b", "c", "d", "e"});
    }
}

TEST_CASE("sweeper: open hires are hinted at once a day, beside the sweeps") {
    Bench b;
    b.past.covered_until_ms = b.now - 10 * minute;
    b.past.walked_at_ms = b.now;
    b.hires = {"starts in spring", "start unknown"};
    const auto yesterday = b.now - 24 * 60 * minute;
    SUBCASE("a day after the last time") {
        b.past.hires_read_at_ms = yesterday - 1;
        b.run_until([&] { return b.finished(2); });
        CHECK(b.hinted() == b.hires);
        const auto run = b.runs(v1::RUN_STATE_FINISHED).at(1);
        CHECK(run.kind() == "hires");
        CHECK(past_of({run}).hires_read_at_ms == b.now);
        CHECK(past_of({run}).covered_until_ms == 0);
    }
    SUBCASE("not before") {
        b.past.hires_read_at_ms = yesterday + minute;
        b.run_until([&] { return b.finished(2); });
        CHECK(b.hinted().empty());
    }
}

TEST_CASE("sweeper: a sweep that fails has covered nothing, and is done again") {
    Bench b;
    b.past.covered_until_ms = b.now - 10 * minute;
    b.past.walked_at_ms = b.now;
    b.add("since", b.now - 3 * minute);
    int failures = 2;
    b.lever.watch = [&](const std::string& call) {
        if (call != "deleted_since") return;
        if (failures-- > 0) {
            b.lever.trouble["deleted_since"] = lever::Errc::unavailable;
        } else {
            b.lever.trouble.clear();
        }
    };
    b.run_until([&] { return b.finished(1); });
    CHECK(b.runs(v1::RUN_STATE_FINISHED).size() == 1);
    // What it found first is told once: nothing is told of a list that may not end.
    CHECK(b.producer.of("lever.sweeps").size() == 1);
}

TEST_CASE("sweeper: a walk after a long silence asks what was deleted in it") {
    Bench b;
    b.past.covered_until_ms = b.now - 25 * 60 * minute;
    b.past.walked_at_ms = b.past.covered_until_ms;
    b.add("still there", b.now - 100 * minute);
    b.lever.deleted["gone yesterday"] = from_ms(b.now - 20 * 60 * minute);
    b.run_until([&] { return b.finished(1); });
    CHECK(b.runs(v1::RUN_STATE_FINISHED).at(0).kind() == "walk");
    CHECK(b.hinted() == std::set<std::string>{"gone yesterday", "still there"});
}

TEST_CASE("sweeper: a key that may not see what was deleted does not keep sweeps from ending") {
    Bench b;
    b.past.covered_until_ms = b.now - 10 * minute;
    b.past.walked_at_ms = b.now;
    b.add("since", b.now - 3 * minute);
    b.lever.trouble["deleted_since"] = lever::Errc::forbidden;
    b.run_until([&] { return b.finished(2); });
    CHECK(b.hinted() == std::set<std::string>{"since"});
}

TEST_CASE("sweeper: a walk that fails goes on at its page, in the same process too") {
    Bench b;
    b.lever.page_size = 2;
    for (const char* id : {"a", "b", "c", "d", "e"}) b.add(id, b.now - 100 * minute);
    int pages = 0;
    b.lever.watch = [&](const std::string& call) {
        if (call != "page") return;
        b.lever.trouble.clear();
        if (++pages == 3) b.lever.trouble["page"] = lever::Errc::unavailable;
    };
    b.run_until([&] { return b.finished(1); });
    CHECK(pages >= 4);
    CHECK(b.producer.of("lever.sweeps").size() == 5);
    const auto run = b.runs(v1::RUN_STATE_FINISHED).at(0);
    CHECK(run.kind() == "walk");
    CHECK(b.runs(v1::RUN_STATE_STARTED).size() == 1);
}

TEST_CASE("sweeper: several who ask are served by one sweep, and told when it fails") {
    Bench b;
    b.past.covered_until_ms = b.now - 10 * minute;
    b.past.walked_at_ms = b.now;
    b.settings.interval = std::chrono::hours{1};
    const auto ask = [&](const char* id) {
        v1::Run asked;
        asked.set_run_id(id);
        b.sweeper->ask(asked);
    };
    bool asked = false;
    b.run_until([&] {
        if (b.finished(1) && !asked) {
            asked = true;
            b.lever.trouble["page"] = lever::Errc::unavailable;
            ask("one");
            ask("two");
        }
        if (b.runs(v1::RUN_STATE_FAILED).size() == 2) b.lever.trouble.clear();
        return b.runs(v1::RUN_STATE_FAILED).size() == 2;
    });
    const auto failed = b.runs(v1::RUN_STATE_FAILED);
    REQUIRE(failed.size() == 2);
    CHECK(failed[0].run_id() == "one");
    CHECK(failed[1].run_id() == "two");
}
