#include "services/sync-theorg/past.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/kafka/reader.hpp"

namespace hirewire::theorg {
namespace {

// The text up to `end`, which is taken away with it; all that is left where there is no `end`.
std::string_view take(std::string_view& text, char end) {
    const auto word = text.substr(0, text.find(end));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    return word;
}

void add_import(Past& past, const v1::Run& run) {
    past.last_began_ms = std::max<std::int64_t>(past.last_began_ms, run.began_ms());
    const bool finished = run.state() == v1::RUN_STATE_FINISHED;
    if (!finished && run.state() != v1::RUN_STATE_FAILED) {
        if (!past.ended.contains(run.run_id())) past.open.try_emplace(run.run_id(), run);
        return;
    }
    past.open.erase(run.run_id());
    past.ended.insert(run.run_id());
    if (finished) past.complete_began_ms = std::max<std::int64_t>(past.complete_began_ms, run.began_ms());
    if (run.at_ms() >= past.ended_at_ms) {
        past.ended_at_ms = run.at_ms();
        past.last_failed = !finished;
    }
}

void add_listing(Past& past, const v1::Run& run) {
    if (run.state() == v1::RUN_STATE_FINISHED) {
        past.listed_at_ms = std::max<std::int64_t>(past.listed_at_ms, run.at_ms());
    }
    if (run.state() == v1::RUN_STATE_FAILED) {
        past.listing_failed_at_ms = std::max<std::int64_t>(past.listing_failed_at_ms, run.at_ms());
    }
}

}  // namespace

void add_run(Past& past, const v1::Run& run) {
    if (run.kind() == jobs_kind) {
        past.jobs = read_jobs(run.checkpoint());
    } else if (run.kind() == import_kind) {
        add_import(past, run);
    } else if (run.kind() == listing_kind) {
        add_listing(past, run);
    }
}

bool is_listed_whole(const Past& past) {
    return past.listed_at_ms != 0 && past.listed_at_ms > past.listing_failed_at_ms;
}

// A line a job: its id, its fingerprint, and since when its deletion is owed.
std::string text_of(const Jobs& jobs) {
    std::string text;
    for (const auto& [id, job] : jobs) {
        text += http::percent_encode(id) + " " + job.fingerprint;
        if (job.owed_since_ms != 0) text += " " + std::to_string(job.owed_since_ms);
        text += '\n';
    }
    return text;
}

Jobs read_jobs(std::string_view text) {
    Jobs jobs;
    while (!text.empty()) {
        auto line = take(text, '\n');
        const auto id = take(line, ' ');
        if (id.empty()) continue;
        Job job;
        job.fingerprint = std::string{take(line, ' ')};
        std::from_chars(line.data(), line.data() + line.size(), job.owed_since_ms);
        jobs.emplace(http::percent_decode(id), std::move(job));
    }
    return jobs;
}

void add_posting(Postings& postings, const kafka::Record& record) {
    Seen seen;
    seen.written_ms = record.timestamp_ms;
    if (record.value) {
        v1::Posting posting;
        seen.readable = posting.ParseFromString(*record.value);
        if (seen.readable) seen.posting = std::move(posting);
    } else {
        // lever-source puts it on what Lever itself calls confidential or deleted.
        seen.gone_for_certain = !kafka::header(record.headers, "hirewire-gone").empty();
    }
    postings[record.key] = std::move(seen);
}

Past read_past(const kafka::Settings& settings) {
    Past past;
    const auto add = [&past](const kafka::Record& record) {
        v1::Run run;
        if (record.value && run.ParseFromString(*record.value)) add_run(past, run);
    };
    kafka::read_all(settings, "hiring.runs", add);
    return past;
}

Postings read_postings(const kafka::Settings& settings) {
    Postings postings;
    const auto add = [&postings](const kafka::Record& record) { add_posting(postings, record); };
    kafka::read_all(settings, "hiring.postings", add);
    return postings;
}

}  // namespace hirewire::theorg
