#include "common/sync/batch.hpp"

#include <algorithm>
#include <utility>

#include "common/kafka/record.hpp"
#include "common/sync/posting_change.hpp"

namespace hirewire::sync {
namespace {

bool same_status(const v1::Change& a, const v1::Change& b) {
    return a.status().kind() == b.status().kind() && a.status().id() == b.status().id();
}

void join(Asked& asked, const Asked& other) {
    for (const auto& run : other.run_ids) {
        if (std::find(asked.run_ids.begin(), asked.run_ids.end(), run) == asked.run_ids.end()) {
            asked.run_ids.push_back(run);
        }
    }
    if (asked.epoch.empty()) asked.epoch = other.epoch;
}

// By version; of the same one, read twice, the live one first: a replayed twin does not make it less so.
bool older_first(const v1::Change& a, const v1::Change& b) {
    return a.version() != b.version() ? a.version() < b.version() : a.live() && !b.live();
}

}  // namespace

Asked read_asked(const std::vector<kafka::Header>& headers) {
    Asked asked;
    for (const auto& header : headers) {
        if (header.name != replay_header || header.value.empty()) continue;
        Asked one;
        one.run_ids.push_back(header.value);
        join(asked, one);
    }
    if (!asked.run_ids.empty()) asked.epoch = kafka::header(headers, epoch_header);
    return asked;
}

void put_asked(std::vector<kafka::Header>& headers, const Asked& asked) {
    std::erase_if(headers, [](const auto& h) { return h.name == replay_header || h.name == epoch_header; });
    for (const auto& run : asked.run_ids) headers.push_back({std::string{replay_header}, run});
    if (!asked.epoch.empty()) headers.push_back({std::string{epoch_header}, asked.epoch});
}

Batch read_batch(const pipeline::Job& job) {
    Batch batch;
    for (const auto& received : job.records) {
        auto change = read_change(received.record);
        if (!change) continue;
        if (received.past.parked > 0) batch.parked.insert(change->version());
        const Asked asked = read_asked(received.record.headers);
        if (asked.run_ids.empty()) {
            batch.unasked.insert(change->version());
        } else {
            join(batch.asked[change->version()], asked);
        }
        if (batch.newest && batch.newest->version() == change->version()) {  // the same record, read again
            if (change->live()) batch.newest->set_live(true);
            continue;
        }
        if (!batch.newest || change->version() > batch.newest->version()) {
            if (batch.newest) batch.older.push_back(std::move(*batch.newest));
            batch.newest = std::move(change);
            batch.traceparent = kafka::header(received.record.headers, "traceparent");
        } else {
            batch.older.push_back(std::move(*change));
        }
    }
    return batch;
}

std::vector<std::string> runs_alone(const Batch& batch) {
    std::vector<std::string> runs;
    if (!batch.unasked.empty() || !batch.parked.empty()) return runs;
    for (const auto& [version, asked] : batch.asked) {
        runs.insert(runs.end(), asked.run_ids.begin(), asked.run_ids.end());
    }
    return runs;
}

void drop_known(Batch& batch, std::int64_t applied_version) {
    auto& older = batch.older;
    std::sort(older.begin(), older.end(), &older_first);
    const auto twice = std::unique(
        older.begin(), older.end(), [](const auto& a, const auto& b) { return a.version() == b.version(); });
    older.erase(twice, older.end());
    std::erase_if(older, [&](const v1::Change& change) {
        if (change.version() > applied_version || batch.parked.contains(change.version())) return false;
        if (batch.asked.contains(change.version())) batch.known.push_back(change);
        return true;
    });
}

const v1::Change& announcement(const v1::Change& newest, const std::vector<v1::Change>& older) {
    if (newest.live()) return newest;
    for (const auto& change : older) {
        if (change.live() && same_status(change, newest)) return change;
    }
    return newest;
}

std::optional<Parts> parts_of(const pipeline::Job& job) {
    std::set<std::int64_t> unsure = job.unsure;
    for (const auto& received : job.records) {
        if (received.past.attempts > 0) unsure.insert(received.order);
    }
    if (unsure.empty()) return std::nullopt;
    Batch batch = read_batch(job);
    // What is withdrawn is not told of what came before it.
    if (!batch.newest || withdrawn(*batch.newest)) return std::nullopt;
    std::sort(batch.older.begin(), batch.older.end(), &older_first);
    const auto& announced = announcement(*batch.newest, batch.older);
    const auto told = unsure.lower_bound(announced.version());
    if (!announced.live() || told == unsure.end() || *told >= batch.newest->version()) return std::nullopt;
    Parts parts{.first = job, .rest = job, .through = *told};
    std::erase_if(parts.first.records, [&](const auto& received) { return received.order > parts.through; });
    std::erase_if(parts.rest.records, [&](const auto& received) { return received.order <= parts.through; });
    parts.rest.untold_calls = 0;
    return parts;
}

bool overtaken(const v1::Change& newest, const v1::Change& announced, const v1::Change& emitted) {
    if (emitted.version() <= newest.version()) return false;
    return withdrawn(emitted) || !announced.live() || !same_status(announced, emitted);
}

bool withdrawn(const v1::Change& change) {
    return change.confidential() || change.mark().deleted() || change.mark().anonymized();
}

}  // namespace hirewire::sync
