#pragma once
// The real engine and core over a list in memory in place of Kafka, so that what is measured is the engine.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/core/time.hpp"
#include "common/kafka/consumer.hpp"
#include "common/pipeline/engine.hpp"

namespace hirewire::bench {

using Microseconds = std::chrono::microseconds;

// One partition. Record i has offset i and arrives i distances after the first one; without a distance, all are there
// from the beginning.
struct Stream {
    std::vector<std::string> keys{};  // of record i
    Microseconds distance{0};
};

class StreamConsumer final : public kafka::Consumer {
public:
    StreamConsumer(boost::asio::any_io_executor executor, const Stream& stream) : timer_{executor}, stream_{stream} {}

    std::optional<kafka::Event> poll() override;
    boost::asio::awaitable<void> ready() override;
    void begin_anew() override {}
    void pause(const kafka::Partition&) override { paused_ = true; }
    void resume(const kafka::Partition&) override;
    void commit(const kafka::Partition&, kafka::Offset next) override { committed_ = next; }
    void commit_now(const std::map<kafka::Partition, kafka::Offset>& next) override;
    [[nodiscard]] std::map<kafka::Partition, std::int64_t> lag() const override { return {}; }
    void close() override {}

    void wake() { timer_.cancel(); }
    [[nodiscard]] Instant arrival(std::size_t record) const;
    [[nodiscard]] kafka::Offset committed() const { return committed_; }

private:
    boost::asio::steady_timer timer_;
    const Stream& stream_;
    std::optional<Instant> begin_{};
    std::size_t next_ = 0;
    kafka::Offset committed_ = 0;
    bool paused_ = false;
};

// Every record is a job of its own (nothing is coalesced), in the lane of its key.
class StreamHandler : public pipeline::Handler {
public:
    pipeline::Place place(const kafka::Record& record) override;
    boost::asio::awaitable<bool> give_up(const pipeline::Job& job, std::string reason) override;

protected:
    static std::size_t index_of(const pipeline::Job& job);
};

class EngineRun {
public:
    explicit EngineRun(const Stream& stream) : consumer_{context_.get_executor(), stream} {}

    boost::asio::any_io_executor executor() { return context_.get_executor(); }
    // Returns when end() has been called and the engine has stopped.
    void run(pipeline::Handler& handler, const pipeline::CoreSettings& settings);
    void end();
    [[nodiscard]] Instant arrival(std::size_t record) const { return consumer_.arrival(record); }
    [[nodiscard]] kafka::Offset committed() const { return consumer_.committed(); }

private:
    boost::asio::awaitable<void> stop();

    boost::asio::io_context context_{1};
    SystemClock clock_{};
    StreamConsumer consumer_;
    std::optional<pipeline::Engine> engine_{};
};

}  // namespace hirewire::bench
