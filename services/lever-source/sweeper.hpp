#pragma once
// What no webhook told of. A sweep lists every few minutes what Lever has updated or deleted since the last one, a
// walk lists everything: once at the first start, and each night for records without an updatedAt. Whatever is listed
// is laid before the same judge as a webhook, through lever.sweeps; what has not changed costs no call and emits
// nothing.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/core/time.hpp"
#include "common/kafka/producer.hpp"
#include "common/kafka/settings.hpp"
#include "common/lever/api.hpp"
#include "common/metrics/registry.hpp"
#include "hirewire/v1/run.pb.h"
#include "services/lever-source/reader.hpp"

namespace hirewire::source {

struct SweepSettings {
    std::string account = "main";
    Milliseconds interval{std::chrono::minutes{5}};
    Milliseconds leave_alone{std::chrono::minutes{2}};  // a webhook may still claim what is so fresh
    Milliseconds overlap{std::chrono::minutes{5}};
    Milliseconds walk_interval{std::chrono::hours{24}};
};

// What hiring.runs says of the past.
struct RunsSoFar {
    std::int64_t covered_until_ms = 0;  // by a finished sweep or walk; 0 = there never was one
    std::int64_t walked_at_ms = 0;      // when the last finished walk began
    std::string walk_id{};              // of a walk that was broken off, with where it stood
    std::string walk_offset{};
    std::int64_t walk_began_ms = 0;
};
void add_run(RunsSoFar& so_far, const v1::Run& run);
// From hiring.runs. Blocks; throws std::runtime_error when Kafka does not answer.
RunsSoFar read_runs(const kafka::Settings& settings);

class Sweeper {
public:
    Sweeper(
        boost::asio::any_io_executor executor,
        SweepSettings settings,
        std::function<RunsSoFar()> read_runs,
        lever::Api& api,
        Reader& reader,
        kafka::Producer& producer,
        const Clock& clock,
        metrics::Registry& metrics);
    ~Sweeper();
    // Sweep after sweep, until stop(). To be spawned once.
    boost::asio::awaitable<void> run();
    // A sweep at once, up to now.
    void ask(std::string run_id);
    void stop();

private:
    struct Counts {
        std::int64_t opportunities = 0;
        std::int64_t deleted = 0;
        std::int64_t unreadable = 0;
        std::int64_t pages = 0;
    };
    boost::asio::awaitable<void> sweep(std::string run_id, std::int64_t until_ms);
    boost::asio::awaitable<void> walk();
    // Page after page. Throws Lever's or Kafka's failure as std::runtime_error.
    boost::asio::awaitable<void> cover(v1::Run& run, lever::Window window, lever::Priority priority, Counts& counts);
    boost::asio::awaitable<void> hint(std::string opportunity, const v1::Run& run);
    boost::asio::awaitable<void> record(v1::Run run, v1::RunState state, Counts counts);
    boost::asio::awaitable<void> rest(Milliseconds most);

    SweepSettings settings_;
    std::function<RunsSoFar()> read_runs_;
    lever::Api& api_;
    Reader& reader_;
    kafka::Producer& producer_;
    const Clock& clock_;
    metrics::Registry& metrics_;
    boost::asio::steady_timer woken_;
    RunsSoFar so_far_{};
    std::optional<std::string> asked_{};
    bool stopping_ = false;
    boost::asio::thread_pool reading_{1};  // reading Kafka whole blocks
};

}  // namespace hirewire::source
