#include "common/sync/replay_book.hpp"

#include <algorithm>

#include "common/sync/replay_spec.hpp"

namespace hirewire::sync {
namespace {

// A minute or two: what mends itself has had its time, and others wait behind it.
constexpr int most_failures = 5;
constexpr Milliseconds between_failures{10'000};

}  // namespace

void ReplayBook::hear(const v1::Run& run) {
    if (run.kind() != replay_kind || run.destination() != destination_) return;
    const auto& id = run.run_id();
    // A checkpoint that was written before the end was heard of revives nothing.
    if (ended_.contains(id)) return;
    switch (run.state()) {
        case v1::RUN_STATE_FINISHED:
        case v1::RUN_STATE_FAILED:
        case v1::RUN_STATE_CANCELLED:
            open_.erase(id);
            ended_.insert(id);
            return;
        default:
            break;
    }
    const bool known = open_.contains(id);
    auto& entry = open_[id];
    if (!known) entry.order = next_order_++;
    if (run.state() == v1::RUN_STATE_PAUSED) entry.paused = true;
    if (run.state() == v1::RUN_STATE_ASKED) entry.paused = false;
    // What a record leaves out is as it was.
    v1::Run merged = run;
    if (merged.spec().empty()) merged.set_spec(entry.run.spec());
    if (merged.checkpoint().empty()) merged.set_checkpoint(entry.run.checkpoint());
    if (merged.began_ms() == 0) merged.set_began_ms(entry.run.began_ms());
    entry.run = std::move(merged);
}

std::optional<v1::Run> ReplayBook::next() const {
    const Entry* first = nullptr;
    for (const auto& [id, entry] : open_) {
        if (!entry.paused && (first == nullptr || entry.order < first->order)) first = &entry;
    }
    return first == nullptr ? std::nullopt : std::optional{first->run};
}

ReplayBook::Wish ReplayBook::wish(const std::string& run_id) const {
    const auto found = open_.find(run_id);
    if (found == open_.end()) return Wish::none;
    return found->second.paused ? Wish::pause : Wish::run;
}

bool ReplayBook::has_failed(const std::string& run_id, std::int64_t reached, Instant now) {
    const auto found = open_.find(run_id);
    if (found == open_.end()) return false;
    auto& entry = found->second;
    if (reached > entry.reached) entry.failures = 0;
    entry.reached = std::max(entry.reached, reached);
    if (entry.failed_at && now - *entry.failed_at < between_failures) return false;
    entry.failed_at = now;
    return ++entry.failures >= most_failures;
}

}  // namespace hirewire::sync
