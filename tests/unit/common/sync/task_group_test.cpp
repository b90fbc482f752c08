#include "common/sync/task_group.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/runtime/rounds.hpp"
#include "tests/support/run.hpp"
#include "tests/unit/common/sync/task_desk.hpp"

using namespace hirewire;
using namespace hirewire::sync;

namespace {

namespace asio = boost::asio;

// What a task was told, which outlives it.
struct Told {
    int runs = 0;
    int reloads = 0;
    int stops = 0;
    std::vector<std::string> heard{};
    std::string destination{};
    std::string throws{};  // by run(), at once
};

// Lives until it is stopped, or throws.
class Task final : public LeaderTask {
public:
    explicit Task(Told& told) : told_{told} {}
    asio::awaitable<void> run(TaskTools& tools) override {
        ++told_.runs;
        told_.destination = tools.destination;
        if (!told_.throws.empty()) throw std::runtime_error{told_.throws};
        rounds_ = std::make_unique<runtime::Rounds>(tools.executor);
        const std::function<asio::awaitable<void>()> nothing = []() -> asio::awaitable<void> { co_return; };
        co_await rounds_->run(nothing, std::chrono::hours{1}, "task.failed");
    }
    void hear(const v1::Run& run) override { told_.heard.push_back(run.run_id()); }
    void reload() override { ++told_.reloads; }
    void stop() override {
        ++told_.stops;
        if (rounds_) rounds_->stop();
    }

private:
    Told& told_;
    std::unique_ptr<runtime::Rounds> rounds_;
};

struct Bench : testing::TaskDesk {
    Bench() : TaskDesk{"plain"} {}
    TaskGroup& group() {
        if (!group_) {
            std::vector<std::unique_ptr<LeaderTask>> tasks;
            tasks.push_back(std::make_unique<Task>(first));
            tasks.push_back(std::make_unique<Task>(second));
            group_ = std::make_unique<TaskGroup>(
                std::move(tasks), tools, [this](const std::string& why) { failures.push_back(why); });
        }
        return *group_;
    }
    void stop() { testing::finish(context, group().stop()); }

    Told first{};
    Told second{};
    std::vector<std::string> failures{};

private:
    std::unique_ptr<TaskGroup> group_;
};

v1::Run run_of(const std::string& id) {
    v1::Run run;
    run.set_run_id(id);
    return run;
}

}  // namespace

TEST_CASE("leader tasks: they begin once, when the process leads and all of hiring.runs has been heard") {
    for (const bool leads_first : {true, false}) {
        CAPTURE(leads_first);
        Bench b;
        leads_first ? b.group().leads() : b.group().caught_up();
        b.poll();
        CHECK(b.first.runs == 0);
        leads_first ? b.group().caught_up() : b.group().leads();
        b.poll();
        CHECK(b.first.runs == 1);
        CHECK(b.second.runs == 1);
        CHECK(b.second.destination == "plain");
        b.group().leads();
        b.group().caught_up();
        b.poll();
        CHECK(b.first.runs == 1);
        CHECK(b.group().running() == 2);
        b.stop();
    }
}

TEST_CASE("leader tasks: all of them hear every run, also where they do not run") {
    Bench b;
    b.group().hear(run_of("one"));
    b.group().caught_up();
    b.group().hear(run_of("two"));
    b.group().reload();
    CHECK(b.first.heard == std::vector<std::string>{"one", "two"});
    CHECK(b.second.heard == std::vector<std::string>{"one", "two"});
    CHECK(b.second.reloads == 1);
    CHECK(b.first.runs == 0);
}

TEST_CASE("leader tasks: the end waits for theirs, and nothing begins or is heard after it") {
    Bench b;
    b.group().caught_up();
    b.group().leads();
    b.poll();
    b.stop();
    CHECK(b.group().running() == 0);
    CHECK(b.first.stops == 1);
    CHECK(b.second.stops == 1);
    CHECK(b.failures.empty());
    b.group().hear(run_of("late"));
    CHECK(b.first.heard.empty());

    Bench standby;
    standby.group().caught_up();
    standby.stop();
    standby.group().leads();
    standby.poll();
    CHECK(standby.first.runs == 0);
    CHECK(standby.first.stops == 1);
}

TEST_CASE("leader tasks: what one throws ends the process with its sentence, but not while all of it ends") {
    Bench b;
    b.second.throws = "the list cannot be read";
    b.group().caught_up();
    b.group().leads();
    b.poll();
    CHECK(b.failures == std::vector<std::string>{"the list cannot be read"});
    CHECK(b.group().running() == 1);
    b.stop();

    Bench ending;
    ending.second.throws = "the process is ending";
    ending.group().caught_up();
    ending.group().leads();
    ending.stop();
    CHECK(ending.failures.empty());
}
