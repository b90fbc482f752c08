#pragma once
// Which letters of one destination still need somebody's hand. Memory is bounded: 32 bytes for each letter (3.2 MB
// for 100,000), whatever is in it; twice as much while they are read. Three readings: all letters, all outcomes since
// the oldest of them, and the letters again, to show or redrive them. Pure.
//
// What holds is read from the order of sync.outcomes, where an opportunity's records lie in one partition, and not
// from clocks: a letter is open while the last word on its version is "dead" and nothing newer has arrived.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/kafka/record.hpp"
#include "hirewire/v1/outcome.pb.h"
#include "tools/hirewire/letter.hpp"

namespace hirewire::cli {

enum class Standing : std::uint8_t {
    open,
    resolved,   // the destination has heard of its version since, by a replay or a redrive
    overtaken,  // a newer version has arrived
    redriven,   // and nothing has been heard of it yet
    discarded,
    repeated  // there is a later letter of the same version
};
std::string_view name_of(Standing standing);

class LetterBook {
public:
    explicit LetterBook(std::string destination);
    // Every letter, in the order of its partition.
    void add(const Letter& letter);
    // Between the letters and the outcomes.
    void close();
    // Every record of sync.outcomes, in the order of its partition.
    void hear(const kafka::Record& outcome);

    // Of a letter that was added; open for any other.
    [[nodiscard]] Standing standing(const Letter& letter) const;
    // Nothing when none was added with this id.
    [[nodiscard]] std::optional<Standing> standing_at(const LetterId& id) const;
    // Whether it was added: one that came later was not.
    [[nodiscard]] bool knows(const Letter& letter) const;
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    // When the oldest letter was written, epoch ms: what was decided before it is about none of them.
    [[nodiscard]] std::int64_t oldest_ms() const { return oldest_ms_; }

    static constexpr std::size_t bytes_a_letter = 32;

private:
    struct Entry {
        std::uint64_t whose = 0;  // a hash: two of a million are the same once in 40 million times
        std::int64_t version = 0;
        kafka::Offset offset = 0;
        std::int32_t partition = 0;
        std::uint16_t run = 0;  // a hash of the last redrive that was answered, by a death or otherwise; 0 = none
        Standing standing = Standing::open;
    };
    static_assert(sizeof(Entry) == bytes_a_letter);
    using Entries = std::vector<Entry>;
    static bool in_order(const Entry& a, const Entry& b);
    [[nodiscard]] bool concerns(const kafka::Record& outcome) const;
    [[nodiscard]] const Entry* find(const Letter& letter) const;
    static void judge(Entry& entry, const v1::Outcome& outcome);

    std::string destination_;
    Entries entries_;
    std::int64_t oldest_ms_ = 0;
};

// When the oldest letter of all books was written, epoch ms; nothing when no book has any.
std::optional<std::int64_t> oldest_of(const std::vector<LetterBook>& books);

}  // namespace hirewire::cli
