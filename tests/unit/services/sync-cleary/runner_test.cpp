#include "services/sync-cleary/runner.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/change_builders.hpp"
#include "tests/support/fake_producer.hpp"
#include "tests/support/manual_clock.hpp"

using namespace hirewire;
using namespace hirewire::cleary;

namespace {

namespace asio = boost::asio;

constexpr std::int64_t day = 24 * 60 * 60'000;

v1::Run a_request(const std::string& id, std::int64_t at_ms) {
    v1::Run run;
    run.set_run_id(id);
    run.set_kind("cleary");
    run.set_state(v1::RUN_STATE_ASKED);
    run.set_at_ms(at_ms);
    return run;
}

// Kafka, the replay and time, in memory. The replay goes on when the test lets it.
struct Bench {
    Bench() {
        settings.hired_since = "2026-01-01";
        settings.time_zone = "Europe/Berlin";
        begin = to_ms(clock.now());
    }
    ~Bench() { end(); }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    void hire(const std::string& opportunity, const std::string& start_date) {
        auto change = testing::hire(begin - day, opportunity);
        change.set_start_date(start_date);
        changes.push_back(change);
    }
    void start() {
        RunMeans means;
        means.hires = [this] {
            if (kafka_fails) throw std::runtime_error{"kafka does not answer"};
            Hires hires;
            for (const auto& change : changes) hires.add(change);
            return hires;
        };
        means.endings = [this](const std::string& id) {
            Endings endings;
            for (const auto& outcome : outcomes) add_outcome(endings, outcome, id);
            return endings;
        };
        means.replay = [this](sync::ReplayTerms terms, RunMeans::Tell tell) {
            return replay(std::move(terms), std::move(tell));
        };
        means.stop_replay = [this] { stopped = true; };
        means.look_interval = Milliseconds{2};
        stopped = false;
        Agenda agenda;
        for (const auto& run : told()) add_run(agenda, run);
        runner = std::make_unique<Runner>(
            context.get_executor(), settings, std::move(means), std::move(agenda), book, clock, metrics);
        asio::co_spawn(context, runner->run(), asio::detached);
        context.restart();
    }
    // As by kill -9 when the replay is under way: nothing more is told.
    void end() {
        if (runner) runner->stop();
        while (context.run_one_for(Milliseconds{20}) != 0) {
        }
        runner.reset();
    }
    void ask(const std::string& id) {
        if (!runner) start();
        const auto run = a_request(id, to_ms(clock.now()));
        runner->hear(run);
    }
    void run_until(const std::function<bool()>& done) {
        if (!runner) start();
        for (int i = 0; i < 2'000 && !done(); ++i) context.run_one_for(Milliseconds{20});
        REQUIRE(done());
    }
    void run_until_finished(std::size_t count) {
        run_until([&] { return told(v1::RUN_STATE_FINISHED).size() >= count; });
    }
    // So many looks at the clock, in which nothing may happen.
    void rest_for_a_while() {
        for (int i = 0; i < 20; ++i) context.run_one_for(Milliseconds{20});
    }

    [[nodiscard]] std::vector<v1::Run> told() const {
        std::vector<v1::Run> all;
        for (const auto& message : producer.of("hiring.runs")) {
            v1::Run run;
            REQUIRE(run.ParseFromString(*message.value));
            all.push_back(run);
        }
        return all;
    }
    [[nodiscard]] std::vector<v1::Run> told(v1::RunState state) const {
        std::vector<v1::Run> all;
        for (const auto& run : told()) {
            if (run.state() == state) all.push_back(run);
        }
        return all;
    }

    asio::awaitable<sync::ReplayProgress> replay(sync::ReplayTerms terms, RunMeans::Tell tell) {
        replays.push_back(terms);
        stopped = false;
        sync::ReplayProgress progress;
        progress.checkpoint = "half way";
        while (hold && !stopped) {
            co_await tell(progress);
            co_await asio::post(context, asio::use_awaitable);
        }
        if (stopped) co_return progress;
        progress = result;
        progress.done = true;
        co_await tell(progress);
        co_return progress;
    }

    testing::ManualClock clock;  // 16:05 in Berlin, on the 2nd of March 2026
    std::int64_t begin = 0;
    asio::io_context context{1};
    testing::FakeProducer producer;
    metrics::Registry metrics;
    runtime::RunBook book{"main", producer, clock};
    Settings settings{};
    std::vector<v1::Change> changes{};
    std::vector<v1::Outcome> outcomes{};
    std::vector<sync::ReplayTerms> replays{};
    sync::ReplayProgress result{};
    bool kafka_fails = false;
    bool hold = false;
    bool stopped = false;
    std::unique_ptr<Runner> runner;
};

}  // namespace

TEST_CASE("#33 Cleary's runs: the daily run is done once a day, and a day's that was missed is made up, once") {
    Bench b;
    b.run_until_finished(1);
    b.rest_for_a_while();
    CHECK(b.replays.size() == 1);
    CHECK(b.replays[0].run_id == replay_id(daily_id("main", "2026-03-02")));
    b.end();
    b.clock.advance(Milliseconds{5 * day});
    b.run_until_finished(2);
    b.rest_for_a_while();
    CHECK(b.replays.size() == 2);
    CHECK(b.replays[1].run_id == replay_id(daily_id("main", "2026-03-07")));
}

TEST_CASE("#33 Cleary's runs: all standing hires are compared again, and nobody else") {
    Bench b;
    b.hire("o-1", "2026-12-01");
    b.run_until_finished(1);
    REQUIRE(b.replays.size() == 1);
    const auto& terms = b.replays[0];
    CHECK(terms.forced);
    CHECK(terms.source == sync::ReplaySource::opportunities);
    CHECK(terms.wants(testing::hire(b.begin, "o-1")));
    CHECK_FALSE(terms.wants(testing::hire(b.begin, "o-2")));
    CHECK_FALSE(terms.wants(testing::stage_change(b.begin, "o-1")));
}

TEST_CASE("#35 #37 #38 Cleary's runs: the report has what came of all, the tabs, and who passed since the last run") {
    Bench b;
    b.hire("future", "2026-12-01");
    b.hire("tomorrow", "2026-03-03");
    b.hire("none", "");
    b.result.found = 3;
    b.result.outcomes = {{"applied", 3}};
    b.result.effects = {{"created", 3}};
    b.run_until_finished(1);
    auto counts = b.told(v1::RUN_STATE_FINISHED)[0].counts();
    CHECK(counts["added"] == 3);
    CHECK(counts["new_hires_preboarding"] == 2);
    CHECK(counts["action_needed"] == 1);
    CHECK(counts["passed_since_last_run"] == 0);
    b.clock.advance(Milliseconds{day});
    b.result.outcomes = {{"unchanged", 3}};
    b.result.effects.clear();
    b.run_until_finished(2);
    counts = b.told(v1::RUN_STATE_FINISHED)[1].counts();
    CHECK(counts["added"] == 0);
    CHECK(counts["unchanged"] == 3);
    CHECK(counts["new_hires_preboarding"] == 1);
    CHECK(counts["action_needed"] == 2);
    CHECK(counts["passed_since_last_run"] == 1);
}

TEST_CASE("#34 Cleary's runs: one at a time; who asks meanwhile is told which one it is, and gets its end") {
    Bench b;
    b.hold = true;
    b.ask("first");
    b.run_until([&] { return b.replays.size() == 1; });
    b.ask("second");
    b.run_until([&] { return b.told(v1::RUN_STATE_STARTED).size() >= 2; });
    const auto joined = b.told(v1::RUN_STATE_STARTED)[1];
    CHECK(joined.run_id() == "second");
    CHECK(joined_by(joined) == "first");
    b.result.found = 7;
    b.hold = false;
    b.run_until_finished(2);
    const auto ends = b.told(v1::RUN_STATE_FINISHED);
    CHECK(ends[0].run_id() == "second");
    CHECK(joined_by(ends[0]) == "first");
    CHECK(ends[1].run_id() == "first");
    CHECK(ends[0].counts().at("found") == 7);
    for (const auto& [name, count] : ends[1].counts()) CHECK(ends[0].counts().at(name) == count);
    // The daily run comes after it; the one that joined is not done again.
    b.run_until_finished(3);
    b.rest_for_a_while();
    CHECK(b.replays.size() == 2);
}

TEST_CASE("#34 Cleary's runs: one that a process left unfinished goes on under its id, from its checkpoint") {
    Bench b;
    b.hold = true;
    b.ask("asked");
    b.run_until([&] { return !b.told(v1::RUN_STATE_CHECKPOINT).empty(); });
    const auto began = b.told(v1::RUN_STATE_STARTED)[0].began_ms();
    b.end();
    CHECK(b.told(v1::RUN_STATE_FINISHED).empty());
    b.hold = false;
    b.clock.advance(Milliseconds{60'000});
    b.run_until_finished(1);
    const auto end = b.told(v1::RUN_STATE_FINISHED)[0];
    CHECK(end.run_id() == "asked");
    CHECK(end.began_ms() == began);
    REQUIRE(b.replays.size() >= 2);
    CHECK(b.replays[1].run_id == replay_id("asked"));
    CHECK(b.replays[1].checkpoint == "half way");
}

TEST_CASE("#34 Cleary's runs: when Kafka fails in the middle, the run goes on later under its id") {
    Bench b;
    b.kafka_fails = true;
    b.run_until([&] { return b.told(v1::RUN_STATE_STARTED).size() == 1; });
    b.rest_for_a_while();
    CHECK(b.told(v1::RUN_STATE_STARTED).size() == 1);
    CHECK(b.replays.empty());
    b.kafka_fails = false;
    b.clock.advance(Milliseconds{61'000});
    b.runner->look_again();
    b.run_until_finished(1);
    CHECK(b.told(v1::RUN_STATE_FINISHED)[0].run_id() == daily_id("main", "2026-03-02"));
}

TEST_CASE("#34 Cleary's runs: a cancelled one stops and has no report") {
    Bench b;
    b.hold = true;
    b.ask("asked");
    b.run_until([&] { return b.replays.size() == 1; });
    auto cancelled = a_request("asked", b.begin);
    cancelled.set_state(v1::RUN_STATE_CANCELLED);
    b.runner->hear(cancelled);
    CHECK(b.stopped);
    b.run_until([&] { return b.replays.size() == 2; });
    b.hold = false;
    b.run_until_finished(1);
    CHECK(b.told(v1::RUN_STATE_FINISHED)[0].run_id() == daily_id("main", "2026-03-02"));
}

TEST_CASE("#33 Cleary's runs: who was un-hired since the last run is reported") {
    Bench b;
    b.hire("o-1", "2026-12-01");
    b.run_until_finished(1);
    auto taken_back = testing::stage_change(b.begin + 60'000, "o-1");
    taken_back.set_kind(v1::CHANGE_KIND_UNHIRED);
    b.changes.push_back(taken_back);
    b.clock.advance(Milliseconds{day});
    b.run_until_finished(2);
    auto counts = b.told(v1::RUN_STATE_FINISHED)[1].counts();
    CHECK(counts["unhired"] == 1);
    CHECK(counts["action_needed"] == 0);
    CHECK(counts["new_hires_preboarding"] == 0);
}
