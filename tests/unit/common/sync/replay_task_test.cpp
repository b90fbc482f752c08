#include "common/sync/replay_task.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/support/runs.hpp"
#include "tests/unit/common/sync/task_desk.hpp"

using namespace hirewire;
using namespace hirewire::sync;

namespace {

namespace asio = boost::asio;

const std::string everything = R"({"source":"changes"})";
using States = std::vector<v1::RunState>;

// Goes as far as the test says.
class FakeReplay final : public Replaying {
public:
    explicit FakeReplay(const asio::any_io_executor& executor) : woken_{executor} {}
    asio::awaitable<ReplayProgress> run(ReplayTerms terms, Tell tell) override {
        ++runs;
        stopped_ = false;
        progress.checkpoint = terms.checkpoint;
        while (true) {
            ReplayProgress now = progress;
            if (!reads_past) co_await tell(std::move(now));
            if (!failure.empty()) throw std::runtime_error{failure};
            if (stopped_ || progress.done) break;
            woken_.expires_at(Instant::max());
            boost::system::error_code ignored;
            co_await woken_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        ReplayProgress last = progress;
        co_return last;
    }
    void stop() override {
        ++stops;
        stopped_ = true;
        woken_.cancel();
    }
    // Tells how far it is, as it does about once a second.
    void report() { woken_.cancel(); }

    ReplayProgress progress{};
    std::string failure{};
    bool reads_past = false;  // and tells nothing yet
    int runs = 0;
    int stops = 0;

private:
    asio::steady_timer woken_;
    bool stopped_ = false;
};

// No Kafka to read: what is decided beside that.
struct Bench : testing::TaskDesk {
    Bench() : TaskDesk{"plain"} {}
    ~Bench() {
        task.stop();
        poll();
    }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    void play() {
        asio::co_spawn(context, task.run(tools), asio::detached);
        poll();
    }
    v1::Run asked(const std::string& id, const std::string& spec = everything) const {
        v1::Run run;
        run.set_run_id(id);
        run.set_kind("replay");
        run.set_destination("plain");
        run.set_state(v1::RUN_STATE_ASKED);
        run.set_spec(spec);
        return run;
    }
    void hear(const std::string& id, v1::RunState state) {
        auto run = asked(id);
        run.set_state(state);
        task.hear(run);
        poll();
    }
    void report_after(Milliseconds time) {
        clock.advance(time);
        replay->report();
        poll();
    }
    // All that was told, as it comes back from Kafka.
    void hear_what_was_told() {
        for (const auto& run : told()) task.hear(run);
        poll();
    }
    std::vector<v1::Run> told() const {
        std::vector<v1::Run> all;
        for (const auto& message : producer.of("hiring.runs")) {
            v1::Run run;
            REQUIRE(run.ParseFromString(*message.value));
            all.push_back(run);
        }
        return all;
    }
    States states() const {
        States all;
        for (const auto& run : told()) all.push_back(run.state());
        return all;
    }
    // While a record of this state is being written for the first time, another one is heard.
    void meanwhile(v1::RunState writing, v1::RunState heard) {
        producer.fails = [this, writing, heard, done = false](const kafka::Message& message) mutable {
            v1::Run run;
            REQUIRE(run.ParseFromString(*message.value));
            if (run.state() != writing || std::exchange(done, true)) return false;
            run.set_state(heard);
            task.hear(run);
            return false;
        };
    }

    FakeReplay* replay = nullptr;  // once it plays
    std::function<void(FakeReplay&)> prepare{};
    const ReplayTask::Make make = [this](TaskTools& with) {
        auto made = std::make_unique<FakeReplay>(with.executor);
        replay = made.get();
        if (prepare) prepare(*replay);
        return made;
    };
    ReplayTask task{"plain", make};
};

}  // namespace

// Protects the destination from a replay of more than was asked for, and who asked from waiting for ever.
TEST_CASE("replay task: what it does not understand fails at once, with the reason, and the next one is looked at") {
    Bench b;
    b.task.hear(b.asked("one", R"({"source":"changes","colour":"red"})"));
    b.task.hear(b.asked("two", "nonsense"));
    b.play();
    const auto failed = testing::runs_of(b.producer, v1::RUN_STATE_FAILED);
    REQUIRE(failed.size() == 2);
    CHECK(failed[0].run_id() == "one");
    CHECK(failed[1].run_id() == "two");
    CHECK_FALSE(failed[0].checkpoint().empty());
    CHECK(testing::runs_of(b.producer, v1::RUN_STATE_STARTED).empty());
}

TEST_CASE("replay task: what is paused or for another destination is left alone") {
    Bench b;
    auto run = b.asked("one", "nonsense");
    b.task.hear(run);
    run.set_state(v1::RUN_STATE_PAUSED);
    b.task.hear(run);
    auto other = b.asked("two", "nonsense");
    other.set_destination("another");
    b.task.hear(other);
    b.play();
    CHECK(b.producer.messages.empty());
}

// Protects who asked from waiting for ever without a word, and the replays behind it.
TEST_CASE("replay task: what fails says why and is tried again; the fifth time it ends, and the next one begins") {
    Bench b;
    b.play();
    const std::string reason = "topic sync.plain.replay cannot be read";
    b.replay->failure = reason;
    b.hear("one", v1::RUN_STATE_ASKED);
    const auto first = b.told();
    REQUIRE(first.size() == 2);
    CHECK(first[1].state() == v1::RUN_STATE_CHECKPOINT);
    CHECK(trouble_in(first[1].checkpoint()) == reason);
    CHECK(read_replay_checkpoint(first[1].checkpoint()) == read_replay_checkpoint(first[0].checkpoint()));
    // Each wakes it; by the clock its rest is over.
    for (int i = 0; i < 4; ++i) {
        b.clock.advance(Milliseconds{15'000});
        b.hear("two", v1::RUN_STATE_ASKED);
    }
    const auto failed = testing::runs_of(b.producer, v1::RUN_STATE_FAILED);
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].run_id() == "one");
    CHECK(failed[0].checkpoint() == reason);
    CHECK(b.replay->runs == 6);
    CHECK(b.told().back().run_id() == "two");
    CHECK(b.told().back().state() == v1::RUN_STATE_CHECKPOINT);
}

// Protects its five attempts, and with them its last two minutes, from who asks for other replays.
TEST_CASE("replay task: others that are asked for meanwhile do not use up the attempts of one that fails") {
    Bench b;
    b.play();
    b.replay->failure = "the reason";
    b.hear("one", v1::RUN_STATE_ASKED);
    SUBCASE("to this destination") {
        for (int i = 0; i < 6; ++i) b.hear("two", v1::RUN_STATE_ASKED);
        CHECK(b.replay->runs == 7);
    }
    SUBCASE("to another one, which does not wake it either") {
        auto other = b.asked("two");
        other.set_destination("another");
        b.task.hear(other);
        b.poll();
        CHECK(b.replay->runs == 1);
    }
    CHECK(testing::runs_of(b.producer, v1::RUN_STATE_FAILED).empty());
}

// Protects the report of what was done before: an attempt that ends while it reads knows nothing of it, or a part.
TEST_CASE("replay task: what ends before it has told how far it is leaves the counts as they were") {
    Bench b;
    auto run = b.asked("one");
    run.set_state(v1::RUN_STATE_CHECKPOINT);
    (*run.mutable_counts())["sent"] = 7;
    (*run.mutable_counts())["applied"] = 6;
    b.task.hear(run);
    std::string failure;
    b.prepare = [&failure](FakeReplay& replay) {
        replay.reads_past = true;
        replay.progress.sent = 3;
        replay.failure = failure;
    };
    SUBCASE("in failures, until it is given up") {
        failure = "the reason";
        b.play();
        CHECK(b.states() == States{v1::RUN_STATE_STARTED, v1::RUN_STATE_CHECKPOINT});
        for (int i = 0; i < 4; ++i) {
            b.clock.advance(Milliseconds{15'000});
            b.hear("two", v1::RUN_STATE_ASKED);
        }
        CHECK(testing::runs_of(b.producer, v1::RUN_STATE_FAILED).size() == 1);
    }
    SUBCASE("in a pause") {
        b.play();
        run.set_state(v1::RUN_STATE_PAUSED);
        b.task.hear(run);
        b.poll();
        CHECK(b.states() == States{v1::RUN_STATE_STARTED, v1::RUN_STATE_PAUSED});
    }
    SUBCASE("in a cancellation") {
        b.play();
        run.set_state(v1::RUN_STATE_CANCELLED);
        b.task.hear(run);
        b.poll();
        CHECK(b.states() == States{v1::RUN_STATE_STARTED, v1::RUN_STATE_CANCELLED});
    }
    for (const auto& told : b.told()) {
        if (told.run_id() != "one") continue;
        CAPTURE(told.state());
        REQUIRE(told.counts().size() == 2);
        CHECK(told.counts().at("sent") == 7);
        CHECK(told.counts().at("applied") == 6);
    }
}

TEST_CASE("replay task: once it tells how far it is that replaces the counts of an earlier process") {
    Bench b;
    auto run = b.asked("one");
    (*run.mutable_counts())["sent"] = 7;
    (*run.mutable_counts())["dead"] = 1;
    b.task.hear(run);
    b.prepare = [](FakeReplay& replay) { replay.progress.sent = 9; };
    b.play();
    b.hear("one", v1::RUN_STATE_PAUSED);
    const auto last = b.told().back();
    CHECK(last.state() == v1::RUN_STATE_PAUSED);
    CHECK(last.counts().at("sent") == 9);
    CHECK_FALSE(last.counts().contains("dead"));
}

TEST_CASE("replay task: what goes on after a failure says nothing of it any more") {
    Bench b;
    b.play();
    b.replay->failure = "the reason";
    b.hear("one", v1::RUN_STATE_ASKED);
    b.replay->failure.clear();
    b.hear("two", v1::RUN_STATE_ASKED);
    CHECK(trouble_in(b.told().back().checkpoint()) == "the reason");
    b.replay->progress.checkpoint = replay_checkpoint(b.clock.now());
    b.report_after(Milliseconds{2'000});
    CHECK(b.told().back().state() == v1::RUN_STATE_CHECKPOINT);
    CHECK(trouble_in(b.told().back().checkpoint()).empty());
}

// Protects who looks on from taking a slow replay for a daemon that does not run.
TEST_CASE("replay task: how far it is is told when that has changed, and every fifteen seconds in any case") {
    Bench b;
    b.play();
    b.hear("one", v1::RUN_STATE_ASKED);
    CHECK(b.states() == States{v1::RUN_STATE_STARTED});
    b.report_after(Milliseconds{1'999});
    CHECK(b.states().size() == 1);
    b.report_after(Milliseconds{1});
    CHECK(b.states().size() == 2);
    b.report_after(Milliseconds{14'999});
    CHECK(b.states().size() == 2);
    b.report_after(Milliseconds{1});
    CHECK(b.states().size() == 3);
    b.replay->progress.sent = 1;
    b.report_after(Milliseconds{2'000});
    CHECK(b.states().size() == 4);
    b.replay->progress.done = true;
    b.report_after(Milliseconds{0});
    CHECK(b.states().back() == v1::RUN_STATE_FINISHED);
}

TEST_CASE("replay task: a pause holds until it is asked for again, as often as somebody says so") {
    Bench b;
    b.play();
    b.hear("one", v1::RUN_STATE_ASKED);
    for (int times = 1; times <= 2; ++times) {
        b.hear("one", v1::RUN_STATE_PAUSED);
        CHECK(b.states().back() == v1::RUN_STATE_PAUSED);
        b.hear_what_was_told();
        b.producer.messages.clear();
        CHECK(b.replay->runs == times);
        b.hear("one", v1::RUN_STATE_ASKED);
        CHECK(b.replay->runs == times + 1);
    }
    CHECK(b.states() == States{v1::RUN_STATE_STARTED});
}

// Protects the operator's word: what the daemon answers to the one before comes after it in the topic.
TEST_CASE("replay task: who resumes while the pause is being written is obeyed, here and by those who read it") {
    Bench b;
    b.play();
    b.hear("one", v1::RUN_STATE_ASKED);
    b.meanwhile(v1::RUN_STATE_PAUSED, v1::RUN_STATE_ASKED);
    b.hear("one", v1::RUN_STATE_PAUSED);
    const States expected{v1::RUN_STATE_STARTED, v1::RUN_STATE_PAUSED, v1::RUN_STATE_ASKED, v1::RUN_STATE_STARTED};
    CHECK(b.states() == expected);
    CHECK(b.replay->runs == 2);
    const int stops = b.replay->stops;
    b.hear_what_was_told();
    CHECK(b.replay->stops == stops);
    CHECK(b.states() == expected);
}

TEST_CASE("replay task: nothing but the end is written once a cancellation is heard, and it stands last") {
    Bench b;
    b.play();
    b.hear("one", v1::RUN_STATE_ASKED);
    SUBCASE("while a checkpoint is written") {
        b.meanwhile(v1::RUN_STATE_CHECKPOINT, v1::RUN_STATE_CANCELLED);
        b.report_after(Milliseconds{2'000});
        CHECK(b.states().size() == 3);
    }
    SUBCASE("when a checkpoint is due") {
        b.clock.advance(Milliseconds{2'000});
        b.hear("one", v1::RUN_STATE_CANCELLED);
        CHECK(b.states().size() == 2);
    }
    SUBCASE("while a pause is written") {
        b.meanwhile(v1::RUN_STATE_PAUSED, v1::RUN_STATE_CANCELLED);
        b.hear("one", v1::RUN_STATE_PAUSED);
        CHECK(b.states().size() == 3);
    }
    SUBCASE("while it is told why it has failed") {
        b.meanwhile(v1::RUN_STATE_CHECKPOINT, v1::RUN_STATE_CANCELLED);
        b.replay->failure = "the reason";
        b.report_after(Milliseconds{0});
        CHECK(b.states().size() == 3);
    }
    CHECK(b.states().back() == v1::RUN_STATE_CANCELLED);
    b.hear_what_was_told();
    CHECK(b.replay->runs == 1);
}

TEST_CASE("replay task: a run's counts are outcomes and effects by name") {
    ReplayProgress progress;
    progress.found = 5;
    progress.overtaken = 2;
    progress.sent = 3;
    progress.calls = 2;
    progress.outcomes = {{"applied", 2}, {"superseded", 3}};
    progress.effects = {{"created", 1}, {"updated", 1}};
    const runtime::Counts counts = counts_of(progress);
    const runtime::Counts expected{
        {"applied", 2},
        {"calls", 2},
        {"created", 1},
        {"found", 5},
        {"overtaken", 2},
        {"sent", 3},
        {"superseded", 3},
        {"updated", 1}};
    CHECK(counts == expected);
    for (const auto& counted : counts) {
        CAPTURE(counted.first);
        CHECK(is_outcome_count(counted.first) == progress.outcomes.contains(counted.first));
    }
}
