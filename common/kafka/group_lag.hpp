#pragma once
// How far behind a consumer group is, as the broker knows it: also when none of its members runs. Joins nothing and
// commits nothing. Blocking; for tools.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/core/time.hpp"
#include "common/kafka/settings.hpp"

namespace hirewire::kafka {

struct GroupLag {
    bool known = false;                       // whether the group has ever committed a place in the topic
    std::int64_t records = 0;                 // from its places to the ends, those under way included
    std::int64_t missed = 0;                  // offsets that Kafka deleted before the group came to them
    std::optional<std::int64_t> oldest_ms{};  // when the oldest of the records was written, epoch ms
};

// Of two topics: the older of the ages, and the sum of all else. Pure.
GroupLag together(const GroupLag& one, const GroupLag& other);

// By topic; both the group and the topics are named without the installation's prefix. A topic that is not there has
// no entry. What passes by itself, as while a broker restarts, is waited for as long as `patience`, at each question.
// Throws std::runtime_error when the broker does not answer.
std::map<std::string, GroupLag> group_lag(
    const Settings& settings,
    const std::string& group,
    const std::vector<std::string>& topics,
    Milliseconds patience = Milliseconds{5'000});

}  // namespace hirewire::kafka
