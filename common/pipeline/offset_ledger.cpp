#include "common/pipeline/offset_ledger.hpp"

#include <algorithm>
#include <utility>

namespace hirewire::pipeline {

void OffsetLedger::open(kafka::Offset offset, std::int64_t timestamp_ms, std::size_t bytes) {
    Entry entry;
    entry.offset = offset;
    entry.timestamp_ms = timestamp_ms;
    entry.bytes = static_cast<std::uint32_t>(bytes);
    entries_.push_back(entry);
    ++open_;
    bytes_ += bytes;
}

void OffsetLedger::settle(kafka::Offset offset) {
    const auto found = std::lower_bound(
        entries_.begin(), entries_.end(), offset, [](const Entry& e, kafka::Offset o) { return e.offset < o; });
    if (found == entries_.end() || found->offset != offset || found->settled) return;
    found->settled = true;
    --open_;
    bytes_ -= found->bytes;
    while (!entries_.empty() && entries_.front().settled) {
        committable_ = entries_.front().offset + 1;
        entries_.pop_front();
    }
}

std::optional<kafka::Offset> OffsetLedger::take_committable() {
    return std::exchange(committable_, std::nullopt);
}

std::optional<std::int64_t> OffsetLedger::oldest_open() const {
    // The front is always an open one.
    if (entries_.empty()) return std::nullopt;
    return entries_.front().timestamp_ms;
}

}  // namespace hirewire::pipeline
