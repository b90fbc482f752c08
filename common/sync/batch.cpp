#include "common/sync/batch.hpp"

#include <algorithm>
#include <utility>

#include "common/kafka/record.hpp"

namespace hirewire::sync {
namespace {

bool same_status(const v1::Change& a, const v1::Change& b) {
    return a.status().kind() == b.status().kind() && a.status().id() == b.status().id();
}

}  // namespace

Batch read_batch(const pipeline::Job& job) {
    Batch batch;
    for (const auto& received : job.records) {
        v1::Change change;
        if (!received.record.value || !change.ParseFromString(*received.record.value)) continue;
        if (received.past.parked > 0) batch.parked.insert(change.version());
        if (batch.newest && batch.newest->version() == change.version()) continue;  // the same record, read again
        if (!batch.newest || change.version() > batch.newest->version()) {
            if (batch.newest) batch.older.push_back(std::move(*batch.newest));
            batch.newest = std::move(change);
            batch.traceparent = kafka::header(received.record.headers, "traceparent");
        } else {
            batch.older.push_back(std::move(change));
        }
    }
    return batch;
}

void drop_known(Batch& batch, std::int64_t applied_version) {
    auto& older = batch.older;
    std::sort(older.begin(), older.end(), [](const auto& a, const auto& b) { return a.version() < b.version(); });
    const auto twice = std::unique(
        older.begin(), older.end(), [](const auto& a, const auto& b) { return a.version() == b.version(); });
    older.erase(twice, older.end());
    std::erase_if(older, [&](const v1::Change& change) {
        return change.version() <= applied_version && !batch.parked.contains(change.version());
    });
}

const v1::Change& announcement(const v1::Change& newest, const std::vector<v1::Change>& older) {
    if (newest.live()) return newest;
    for (const auto& change : older) {
        if (change.live() && same_status(change, newest)) return change;
    }
    return newest;
}

bool overtaken(const v1::Change& newest, const v1::Change& announced, const v1::Change& emitted) {
    if (emitted.version() <= newest.version()) return false;
    return withdrawn(emitted) || !announced.live() || !same_status(announced, emitted);
}

bool withdrawn(const v1::Change& change) {
    return change.confidential() || change.mark().deleted() || change.mark().anonymized();
}

}  // namespace hirewire::sync
