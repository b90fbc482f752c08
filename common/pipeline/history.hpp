#pragma once
// What a record that was set aside carries in its headers, so that neither a restart nor a rebalance makes it young
// again. Times are the world's, epoch ms in text.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/core/time.hpp"
#include "common/kafka/record.hpp"
#include "common/pipeline/lanes.hpp"

namespace hirewire::pipeline {

struct History {
    int attempts = 0;
    int parked = 0;
    std::optional<Timestamp> failing_since{};
    std::optional<Timestamp> not_before{};
};

// A header that cannot be read, or says what cannot be, is as good as none.
History read_history(const std::vector<kafka::Header>& headers);

// From the world's time, of which headers speak, to the core's; `instant` is `now` on the core's clock. Nothing rests
// for longer than a week, whatever its header says.
Past to_past(const History& history, Timestamp now, Instant instant);

// In place of the history that is there.
void put_history(std::vector<kafka::Header>& headers, const History& history);

// Where a record was read first, however often it was set aside since.
struct Origin {
    std::string topic{};
    std::int32_t partition = 0;
    kafka::Offset offset = 0;
};
Origin read_origin(const kafka::Record& record);
void put_origin(std::vector<kafka::Header>& headers, const Origin& origin);

}  // namespace hirewire::pipeline
