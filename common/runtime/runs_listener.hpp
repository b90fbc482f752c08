#pragma once
// Hears every record of hiring.runs, from the topic's beginning and then as it comes, in every process, in no
// consumer group: what operators ask for is for all of them. Reads on a thread of its own, because reading blocks;
// what is heard is called on the executor, one record after the other. A broker that is away is waited for.
#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <thread>

#include "common/kafka/record.hpp"
#include "common/kafka/settings.hpp"
#include "hirewire/v1/run.pb.h"

namespace hirewire::runtime {

// What is read again from the beginning, after a failure, is not heard again.
class HeardOnce {
public:
    // Whether the record has not been seen before; from then on it has.
    bool is_new(const kafka::Record& record);

private:
    std::map<kafka::Partition, kafka::Offset> next_{};
};

class RunsListener {
public:
    struct Listener {
        std::function<void(const v1::Run&)> heard{};
        std::function<void()> caught_up{};  // once; may be left out
    };
    RunsListener(boost::asio::any_io_executor executor, kafka::Settings kafka, Listener listener);
    // Waits for its thread, half a second at most.
    ~RunsListener();
    RunsListener(const RunsListener&) = delete;
    RunsListener& operator=(const RunsListener&) = delete;

    // Once.
    void start();
    // Nothing is heard after this. Does not wait for the thread.
    void stop();
    // Whether all that was there at the start has been heard.
    [[nodiscard]] bool caught_up() const;

private:
    struct State;
    std::shared_ptr<State> state_;
    std::thread thread_;
};

}  // namespace hirewire::runtime
