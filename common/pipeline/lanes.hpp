#pragma once
// One job per lane at a time, many lanes at once. A lane is what must stay in order (a resource at a destination);
// within it, records of one group (an opportunity) are taken together, so that the newest speaks for all.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/core/time.hpp"
#include "common/kafka/record.hpp"

namespace hirewire::pipeline {

// Where a record belongs.
struct Place {
    std::string lane{};
    std::string group{};
    std::int64_t order = 0;  // within the group: the highest speaks for all
    bool backfill = false;   // has time: started when nothing else waits
    bool kept = false;       // its topic keeps the newest of each key for good: it is as old as its reading
};

// What a record that was set aside for later has behind it.
struct Past {
    int attempts = 0;  // spent
    int parked = 0;    // how often it was set aside
    std::optional<Instant> failing_since{};
    Instant due{};  // not to be started before
};

// A record with the assignment that it was read under: after a revocation its offset is nobody's business here.
struct Received {
    kafka::Record record{};
    std::uint64_t epoch = 0;
    std::int64_t order = 0;
    Past past{};
    bool backfill = false;  // as its place says
};

struct Batch {
    Place place{};
    std::vector<Received> records{};
};

class Lanes {
public:
    void add(Place place, Received received);
    // The next batch of a lane that nobody works on, in the order in which lanes became runnable, backfill last. The
    // lane is busy until release().
    std::optional<Batch> start();
    // What came to a busy lane for the same group meanwhile.
    std::vector<Received> take_more(const Place& place);
    void release(const std::string& lane);
    // Drops waiting records; lanes that become empty go.
    void drop(const std::function<bool(const Received&)>& unwanted);

    [[nodiscard]] std::size_t waiting() const { return waiting_; }
    // Lanes that start() would answer.
    [[nodiscard]] std::size_t runnable() const { return listed_; }
    // Those of them that start() would answer first.
    [[nodiscard]] std::size_t runnable_live() const { return listed_live_; }
    // Whether something waits in a lane, busy or not, that is not backfill.
    [[nodiscard]] bool live_waits(const std::string& lane) const;
    [[nodiscard]] std::size_t lanes() const { return lanes_.size(); }

private:
    struct Group {
        std::string name{};
        std::vector<Received> records{};
        bool backfill = true;  // all of it
    };
    enum class Listed { no, backfill, live };
    struct Lane {
        std::list<Group> groups{};  // in the order of their first records
        std::unordered_map<std::string, std::list<Group>::iterator> by_name{};
        std::size_t live = 0;  // groups that are not backfill
        bool busy = false;
        Listed listed = Listed::no;
    };
    std::vector<Received> take(Lane& lane, std::list<Group>::iterator group);
    void list(const std::string& name, Lane& lane);
    // The next name that is still listed there.
    std::unordered_map<std::string, Lane>::iterator next_of(Listed listed);
    void unlist(Lane& lane);

    std::unordered_map<std::string, Lane> lanes_;
    std::deque<std::string> runnable_;
    std::deque<std::string> runnable_backfill_;
    std::size_t waiting_ = 0;
    std::size_t listed_ = 0;
    std::size_t listed_live_ = 0;
};

}  // namespace hirewire::pipeline
