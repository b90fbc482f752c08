#pragma once
// What may be committed of one partition. Offsets are opened in the order of reading and settled in any; the commit
// position is the oldest open one, so an unfinished record is never passed. It tracks what was received, not what was
// expected: gaps need no code.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "common/kafka/record.hpp"

namespace hirewire::pipeline {

class OffsetLedger {
public:
    void open(kafka::Offset offset, std::int64_t timestamp_ms, std::size_t bytes);
    // Unknown offsets are ignored: they belong to an earlier assignment.
    void settle(kafka::Offset offset);

    // The offset to begin with after a restart, when it has moved since it was last asked for.
    std::optional<kafka::Offset> take_committable();

    [[nodiscard]] std::size_t open_count() const { return open_; }
    [[nodiscard]] std::size_t open_bytes() const { return bytes_; }
    // Offsets remembered: the open ones and the settled ones behind the oldest of them.
    [[nodiscard]] std::size_t span() const { return entries_.size(); }
    // When the oldest unfinished record was written, epoch ms.
    [[nodiscard]] std::optional<std::int64_t> oldest_open() const;

private:
    struct Entry {
        kafka::Offset offset = 0;
        std::int64_t timestamp_ms = 0;
        std::uint32_t bytes = 0;
        bool settled = false;
    };
    std::deque<Entry> entries_;
    std::size_t open_ = 0;
    std::size_t bytes_ = 0;
    std::optional<kafka::Offset> committable_;
};

}  // namespace hirewire::pipeline
