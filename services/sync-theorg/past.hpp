#pragma once
// What Kafka holds of The Org's past: the jobs that it may have, the runs that began and ended, whether Lever's
// postings were listed whole; and hiring.postings itself.
//
// The jobs are the checkpoint of one record of hiring.runs, always under the same key, so that compaction keeps the
// newest alone. It is written before the first request of a run, and holds what that run is about to put: whatever
// happens then, nothing is at The Org that is not in it, and all in it will be deleted when its time comes.
// sync.outcomes could not promise that: a request may land and its outcome not be written, and outcomes are kept for
// 120 days, jobs may be open for longer.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "common/kafka/record.hpp"
#include "common/kafka/settings.hpp"
#include "hirewire/v1/run.pb.h"
#include "services/sync-theorg/rules.hpp"

namespace hirewire::theorg {

// Kinds of runs.
inline constexpr std::string_view import_kind = "theorg";
inline constexpr std::string_view listing_kind = "postings";  // lever-source's
// Of the record that holds the jobs, which is no run; its run id, too.
inline constexpr std::string_view jobs_kind = "theorg.jobs";

struct Past {
    Jobs jobs{};
    std::map<std::string, v1::Run> open{};  // asked for or begun, and not ended, by id
    std::set<std::string> ended{};
    std::int64_t last_began_ms = 0;
    std::int64_t complete_began_ms = 0;  // of the last one that was complete; 0 = there was none
    std::int64_t ended_at_ms = 0;        // of the last one, complete or not
    bool last_failed = false;
    std::int64_t listed_at_ms = 0;  // when lever-source last had all of Lever's postings; 0 = never
    std::int64_t listing_failed_at_ms = 0;
};
// May be told of the same run more than once. Of several records of the jobs the last one holds.
void add_run(Past& past, const v1::Run& run);
// Whether hiring.postings has all that Lever has.
bool is_listed_whole(const Past& past);

std::string text_of(const Jobs& jobs);
Jobs read_jobs(std::string_view text);

void add_posting(Postings& postings, const kafka::Record& record);

// From hiring.runs and from hiring.postings. Both block, and throw std::runtime_error when Kafka does not answer.
Past read_past(const kafka::Settings& settings);
Postings read_postings(const kafka::Settings& settings);

}  // namespace hirewire::theorg
