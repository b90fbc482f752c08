#include "common/sync/destination.hpp"

#include "common/sync/leader_task.hpp"

namespace hirewire::sync {

std::vector<std::unique_ptr<LeaderTask>> Destination::tasks() {
    return {};
}

}  // namespace hirewire::sync
