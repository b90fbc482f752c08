#pragma once
// Lever's postings for tests, and the records and jobs that carry them.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/core/time.hpp"
#include "common/kafka/record.hpp"
#include "common/pipeline/core.hpp"
#include "common/sync/posting_change.hpp"
#include "hirewire/v1/posting.pb.h"

namespace hirewire::testing {

// Published, with all that a posting can have.
inline v1::Posting posting(const std::string& id = "posting-1") {
    v1::Posting made;
    made.set_id(id);
    made.set_account("main");
    made.set_title("Staff Engineer");
    made.set_description_html("<p>Builds it.</p>");
    made.set_department("Platform");
    made.set_location("Berlin");
    made.set_state("published");
    made.set_url("https://jobs.lever.co/acme/" + id);
    made.set_created_at_ms(1'772'000'000'000);
    made.set_updated_at_ms(1'772'000'000'000);
    made.set_external(true);
    return made;
}

// As lever-source writes it; without a posting, the tombstone of the one with this id.
inline kafka::Record posting_record(
    std::int64_t written_at_ms, const std::optional<v1::Posting>& news, const std::string& id = "posting-1") {
    kafka::Record record;
    record.partition = {.topic = "hiring.postings", .number = 2};
    record.key = news ? news->id() : id;
    if (news) record.value = news->SerializeAsString();
    record.timestamp_ms = written_at_ms;
    record.headers = kafka::cloud_event(
        "an-event",
        "hirewire:main",
        news ? "hirewire.posting" : "hirewire.posting.gone",
        iso_time(from_ms(written_at_ms)),
        "application/protobuf");
    return record;
}

// A job of records of one posting.
inline pipeline::Job posting_job(std::vector<kafka::Record> records, int attempts = 1) {
    pipeline::Job job;
    job.id = 1;
    job.attempts = attempts;
    kafka::Offset offset = 40;
    for (auto& record : records) {
        record.offset = offset++;
        pipeline::Received received;
        const auto change = sync::read_change(record);
        job.place.lane = record.key;
        job.place.group = record.key;
        received.order = change ? change->version() : 0;
        received.record = std::move(record);
        job.records.push_back(std::move(received));
    }
    return job;
}

}  // namespace hirewire::testing
