#pragma once
// Some sync daemons of one group, a Kafka, a Redis, a destination, and everything that can happen to them, in one
// thread and in a time that the dice advance. The daemons are the real Core and the real Delivery; what lies between
// them and the others is played here. An oracle watches every commit and every request, and judges the end.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/kafka/producer.hpp"
#include "common/pipeline/core.hpp"
#include "common/sync/delivery.hpp"
#include "common/sync/destination.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/seed.hpp"

namespace hirewire::model {

// What the oracle has found wrong.
struct Breach : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Deliberate bugs, to see whether the oracle sees them.
enum class Bug {
    none,
    commit_what_was_read,      // the offset after the last record read, whatever is unfinished
    go_on_from_what_was_read,  // after a rebalance, at the old owner's position in place of the committed offset
    ignore_leases,             // begin says go though another process works on the resource
    ignore_own_lanes,          // every record has a lane of its own, and leases are ignored
    lose_outcomes,             // told as written, and not there
    lose_dead_letters,
    lose_parked,
    take_errors_for_success,   // 5xx read as 200
    take_silence_for_success,  // a time-out read as 200
    call_newest_superseded,    // the cache speaks of a change that was never emitted
    take_wait_for_done,        // a verdict misread by the engine
    take_retry_for_done,
    take_weather_for_done,
    take_not_yet_for_done,
    take_hold_for_done,
    forget_parked_at_restart,  // parked records that are not due are skipped by a new owner
    do_not_write_refused,      // a refused change is finished without a dead letter
    unguarded_destination,     // not ours: a destination that takes an older version; late arrivals must show
};

struct Settings {
    std::uint64_t seed = 0;
    Bug bug = Bug::none;
};

// What has happened, to see that everything did.
struct Tally {
    std::map<std::string, int> counts{};
    void operator()(const std::string& what) { ++counts[what]; }
    Tally& operator+=(const Tally& other) {
        for (const auto& [what, n] : other.counts) counts[what] += n;
        return *this;
    }
};

class World {
public:
    explicit World(Settings settings);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    void step();              // throws Breach
    void settle_and_judge();  // no more trouble: everything must come to its end. Throws Breach
    [[nodiscard]] const Tally& tally() const { return tally_; }

private:
    struct Daemon;
    class Client;
    class Producer;
    class Store;

    struct Entry {
        kafka::Record record{};
        std::string change{};       // id, "" for garbage
        std::uint64_t written = 0;  // when, in the order of all writes
    };
    struct Log {
        std::vector<Entry> entries{};
        kafka::Offset committed = 0;
        int owner = -1;  // index of a daemon, -1 = none
        kafka::Offset read_by_last_owner = 0;
    };
    struct AtDestination {
        std::int64_t version = 0;
        std::string body{};
    };
    struct Ghost {  // a request that nobody waits for any more, still on its way
        http::Request request{};
    };

    void produce();
    void read_one();
    void answer_one();
    void advance(Milliseconds by);
    void trouble();
    void rebalance();
    void crash();
    void freeze_or_thaw();
    void lose_redis();
    void assign(const kafka::Partition& partition, int daemon);
    void want_rebuild(std::int32_t partition);
    void rebuild(std::int32_t partition);
    void run_all();
    void run(Daemon& daemon);
    void perform(Daemon& daemon);
    void commit(Daemon& daemon, const kafka::Partition& partition, kafka::Offset next);
    void append(const std::string& topic, std::int32_t partition, kafka::Message message);
    Result<http::Reply> carry_out(const http::Request& request);
    Result<http::Reply> bad_day(const http::Request& request);
    [[nodiscard]] bool accounted(
        const Entry& entry, const kafka::Partition& partition, kafka::Offset offset, kafka::Offset next) const;
    [[nodiscard]] std::string story(const std::string& opportunity) const;
    void check_alone(const Daemon& asking, const std::string& resource) const;
    boost::asio::awaitable<void> attempt(Daemon& daemon, pipeline::JobId id);
    boost::asio::awaitable<void> set_aside(Daemon& daemon, pipeline::Action action);
    [[nodiscard]] pipeline::Attempted misread(pipeline::Attempted attempted) const;

    Settings settings_;
    testing::Dice dice_;
    testing::ManualClock clock_;
    testing::FakeStore redis_{clock_};
    std::unique_ptr<sync::Destination> destination_;
    std::map<kafka::Partition, Log> logs_;
    std::vector<std::unique_ptr<Daemon>> daemons_;
    std::map<std::string, AtDestination> at_destination_;
    std::vector<Ghost> ghosts_;
    std::map<std::string, std::vector<std::pair<std::int64_t, std::string>>> produced_;  // by opportunity
    std::set<std::string> terminal_;  // changes that an outcome has decided
    std::set<std::string> dead_;      // changes with a dead letter
    std::set<std::tuple<std::string, std::int32_t, kafka::Offset>> dead_origins_;
    std::map<std::int32_t, Instant> to_rebuild_;  // not before
    std::set<std::string> disconnected_;          // opportunities that the destination wants to hear no more of
    std::uint64_t writes_ = 0;
    std::string seen_{};  // a breach inside a coroutine, which has nobody to tell
    bool calm_ = false;
    Tally tally_;
};

}  // namespace hirewire::model
