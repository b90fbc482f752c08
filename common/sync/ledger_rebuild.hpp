#pragma once
// Makes a destination's ledger anew after Redis was emptied, or at the very first start: what sync.outcomes says of a
// partition is what was applied. Outcomes have the key and so the partition number of the changes that they are
// about.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/kafka/settings.hpp"
#include "common/redis/store.hpp"
#include "hirewire/v1/outcome.pb.h"

namespace hirewire::sync {

// Outcomes after which the destination is known to stand at their version.
bool is_state(v1::OutcomeKind outcome);

// The newest version that the destination is known to stand at, by opportunity.
class AppliedVersions {
public:
    explicit AppliedVersions(std::string destination) : destination_{std::move(destination)} {}
    // The value of a record of sync.outcomes; whatever else it may be is left out.
    void add(const std::string& value);
    [[nodiscard]] const std::map<std::string, std::int64_t>& all() const { return versions_; }
    // The dead letters, by opportunity; those that a version above overtakes among them.
    [[nodiscard]] const std::map<std::string, std::vector<redis::DeadLetter>>& dead() const { return dead_; }

private:
    std::string destination_;
    std::map<std::string, std::int64_t> versions_;
    std::map<std::string, std::vector<redis::DeadLetter>> dead_;
};

class LedgerRebuild {
public:
    LedgerRebuild(
        boost::asio::any_io_executor executor,
        kafka::Settings kafka,
        redis::Store& store,
        std::string destination,
        Milliseconds lease);
    ~LedgerRebuild();
    // Begins unless it is under way. When something was applied before, it takes a lease's time at least: the leases
    // are gone with the rest, and requests that they covered may still be under way. What fails is begun again by the
    // next wish.
    void want(std::int32_t partition);

private:
    boost::asio::awaitable<void> rebuild(std::int32_t partition);
    boost::asio::awaitable<void> write(
        std::int32_t partition, std::shared_ptr<const AppliedVersions> versions, std::string rebuild);

    boost::asio::any_io_executor executor_;
    kafka::Settings kafka_;
    redis::Store& store_;
    std::string destination_;
    Milliseconds lease_;
    std::set<std::int32_t> under_way_;
    // Reading Kafka whole blocks, so it has a thread of its own; everything else happens on the executor.
    boost::asio::thread_pool reading_{1};
};

}  // namespace hirewire::sync
