#pragma once
// What a job's records say taken together: coalescing as functions over values, asked by delivery.cpp.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/kafka/record.hpp"
#include "common/pipeline/core.hpp"
#include "hirewire/v1/change.pb.h"

namespace hirewire::sync {

// The runs that asked for a version to be told, and whether one of them has it sent again although it is applied.
struct Asked {
    std::vector<std::string> run_ids{};  // in the order of their records, each once
    std::string epoch{};                 // of the idempotency keys of what is sent again; "" = nothing is
};

// Records that are neither a Change nor a posting are left out.
struct Batch {
    std::optional<v1::Change> newest{};  // speaks for all
    std::string traceparent{};           // of the newest one's record
    std::vector<v1::Change> older{};
    std::set<std::int64_t> parked{};  // versions that were set aside for later: nothing has been said of them yet
    std::map<std::int64_t, Asked> asked{};  // by version, those that a run asked for
    std::set<std::int64_t> unasked{};       // versions that came, too, without a run
    // Known before and asked for by a run, which must hear of them; they speak for nobody. After drop_known().
    std::vector<v1::Change> known{};
};
Batch read_batch(const pipeline::Job& job);

// What a replay writes beside a record: which run it is of, and the key epoch when it is sent again although it is
// applied. A record in a retry topic may be of several runs.
inline constexpr std::string_view replay_header = "hirewire-replay";
inline constexpr std::string_view epoch_header = "hirewire-epoch";
Asked read_asked(const std::vector<kafka::Header>& headers);
// In place of what is there.
void put_asked(std::vector<kafka::Header>& headers, const Asked& asked);

// The runs that asked for all that is in it. None when something came without a run, or from a retry topic: there the
// runs of what was set aside stand beside it, whoever else it was to be told to.
std::vector<std::string> runs_alone(const Batch& batch);

// Leaves in `older`, in order, what the newest change overtakes: what was applied before, or read twice, is neither
// news nor overtaken, unless it comes from a retry topic. What was applied before and a run asked for is then in
// `known`.
void drop_known(Batch& batch, std::int64_t applied_version);

// The change that announces the status: the newest one, or a live one of the same status that it overtakes. The
// person was announced in that status, whatever detail came after; and as late as that one is, so late is the news.
const v1::Change& announcement(const v1::Change& newest, const std::vector<v1::Change>& older);

// A job whose status may have been announced already, by a request that nobody answered, and whose newest change is
// no announcement itself. `first` is told as it was then, with the same bytes and key; `rest` comes after it, and is
// no news. Told together, they would announce it once more under another key.
struct Parts {
    pipeline::Job first{};
    pipeline::Job rest{};
    std::int64_t through = 0;  // the last order that `first` has
};
// Nothing when the job is told as one.
std::optional<Parts> parts_of(const pipeline::Job& job);

// Whether the change need not be sent, or must not any more, since `emitted`, the opportunity's last one, is on its
// way and says more. A live announcement of the same status is sent all the same: the person hears of it through this
// change or not at all.
bool overtaken(const v1::Change& newest, const v1::Change& announced, const v1::Change& emitted);

// Nobody is to hear of it any more, whatever was announced.
bool withdrawn(const v1::Change& change);

}  // namespace hirewire::sync
