#pragma once
// Which version of each posting hiring.postings ends with. The topic keeps older records beside the newest for a
// while; who reads it for the first time, or after a while, must not publish a state that a later record of the same
// topic takes back. So each partition is read ahead once, before its first posting is told.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "common/core/time.hpp"
#include "common/kafka/settings.hpp"

namespace hirewire::sync {

class LatestPostings {
public:
    using Versions = std::unordered_map<std::string, std::int64_t>;  // by the posting's id
    // Reads a partition as a whole; throws std::runtime_error when Kafka does not answer.
    using Read = std::function<boost::asio::awaitable<Versions>(std::int32_t partition)>;

    LatestPostings(Read read, const Clock& clock) : read_{std::move(read)}, clock_{clock} {}

    // Whether what follows in the partition on a record that was written then is known. False: not yet, ask again
    // later; somebody else may be reading it, or Kafka did not answer.
    boost::asio::awaitable<bool> look(std::int32_t partition, std::int64_t written_at_ms);
    // A record that was read in its turn.
    void note(const std::string& id, std::int64_t version);
    // The newest version that is known of; 0 = none.
    [[nodiscard]] std::int64_t newest(const std::string& id) const;

private:
    struct Seen {
        bool looking = false;
        std::int64_t looked_ms = 0;  // 0 = not yet
    };
    [[nodiscard]] bool is_due(const Seen& seen, std::int64_t written_at_ms) const;

    Read read_;
    const Clock& clock_;
    std::map<std::int32_t, Seen> seen_;
    Versions newest_;
};

// Reads with kafka::read_all() on the pool, which outlives what is returned.
LatestPostings::Read read_postings_with(kafka::Settings settings, boost::asio::thread_pool& pool);

}  // namespace hirewire::sync
