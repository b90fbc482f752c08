#pragma once
// Work of a destination beside its changes, done by the one process of its daemon that leads: what is due at a time
// of day, what somebody asks for, what a changed configuration asks for.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <string>

#include "common/core/time.hpp"
#include "common/kafka/producer.hpp"
#include "common/kafka/settings.hpp"
#include "common/metrics/registry.hpp"
#include "common/runtime/run_book.hpp"
#include "common/sync/courier.hpp"
#include "common/sync/internal_api.hpp"
#include "hirewire/v1/run.pb.h"

namespace hirewire::sync {

// What a task works with; all of it outlives the task.
struct TaskTools {
    boost::asio::any_io_executor executor{};
    std::string account{};
    std::string destination{};  // "cluster"
    kafka::Settings kafka{};
    kafka::Producer& producer;
    runtime::RunBook& runs;     // writes hiring.runs
    Courier& courier;           // one request to the destination: pace, credential, keys, repeats
    InternalApi& lever_source;  // has a token only when the destination says asks_lever_source()
    const Clock& clock;
    metrics::Registry& metrics;
    bool confidential = false;  // whether the destination is told what is confidential
};

class LeaderTask {
public:
    virtual ~LeaderTask() = default;
    // Until stop(). Spawned once, in the process that leads, when all of hiring.runs that was there has been heard.
    // What it throws ends the process: use runtime::Rounds for work that may fail and is tried again.
    virtual boost::asio::awaitable<void> run(TaskTools& tools) = 0;
    // Every record of hiring.runs, from the topic's beginning, in every process, leading or not; on the executor.
    virtual void hear(const v1::Run& run) { (void)run; }
    // After SIGHUP: the destination's settings have their new values.
    virtual void reload() {}
    // Also called when run() was not. A delivery that is under way throws then.
    virtual void stop() = 0;
};

}  // namespace hirewire::sync
