#pragma once
// The seam to reading Kafka. Events come one at a time, on the thread that waits for them; nothing is committed
// unless commit() is called. Eager assignment (range): librdkafka 2.0.2 can lose a cooperative one together with
// manual commits.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/kafka/record.hpp"
#include "common/kafka/settings.hpp"

namespace hirewire::kafka {

struct Assigned {
    std::vector<Partition> partitions{};
};
// The partitions are this process's until poll() is called again: the moment to commit what is finished.
struct Revoked {
    std::vector<Partition> partitions{};
};
// The group had no place in this partition of the strict topic: it is read from its end, and nothing is committed
// yet.
struct Begun {
    Partition partition{};
    Offset at = 0;
};
// The next record of this partition is not there any more. Told to who has a strict topic, and possibly more than
// once; what is left of the partition may be read meanwhile, and is read once more after begin_anew().
struct Expired {
    Partition partition{};
};
struct Trouble {
    std::string what{};
    bool fatal = false;
};
using Event = std::variant<Record, Assigned, Revoked, Begun, Expired, Trouble>;

class Consumer {
public:
    virtual ~Consumer() = default;
    // The next event that is there, without waiting.
    virtual std::optional<Event> poll() = 0;
    // Ends when poll() may have something again; at the latest after half a second.
    virtual boost::asio::awaitable<void> ready() = 0;

    // Answers Expired, for all partitions at once: commits the places of the first records that are there, and joins
    // the group anew. Blocking.
    virtual void begin_anew() = 0;
    virtual void pause(const Partition& partition) = 0;
    virtual void resume(const Partition& partition) = 0;
    // `next` is the offset that a restart begins with. Asynchronous.
    virtual void commit(const Partition& partition, Offset next) = 0;
    // As commit(), but waits (blocking) for the broker. For the end of a process.
    virtual void commit_now(const std::map<Partition, Offset>& next) = 0;
    // Records between what is read and what is there, per assigned partition; without asking the broker.
    virtual std::map<Partition, std::int64_t> lag() const = 0;
    // Leaves the group (blocking). Nothing may be called afterwards.
    virtual void close() = 0;
};

// Joins the group and reads the topics. Where the group has no place, or has it no more, it begins at what is there
// first; not so in the topic `strict`, see Begun and Expired. `compacted` are those of the topics that hold the
// newest record of each key for good: a place that is not there any more is no loss in them, and they are read from
// the beginning.
std::unique_ptr<Consumer> make_consumer(
    boost::asio::any_io_executor executor,
    const Settings& settings,
    const std::string& group,
    const std::vector<std::string>& topics,
    const std::string& strict = {},
    const std::vector<std::string>& compacted = {});

}  // namespace hirewire::kafka
