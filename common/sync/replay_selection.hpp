#pragma once
// Which records of a topic a replay writes: of each opportunity (or posting) the newest one, when it is wanted. A
// first reading finds them, a second one hands them over: compaction comes late, and holding all would take too much
// memory. Pure; some 120 bytes for each opportunity of the topic.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/kafka/record.hpp"
#include "common/sync/replay_terms.hpp"

namespace hirewire::sync {

class ReplaySelection {
public:
    explicit ReplaySelection(const ReplayTerms& terms);
    // The first reading. Of two records of the same version the later call's holds. Answers whether it is the newest
    // of its key so far.
    bool add(const kafka::Record& record);
    // Between the two.
    void close();
    // The second reading.
    [[nodiscard]] bool chosen(const kafka::Record& record) const;
    // Leaves of these, by their keys, those that are chosen.
    void keep_chosen(std::unordered_map<std::string, kafka::Record>& records) const;

    // Records that are wanted. Of hiring.changes each one counts, and the newest state speaks for all of its
    // opportunity, be it wanted or not.
    [[nodiscard]] std::int64_t found() const { return found_; }
    // Those of them that another one speaks for.
    [[nodiscard]] std::int64_t overtaken() const { return found_ - static_cast<std::int64_t>(latest_.size()); }

private:
    struct Latest {
        std::int64_t version = -1;
        kafka::Offset offset = 0;
        std::int64_t wanted = 0;
        std::int32_t partition = 0;
        bool in_changes = false;
    };
    [[nodiscard]] bool wanted(const kafka::Record& record, const v1::Change& change) const;

    ReplaySource source_;
    std::function<bool(const v1::Change&)> wants_;
    std::optional<std::int64_t> from_ms_;
    std::optional<std::int64_t> until_ms_;
    std::unordered_map<std::string, Latest> latest_;
    std::int64_t found_ = 0;
};

}  // namespace hirewire::sync
