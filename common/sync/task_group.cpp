#include "common/sync/task_group.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <string>
#include <utility>

#include "common/core/sleep.hpp"

namespace hirewire::sync {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds look{10};

}  // namespace

TaskGroup::TaskGroup(
    std::vector<std::unique_ptr<LeaderTask>> tasks, TaskTools tools, std::function<void(std::string)> fail)
    : tasks_{std::move(tasks)}, tools_{std::move(tools)}, fail_{std::move(fail)} {}

void TaskGroup::hear(const v1::Run& run) {
    if (*stopping_) return;
    for (const auto& task : tasks_) task->hear(run);
}

void TaskGroup::caught_up() {
    caught_up_ = true;
    begin();
}

void TaskGroup::leads() {
    leads_ = true;
    begin();
}

void TaskGroup::begin() {
    if (!caught_up_ || !leads_ || *stopping_ || std::exchange(begun_, true)) return;
    for (const auto& task : tasks_) {
        ++*running_;
        auto ended = [running = running_, stopping = stopping_, fail = fail_](std::exception_ptr failure) {
            --*running;
            // What breaks because all of it ends is no failure.
            if (!failure || *stopping) return;
            try {
                std::rethrow_exception(failure);
            } catch (const std::exception& e) {
                fail(e.what());
            }
        };
        asio::co_spawn(tools_.executor, run(*task), std::move(ended));
    }
}

asio::awaitable<void> TaskGroup::run(LeaderTask& task) {
    if (!*stopping_) co_await task.run(tools_);
}

void TaskGroup::reload() {
    for (const auto& task : tasks_) task->reload();
}

asio::awaitable<void> TaskGroup::stop(Milliseconds patience) {
    *stopping_ = true;
    for (const auto& task : tasks_) task->stop();
    tools_.courier.stop();
    const Instant until = tools_.clock.monotonic() + patience;
    while (*running_ > 0 && tools_.clock.monotonic() < until) co_await sleep_for(look);
}

}  // namespace hirewire::sync
