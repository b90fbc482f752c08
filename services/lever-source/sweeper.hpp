#pragma once
// What no webhook told of. A sweep lists every few minutes what Lever has updated or deleted since the last one, a
// walk lists everything: once at the first start, and each night for records without an updatedAt. Whatever is listed
// is laid before the same judge as a webhook, through lever.sweeps; what has not changed costs no call and emits
// nothing.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "common/core/time.hpp"
#include "common/kafka/producer.hpp"
#include "common/kafka/settings.hpp"
#include "common/lever/api.hpp"
#include "common/metrics/registry.hpp"
#include "services/lever-source/library.hpp"
#include "services/lever-source/reader.hpp"
#include "services/lever-source/runs.hpp"

namespace hirewire::source {

struct SweepSettings {
    std::string account = "main";
    Milliseconds interval{std::chrono::minutes{5}};
    Milliseconds leave_alone{std::chrono::minutes{2}};  // a webhook may still claim what is so fresh
    Milliseconds overlap{std::chrono::minutes{5}};
    Milliseconds walk_interval{std::chrono::hours{24}};
    Milliseconds hires_interval{std::chrono::hours{24}};
};

// What the sweeper needs to know of what Kafka holds. Both block, and throw std::runtime_error when it does not
// answer.
struct Past {
    std::function<RunsSoFar()> runs{};
    std::function<std::set<std::string>(std::int64_t now_ms)> open_hires{};
};

class Sweeper {
public:
    Sweeper(
        boost::asio::any_io_executor executor,
        SweepSettings settings,
        Past past,
        lever::Api& api,
        Library& library,
        Reader& reader,
        RunBook& book,
        kafka::Producer& producer,
        const Clock& clock,
        metrics::Registry& metrics);
    ~Sweeper();
    // Sweep after sweep, until stop(). To be spawned once.
    boost::asio::awaitable<void> run();
    // A sweep at once, up to now.
    void ask(v1::Run run) { rounds_.ask(std::move(run)); }
    void stop() { rounds_.stop(); }

private:
    boost::asio::awaitable<void> round();
    // One sweep, for all of these.
    boost::asio::awaitable<void> sweep(const std::vector<v1::Run>& runs, std::int64_t until_ms);
    boost::asio::awaitable<void> walk();
    boost::asio::awaitable<void> read_hires_again();
    // Page after page. Throws Lever's or Kafka's failure as std::runtime_error.
    boost::asio::awaitable<void> cover(v1::Run& run, lever::Window window, lever::Priority priority, Counts& counts);
    boost::asio::awaitable<void> hint(std::string opportunity, const v1::Run& run);
    boost::asio::awaitable<void> hint_deleted(
        const v1::Run& run, std::int64_t since_ms, lever::Priority priority, Counts& counts);
    boost::asio::awaitable<void> finish(v1::Run run, Counts counts);

    SweepSettings settings_;
    Past past_;
    lever::Api& api_;
    Library& library_;
    Reader& reader_;
    RunBook& book_;
    kafka::Producer& producer_;
    const Clock& clock_;
    metrics::Registry& metrics_;
    Rounds rounds_;
    RunsSoFar so_far_{};
    bool known_ = false;
    boost::asio::thread_pool reading_{1};  // reading Kafka whole blocks
};

}  // namespace hirewire::source
