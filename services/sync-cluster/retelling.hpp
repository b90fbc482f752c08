#pragma once
// Tells Cluster once more what Kafka holds, by a replay through the daemon's own engine. A seam: the task that asks
// for it is tested without Kafka.
#include <boost/asio/awaitable.hpp>
#include <memory>

#include "common/sync/leader_task.hpp"
#include "common/sync/replay_terms.hpp"

namespace hirewire::cluster {

enum class Told { all, not_all };
// What was only worked out, in shadow, is not told.
Told told_by(const sync::ReplayProgress& progress);

class Retelling {
public:
    virtual ~Retelling() = default;
    // `all` when each record that is wanted has its outcome, `not_all` after stop() or in shadow. One at a time.
    // Throws std::runtime_error when Kafka does not answer; the same run may then be asked for again.
    virtual boost::asio::awaitable<Told> tell(sync::TaskTools& tools, sync::ReplayTerms terms) = 0;
    // Ends the one that is under way, if any.
    virtual void stop() = 0;
};

std::unique_ptr<Retelling> make_retelling();

}  // namespace hirewire::cluster
