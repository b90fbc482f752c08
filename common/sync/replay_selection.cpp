#include "common/sync/replay_selection.hpp"

#include "common/sync/posting_change.hpp"

namespace hirewire::sync {
namespace {

bool is_of_changes(const kafka::Record& record) {
    return record.partition.topic == "hiring.changes";
}

}  // namespace

ReplaySelection::ReplaySelection(const ReplayTerms& terms)
    : source_{terms.source}, wants_{terms.wants}, from_ms_{terms.from_ms}, until_ms_{terms.until_ms} {}

bool ReplaySelection::wanted(const kafka::Record& record, const v1::Change& change) const {
    if (from_ms_ && record.timestamp_ms < *from_ms_) return false;
    if (until_ms_ && record.timestamp_ms >= *until_ms_) return false;
    return !wants_ || wants_(change);
}

bool ReplaySelection::add(const kafka::Record& record) {
    const auto change = read_change(record);
    if (!change) return false;
    auto& latest = latest_[record.key];
    const bool is_newest = change->version() >= latest.version;
    const bool is_wanted = wanted(record, *change);
    // A record that is read twice, as after a crash of who wrote it, is another one here, too.
    if (source_ == ReplaySource::changes && is_wanted) ++latest.wanted;
    if (!is_newest) return false;
    if (source_ != ReplaySource::changes) latest.wanted = is_wanted ? 1 : 0;
    latest.version = change->version();
    latest.partition = record.partition.number;
    latest.offset = record.offset;
    latest.in_changes = is_of_changes(record);
    return true;
}

void ReplaySelection::close() {
    std::erase_if(latest_, [](const auto& one) { return one.second.wanted == 0; });
    found_ = 0;
    for (const auto& [key, latest] : latest_) found_ += latest.wanted;
}

bool ReplaySelection::chosen(const kafka::Record& record) const {
    const auto found = latest_.find(record.key);
    if (found == latest_.end()) return false;
    const auto& latest = found->second;
    return latest.partition == record.partition.number && latest.offset == record.offset &&
           latest.in_changes == is_of_changes(record);
}

void ReplaySelection::keep_chosen(std::unordered_map<std::string, kafka::Record>& records) const {
    std::erase_if(records, [this](const auto& one) { return !chosen(one.second); });
}

}  // namespace hirewire::sync
