#pragma once
// Changes for tests, in few words, and the records that carry them.
#include <string>
#include <utility>
#include <vector>

#include "common/kafka/record.hpp"
#include "common/pipeline/core.hpp"
#include "hirewire/v1/change.pb.h"

namespace hirewire::testing {

inline v1::Status stage(const std::string& id, const std::string& name) {
    v1::Status status;
    status.set_kind(v1::STATUS_KIND_STAGE);
    status.set_id(id);
    status.set_name(name);
    return status;
}

inline v1::Status archive_reason(const std::string& id, const std::string& name) {
    v1::Status status;
    status.set_kind(v1::STATUS_KIND_ARCHIVE_REASON);
    status.set_id(id);
    status.set_name(name);
    return status;
}

// A live move from New applicant to On-site interview.
inline v1::Change stage_change(std::int64_t occurred_at_ms, const std::string& opportunity = "opportunity-1") {
    v1::Change change;
    change.set_change_id("change-" + opportunity + "-" + std::to_string(occurred_at_ms));
    change.set_version(occurred_at_ms * 16 + 3);
    change.set_kind(v1::CHANGE_KIND_STAGE_CHANGED);
    change.set_occurred_at_ms(occurred_at_ms);
    change.set_account("main");
    change.set_opportunity_id(opportunity);
    change.set_contact_id("contact-of-" + opportunity);
    change.mutable_posting()->set_id("posting-1");
    change.mutable_posting()->set_title("Staff Engineer");
    change.mutable_posting()->set_department("Platform");
    change.mutable_posting()->set_state("published");
    change.mutable_posting()->set_external(true);
    change.mutable_cluster()->set_job_id("job-1");
    change.mutable_cluster()->set_candidate_id("candidate-1");
    *change.mutable_status() = stage("onsite", "On-site interview");
    *change.mutable_previous_status() = stage("applicant-new", "New applicant");
    change.set_live(true);
    return change;
}

inline v1::Change hire(std::int64_t occurred_at_ms, const std::string& opportunity = "opportunity-1") {
    auto change = stage_change(occurred_at_ms, opportunity);
    change.set_version(occurred_at_ms * 16 + 5);
    change.set_kind(v1::CHANGE_KIND_HIRED);
    *change.mutable_previous_status() = stage("offer", "Offer");
    *change.mutable_status() = archive_reason("reason-hired", "Hired");
    change.set_hired(true);
    change.set_hired_at_ms(occurred_at_ms);
    change.set_start_date("2026-12-01");
    return change;
}

inline kafka::Record record_of(const v1::Change& change, kafka::Offset offset = 0) {
    kafka::Record record;
    record.partition = {.topic = "hiring.changes", .number = 2};
    record.offset = offset;
    record.key = change.opportunity_id();
    record.value = change.SerializeAsString();
    record.headers = kafka::cloud_event(
        change.change_id(),
        "hirewire:main",
        "hirewire.change",
        "2026-03-02T15:05:05.123Z",
        "application/protobuf",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    return record;
}

inline pipeline::Job job_of(std::vector<v1::Change> changes, int attempts = 1) {
    pipeline::Job job;
    job.id = 1;
    job.attempts = attempts;
    if (!changes.empty()) {
        job.place.lane = changes.front().opportunity_id();
        job.place.group = job.place.lane;
    }
    kafka::Offset offset = 40;
    for (const auto& change : changes) {
        pipeline::Received received;
        received.record = record_of(change, offset++);
        received.order = change.version();
        job.records.push_back(std::move(received));
    }
    return job;
}

}  // namespace hirewire::testing
