#pragma once
// What hirewire replay asks for and shows: flags to a specification, hiring.runs to tables, progress and reports.
// Pure.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/core/time.hpp"
#include "common/sync/replay_spec.hpp"
#include "hirewire/v1/run.pb.h"

namespace hirewire::cli {

// As they stand on the command line; empty = not given, but for the rate.
struct ReplayWords {
    std::string from{};
    std::string until{};
    std::string opportunity{};
    std::string kind{};
    std::string posting{};
    std::string rate = "50/s";  // live changes hardly feel that, on a small machine too; "" = no limit
    bool snapshot = false;      // hiring.opportunities in place of hiring.changes
    bool postings = false;      // hiring.postings in place of hiring.changes
    bool force = false;
};
// Throws config::Error with one sentence that says what is wrong and what would be right.
sync::ReplaySpec spec_of(const ReplayWords& words, Timestamp now);
// Throws std::runtime_error with one sentence when a topic is not there that is read or written, of those that are.
void need_replay_topics(
    const std::map<std::string, int>& topics, const std::string& destination, sync::ReplaySource source);

// All replays that hiring.runs tells of, as they stand now.
class ReplayList {
public:
    struct Entry {
        v1::Run run{};  // as it was told last; the state is that of the replay
        std::int64_t asked_ms = 0;
    };
    // Every record, in order; others than replays are left out.
    void add(const v1::Run& run);
    // By the time at which they were asked for.
    [[nodiscard]] std::vector<Entry> all() const;
    // By the id or a beginning of it that only one has; with "" the only one that has not ended. Throws config::Error
    // with one sentence when there is none, or more than one.
    [[nodiscard]] Entry find(const std::string& id) const;

private:
    std::map<std::string, Entry> entries_;
};

bool has_ended(const v1::Run& replay);
std::string state_of(const v1::Run& replay);
std::int64_t count_of(const v1::Run& replay, const std::string& what);
// How many records there are to be answered, and how many of them have an outcome. Those that a newer one overtakes
// are left out: they have theirs at once, and say nothing of how far it is.
std::int64_t to_answer(const v1::Run& replay);
std::int64_t answered(const v1::Run& replay);
// Why it has failed, or was interrupted and is tried again; "" = neither.
std::string why_of(const v1::Run& replay);

// How fast a replay goes, by what was seen of it.
class ReplayPace {
public:
    void note(std::int64_t answered, Timestamp at);
    // Records a second over the last half minute; nothing before there are two sights.
    [[nodiscard]] std::optional<double> per_second() const;
    [[nodiscard]] std::optional<Milliseconds> left(std::int64_t records) const;

private:
    struct Sight {
        std::int64_t answered = 0;
        Timestamp at{};
    };
    std::vector<Sight> sights_;
};

// One line, and the bar that goes before it on a terminal.
std::string bar_of(const v1::Run& replay);
std::string line_of(const v1::Run& replay, const ReplayPace& pace);
// What came of it, a line for each kind of outcome.
std::string outcome_report(const v1::Run& replay);
std::string table_of(const std::vector<ReplayList::Entry>& entries);
std::string json_of(const ReplayList::Entry& entry);
std::string json_of(const std::vector<ReplayList::Entry>& entries);

// "40 s", "12 min", "3 h 20 min".
std::string span_words(Milliseconds span);

}  // namespace hirewire::cli
