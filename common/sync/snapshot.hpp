#pragma once
// The present state of every opportunity, from hiring.opportunities to sync.<dest>.replay, as backfill: what a
// destination gets that is turned on, or that has missed changes for good. One that is told of postings gets those of
// hiring.postings, too.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "common/kafka/producer.hpp"
#include "common/kafka/settings.hpp"
#include "common/sync/replay_writer.hpp"

namespace hirewire::sync {

class Snapshot {
public:
    Snapshot(
        boost::asio::any_io_executor executor,
        kafka::Settings kafka,
        kafka::Producer& producer,
        const std::string& destination)
        : writer_{std::move(executor), std::move(kafka), producer, destination} {}
    // Of all partitions, or of one. One record per opportunity, all acknowledged when this ends, and how many; taken
    // twice, the ledger drops the second. Throws std::runtime_error when Kafka does not answer or take it.
    boost::asio::awaitable<std::int64_t> take(std::optional<std::int32_t> partition = {});
    // As take(), of every posting that hiring.postings knows of, those that are gone included.
    boost::asio::awaitable<std::int64_t> take_postings();

private:
    boost::asio::awaitable<std::int64_t> take_from(ReplaySource source, std::optional<std::int32_t> partition);

    ReplayWriter writer_;
};

}  // namespace hirewire::sync
