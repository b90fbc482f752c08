#pragma once
// The leader tasks of one daemon: in every process they hear hiring.runs, in the one that leads they run. Knows no
// Kafka: who leads, and what is heard, it is told.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/sync/leader_task.hpp"

namespace hirewire::sync {

class TaskGroup {
public:
    // `fail` ends the process with a sentence. What `tools` refers to outlives the group.
    TaskGroup(std::vector<std::unique_ptr<LeaderTask>> tasks, TaskTools tools, std::function<void(std::string)> fail);
    [[nodiscard]] bool empty() const { return tasks_.empty(); }
    void hear(const v1::Run& run);
    // Both have to come before the tasks begin, in any order.
    void caught_up();
    void leads();
    void reload();
    // Ends when the tasks have ended, or after `patience`.
    boost::asio::awaitable<void> stop(Milliseconds patience = Milliseconds{3'000});
    [[nodiscard]] int running() const { return *running_; }

private:
    void begin();
    // Nothing when the end has come before the beginning.
    boost::asio::awaitable<void> run(LeaderTask& task);

    std::vector<std::unique_ptr<LeaderTask>> tasks_;
    TaskTools tools_;
    std::function<void(std::string)> fail_;
    // A task that has ended after the group says so all the same.
    std::shared_ptr<int> running_ = std::make_shared<int>(0);
    std::shared_ptr<bool> stopping_ = std::make_shared<bool>(false);
    bool caught_up_ = false;
    bool leads_ = false;
    bool begun_ = false;
};

}  // namespace hirewire::sync
