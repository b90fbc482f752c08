#include "common/sync/destination.hpp"

#include "common/sync/leader_task.hpp"

namespace hirewire::sync {

std::vector<std::unique_ptr<LeaderTask>> Destination::tasks() {
    return {};
}

Plan first_step(
    const Destination& destination,
    const v1::Change& change,
    std::optional<PostingNews> posting,
    const Situation& situation,
    bool confidential) {
    if (!posting) return destination.plan(change, situation);
    if (posting->posting && posting->posting->confidential() && !confidential) posting->posting.reset();
    return destination.plan_posting(*posting, situation);
}

}  // namespace hirewire::sync
