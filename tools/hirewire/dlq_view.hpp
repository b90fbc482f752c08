#pragma once
// Dead letters as an operator sees them: grouped by reason, the newest of them one by one, or one as a whole. Pure.
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/core/time.hpp"
#include "common/kafka/record.hpp"
#include "tools/hirewire/letter.hpp"
#include "tools/hirewire/letter_book.hpp"

namespace hirewire::cli {

struct LetterGroup {
    std::string reason{};
    int status = 0;  // 0 = the reason names none
    std::int64_t count = 0;
    std::int64_t oldest_ms = 0;  // of their deaths, epoch
    std::int64_t newest_ms = 0;
};

// How many there are, and the newest of them. Reasons are few; should there be hundreds, the rest is one group.
class LetterSummary {
public:
    explicit LetterSummary(std::size_t most_shown = 50) : most_shown_{most_shown} {}
    void add(const Letter& letter, Standing standing);

    struct Shown {
        Letter letter{};
        Standing standing = Standing::open;
    };
    [[nodiscard]] std::vector<LetterGroup> groups() const;  // the largest first
    [[nodiscard]] std::vector<Shown> newest() const;        // the newest first
    [[nodiscard]] std::int64_t count() const { return count_; }

private:
    std::size_t most_shown_;
    std::int64_t count_ = 0;
    std::map<std::pair<std::string, int>, LetterGroup> groups_;
    std::multimap<std::int64_t, Shown> newest_;  // by the time of death
};

std::string table_of(const std::string& destination, const LetterSummary& summary);
std::string json_of(const std::string& destination, const LetterSummary& summary);

// One letter: a line of a table, an object in one line, and all that is known of it with every header.
std::string line_of(const Letter& letter, Standing standing);
std::string json_of(const Letter& letter, Standing standing);
std::string details_of(const kafka::Record& record, const Letter& letter, Standing standing);
std::string details_json_of(const kafka::Record& record, const Letter& letter, Standing standing);

// "840 dead letters of clara: 812 answered 422, 28 answered 409"
std::string words_of(const std::string& destination, const LetterSummary& summary);

// What was done, an object in one line; the same when it was nothing.
std::string json_of(const LetterTask& task, std::int64_t count, Milliseconds took);
// Why nothing is done with the letter that an operator names, in one sentence; with no standing, it is not there.
std::string why_left(const std::string& destination, const std::string& id, std::optional<Standing> standing);

}  // namespace hirewire::cli
