#pragma once
// What a job's records say taken together: coalescing as functions over values, asked by delivery.cpp.
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/pipeline/core.hpp"
#include "hirewire/v1/change.pb.h"

namespace hirewire::sync {

// Records that are no Change are left out.
struct Batch {
    std::optional<v1::Change> newest{};  // speaks for all
    std::string traceparent{};           // of the newest one's record
    std::vector<v1::Change> older{};
    std::set<std::int64_t> parked{};  // versions that were set aside for later: nothing has been said of them yet
};
Batch read_batch(const pipeline::Job& job);

// Leaves in `older`, in order, what the newest change overtakes: what was applied before, or read twice, is neither
// news nor overtaken, unless it comes from a retry topic.
void drop_known(Batch& batch, std::int64_t applied_version);

// The change that announces the status: the newest one, or a live one of the same status that it overtakes. The
// person was announced in that status, whatever detail came after; and as late as that one is, so late is the news.
const v1::Change& announcement(const v1::Change& newest, const std::vector<v1::Change>& older);

// Whether the change need not be sent, or must not any more, since `emitted`, the opportunity's last one, is on its
// way and says more. A live announcement of the same status is sent all the same: the person hears of it through this
// change or not at all.
bool overtaken(const v1::Change& newest, const v1::Change& announced, const v1::Change& emitted);

// Nobody is to hear of it any more, whatever was announced.
bool withdrawn(const v1::Change& change);

}  // namespace hirewire::sync
