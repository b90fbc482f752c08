#pragma once
// Where a sync daemon begins to read a partition of hiring.changes. A destination that is new begins at the end, with
// a snapshot of what is there; one that has missed changes for good waits for the operator's snapshot.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <optional>
#include <string>

#include "common/core/time.hpp"
#include "common/kafka/consumer.hpp"
#include "common/kafka/settings.hpp"
#include "common/sync/snapshot.hpp"

namespace hirewire::sync {

// Of hiring.runs: the kind of a snapshot that an operator asked for.
inline constexpr const char* snapshot_kind = "snapshot";

// From when on a finished snapshot makes up for missed changes, for who notices the gap first `now`: one that was
// taken since this process began, but for the clocks' differences and a start that took its time, and in the last
// day.
Timestamp snapshot_counts_since(Timestamp now, Timestamp process_began);

class Beginning {
public:
    struct Engine {
        std::function<void()> suspend{};
        std::function<void()> resume{};
    };
    Beginning(
        boost::asio::any_io_executor executor,
        kafka::Settings kafka,
        kafka::Producer& producer,
        const Clock& clock,
        std::string destination,
        Engine engine);
    // A snapshot of the partition. Throws std::runtime_error when Kafka does not answer.
    boost::asio::awaitable<void> make_up_for_the_past(kafka::Begun begun);
    // Holds the destination until an operator's snapshot is finished.
    boost::asio::awaitable<void> await_snapshot(kafka::Expired expired);

private:
    kafka::Settings kafka_;
    const Clock& clock_;
    std::string destination_;
    Engine engine_;
    Snapshot snapshot_;
    int waiting_ = 0;
    Timestamp process_began_;
    std::optional<Timestamp> missing_since_{};
    Instant released_{};
    Instant looked_{};
    boost::asio::thread_pool reading_{1};  // reading Kafka whole blocks
};

}  // namespace hirewire::sync
