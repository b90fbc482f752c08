#include "common/sync/replay_task.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "tests/support/runs.hpp"
#include "tests/unit/common/sync/task_desk.hpp"

using namespace hirewire;
using namespace hirewire::sync;

namespace {

namespace asio = boost::asio;

// No Kafka to read: what is decided before that.
struct Bench : testing::TaskDesk {
    Bench() : TaskDesk{"plain"} {}
    void play() {
        asio::co_spawn(context, task.run(tools), asio::detached);
        poll();
    }
    v1::Run asked(const std::string& id, const std::string& spec) const {
        v1::Run run;
        run.set_run_id(id);
        run.set_kind("replay");
        run.set_destination("plain");
        run.set_state(v1::RUN_STATE_ASKED);
        run.set_spec(spec);
        return run;
    }

    ReplayTask task{"plain"};
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
    b.task.stop();
    b.context.poll();
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
    b.task.stop();
    b.context.poll();
}

TEST_CASE("replay task: a run's counts are outcomes and effects by name") {
    ReplayProgress progress;
    progress.found = 5;
    progress.sent = 3;
    progress.calls = 2;
    progress.outcomes = {{"applied", 2}, {"superseded", 3}};
    progress.effects = {{"created", 1}, {"updated", 1}};
    const runtime::Counts counts = counts_of(progress);
    const runtime::Counts expected{
        {"applied", 2}, {"calls", 2}, {"created", 1}, {"found", 5}, {"sent", 3}, {"superseded", 3}, {"updated", 1}};
    CHECK(counts == expected);
}
