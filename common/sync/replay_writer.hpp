#pragma once
// From hiring.opportunities, hiring.changes or hiring.postings to sync.<dest>.replay: the newest record of each
// opportunity or posting that is wanted, as backfill. What a snapshot and a replay have in common.
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "common/kafka/producer.hpp"
#include "common/kafka/settings.hpp"
#include "common/sync/replay_terms.hpp"

namespace hirewire::sync {

// Steers a writing while it is under way, from any thread.
struct WritingControl {
    std::atomic<bool> stopped{false};
    std::atomic<bool> paused{false};
    std::atomic<std::int64_t> open{0};  // written, and nothing has come of it yet
    std::int64_t most_open = std::numeric_limits<std::int64_t>::max();
};

// Each may be empty.
struct WritingHooks {
    // On the executor: how many are wanted, and how many of them another one speaks for; before the first is written.
    std::function<void(std::int64_t, std::int64_t)> found{};
    // On the reading thread: whether an opportunity or posting, by its id, was told of before. It is left out, and
    // takes no turn of those that the rate has.
    std::function<bool(const std::string&)> known{};
    // On the executor, before each: an opportunity's or posting's id and the version. False leaves it out.
    std::function<bool(const std::string&, std::int64_t)> admit{};
};

// A record of the past as it goes to a replay topic: never live, and with the run that wants it.
kafka::Message replayed(const kafka::Record& record, std::string topic, const ReplayTerms& terms);

class ReplayWriter {
public:
    ReplayWriter(
        boost::asio::any_io_executor executor,
        kafka::Settings kafka,
        kafka::Producer& producer,
        const std::string& destination);
    ~ReplayWriter();
    // Of all partitions, or of one; several calls take their turns. Answers how many were written, all acknowledged.
    // Throws std::runtime_error when Kafka does not answer or take them, and when it is stopped.
    boost::asio::awaitable<std::int64_t> write(
        ReplayTerms terms,
        WritingHooks hooks,
        std::shared_ptr<WritingControl> control,
        std::optional<std::int32_t> partition = {});

private:
    struct Flow;
    boost::asio::any_io_executor executor_;
    kafka::Settings kafka_;
    kafka::Producer& producer_;
    std::string topic_;
    std::shared_ptr<std::atomic<bool>> ending_ = std::make_shared<std::atomic<bool>>(false);
    // Reading Kafka whole blocks, so it has a thread of its own; everything else happens on the executor.
    boost::asio::thread_pool reading_{1};
};

}  // namespace hirewire::sync
