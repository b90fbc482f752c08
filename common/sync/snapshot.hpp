#pragma once
// The present state of every opportunity, from hiring.opportunities to sync.<dest>.replay, as backfill: what a
// destination gets that is turned on, or that has missed changes for good.
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/kafka/producer.hpp"
#include "common/kafka/settings.hpp"

namespace hirewire::sync {

class Snapshot {
public:
    Snapshot(
        boost::asio::any_io_executor executor,
        kafka::Settings kafka,
        kafka::Producer& producer,
        std::string destination);
    ~Snapshot();
    // Of all partitions, or of one. One record per opportunity, all acknowledged when this ends, and how many; taken
    // twice, the ledger drops the second. Throws std::runtime_error when Kafka does not answer or take it.
    boost::asio::awaitable<std::int64_t> take(std::optional<std::int32_t> partition = {});

private:
    struct Flow;
    static boost::asio::awaitable<std::int64_t> read(
        std::shared_ptr<Flow> flow, kafka::Settings kafka, std::optional<std::int32_t> partition);
    boost::asio::awaitable<void> write(std::shared_ptr<Flow> flow, kafka::Message message);

    boost::asio::any_io_executor executor_;
    kafka::Settings kafka_;
    kafka::Producer& producer_;
    std::string topic_;
    std::shared_ptr<std::atomic<bool>> stopped_ = std::make_shared<std::atomic<bool>>(false);
    // Reading Kafka whole blocks, so it has a thread of its own; everything else happens on the executor.
    boost::asio::thread_pool reading_{1};
};

}  // namespace hirewire::sync
