#include "common/sync/cancelled_runs.hpp"

#include <algorithm>

#include "common/sync/replay_spec.hpp"

namespace hirewire::sync {

void CancelledRuns::hear(const v1::Run& run) {
    if (run.kind() != replay_kind || run.state() != v1::RUN_STATE_CANCELLED) return;
    // The operator says it, and who ran it repeats it.
    if (!ids_.insert(run.run_id()).second) return;
    order_.push_back(run.run_id());
    if (order_.size() <= most_remembered) return;
    ids_.erase(order_.front());
    order_.pop_front();
}

bool CancelledRuns::all_cancelled(const std::vector<std::string>& run_ids) const {
    if (run_ids.empty()) return false;
    return std::all_of(run_ids.begin(), run_ids.end(), [this](const std::string& id) { return ids_.contains(id); });
}

}  // namespace hirewire::sync
