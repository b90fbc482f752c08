#pragma once
// The shell around Core: reads Kafka, runs attempts as coroutines, feeds verdicts back, commits. lever-source and
// every sync daemon stand on it; what an attempt is, their Handler says.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "common/core/time.hpp"
#include "common/kafka/consumer.hpp"
#include "common/pipeline/core.hpp"

namespace hirewire::pipeline {

class Handler {
public:
    virtual ~Handler() = default;
    // Which lane and group a record belongs to. Must answer for every record, also for one that cannot be read.
    virtual Place place(const kafka::Record& record) = 0;
    // One attempt. The job stays until the verdict is there.
    virtual boost::asio::awaitable<Attempted> attempt(const Job& job) = 0;
    // Writes the dead letter; false when that did not work.
    virtual boost::asio::awaitable<bool> give_up(const Job& job, std::string reason) = 0;
    // Writes the job's newest record to the tier's topic, with its history; false when that did not work. Asked only
    // of those whose settings name tiers.
    virtual boost::asio::awaitable<bool> park(const Job& job, Park park);
    // Both are asked only of those whose consumer has a strict topic, and throw to be asked again. The reading of a
    // partition has begun at its end: makes up for what lies before. Until this ends, a restart begins anew.
    virtual boost::asio::awaitable<void> make_up_for_the_past(kafka::Begun begun);
    // Kafka has deleted what comes next: ends when the reading may go on from what is there.
    virtual boost::asio::awaitable<void> await_permission(kafka::Expired expired);
};

class Engine {
public:
    Engine(
        boost::asio::any_io_executor executor,
        kafka::Consumer& consumer,
        Handler& handler,
        const Clock& clock,
        CoreSettings settings);

    // Until stop(). Throws std::runtime_error when Kafka is lost for good.
    boost::asio::awaitable<void> run();
    // Starts nothing new, waits for what runs as long as `patience`, commits what is finished, leaves the group. What
    // is left comes again.
    boost::asio::awaitable<void> stop(Milliseconds patience = Milliseconds{5'000});

    [[nodiscard]] const Core& core() const { return core_; }
    void release_hold();
    // By the operator's word: reads on up to the caps and starts nothing until resume().
    void suspend();
    void resume();

private:
    void take(kafka::Event event);
    void perform();
    void set_alarm();
    boost::asio::awaitable<void> run_job(JobId id);
    boost::asio::awaitable<void> run_begun(kafka::Begun begun);
    boost::asio::awaitable<void> run_expired(kafka::Expired expired);
    // Calls `ask` until it ends without a throw; false when the partition is somebody else's by then.
    boost::asio::awaitable<bool> insist(
        kafka::Partition partition, std::function<boost::asio::awaitable<void>()> ask);
    boost::asio::awaitable<void> run_set_aside(JobId id, std::variant<GiveUp, Park> how);
    void tell_of_circuit();

    boost::asio::any_io_executor executor_;
    kafka::Consumer& consumer_;
    Handler& handler_;
    const Clock& clock_;
    Core core_;
    boost::asio::steady_timer alarm_;
    std::optional<Instant> alarm_at_{};
    std::map<kafka::Partition, std::uint64_t> expired_{};             // waited for, and under which assignment
    std::shared_ptr<bool> consuming_ = std::make_shared<bool>(true);  // gone once the consumer is closed
    bool stopping_ = false;
    bool reading_ = false;
    bool circuit_was_open_ = false;
    std::string fatal_;
};

}  // namespace hirewire::pipeline
