#include "services/sync-theorg/past.hpp"

#include <doctest/doctest.h>

using namespace hirewire;
using namespace hirewire::theorg;

namespace {

v1::Run run(
    const std::string& id,
    v1::RunState state,
    std::int64_t began_ms,
    std::int64_t at_ms,
    std::string_view kind = import_kind) {
    v1::Run run;
    run.set_run_id(id);
    run.set_kind(std::string{kind});
    run.set_state(state);
    run.set_began_ms(began_ms);
    run.set_at_ms(at_ms);
    return run;
}

}  // namespace

TEST_CASE("The Org's past: the jobs are read as they were written") {
    Jobs jobs;
    jobs["413e3661-1111"] = Job{.fingerprint = "00ff00ff00ff00ff", .owed_since_ms = 0};
    jobs["owed"] = Job{.fingerprint = "00ff00ff00ff00fe", .owed_since_ms = 1'772'463'905'123};
    jobs["nobody knows"] = Job{};
    jobs["nobody\nknows, owed"] = Job{.fingerprint = {}, .owed_since_ms = 5};
    const auto read = read_jobs(text_of(jobs));
    REQUIRE(read.size() == jobs.size());
    for (const auto& one : jobs) {
        CAPTURE(one.first);
        REQUIRE(read.contains(one.first));
        CHECK(read.at(one.first).fingerprint == one.second.fingerprint);
        CHECK(read.at(one.first).owed_since_ms == one.second.owed_since_ms);
    }
    CHECK(read_jobs("").empty());
    CHECK(text_of({}).empty());
}

TEST_CASE("The Org's past: fifteen thousand jobs fit into one record") {
    Jobs jobs;
    for (int i = 0; i < 15'000; ++i) {
        auto id = std::to_string(10'000 + i) + "3661-1111-2222-3333-444455556666";
        id.resize(36, '0');
        jobs[id] = Job{.fingerprint = "00ff00ff00ff00ff", .owed_since_ms = 0};
    }
    CHECK(jobs.size() == 15'000);
    CHECK(text_of(jobs).size() < 900'000);
}

TEST_CASE("The Org's past: the last record of the jobs holds") {
    Past past;
    auto record = run(std::string{jobs_kind}, v1::RUN_STATE_CHECKPOINT, 1, 1, jobs_kind);
    record.set_checkpoint(text_of({{"a", Job{}}}));
    add_run(past, record);
    record.set_checkpoint(text_of({{"b", Job{}}}));
    add_run(past, record);
    CHECK(past.jobs.size() == 1);
    CHECK(past.jobs.contains("b"));
    CHECK(past.open.empty());
}

TEST_CASE("The Org's past: a run is open from the request until its end, however often one hears of either") {
    Past past;
    add_run(past, run("asked", v1::RUN_STATE_ASKED, 0, 10));
    add_run(past, run("begun", v1::RUN_STATE_STARTED, 20, 20));
    CHECK(past.open.size() == 2);
    CHECK(past.last_began_ms == 20);
    add_run(past, run("asked", v1::RUN_STATE_STARTED, 30, 30));
    CHECK(past.open.at("asked").state() == v1::RUN_STATE_ASKED);
    add_run(past, run("asked", v1::RUN_STATE_FINISHED, 30, 40));
    add_run(past, run("begun", v1::RUN_STATE_FAILED, 20, 50));
    add_run(past, run("asked", v1::RUN_STATE_ASKED, 0, 10));
    add_run(past, run("begun", v1::RUN_STATE_STARTED, 20, 20));
    CHECK(past.open.empty());
    CHECK(past.complete_began_ms == 30);
    CHECK(past.last_failed);
    add_run(past, run("later", v1::RUN_STATE_FINISHED, 60, 70));
    CHECK_FALSE(past.last_failed);
}

TEST_CASE("The Org's past: the postings are listed whole once a listing has finished that none has failed after") {
    Past past;
    CHECK_FALSE(is_listed_whole(past));
    add_run(past, run("p1", v1::RUN_STATE_STARTED, 10, 10, listing_kind));
    CHECK_FALSE(is_listed_whole(past));
    add_run(past, run("p1", v1::RUN_STATE_FINISHED, 10, 20, listing_kind));
    CHECK(is_listed_whole(past));
    add_run(past, run("p2", v1::RUN_STATE_FAILED, 30, 40, listing_kind));
    CHECK_FALSE(is_listed_whole(past));
    add_run(past, run("p2", v1::RUN_STATE_FINISHED, 50, 60, listing_kind));
    CHECK(is_listed_whole(past));
    add_run(past, run("s", v1::RUN_STATE_FAILED, 70, 80, "sweep"));
    CHECK(is_listed_whole(past));
    CHECK(past.open.empty());
}

TEST_CASE("The Org's past: hiring.postings is what its last records say") {
    Postings postings;
    v1::Posting posting;
    posting.set_title("Engineer");
    kafka::Record record;
    record.key = "a";
    record.value = posting.SerializeAsString();
    record.timestamp_ms = 5;
    add_posting(postings, record);
    CHECK(postings.at("a").posting->title() == "Engineer");
    CHECK(postings.at("a").written_ms == 5);
    record.value = std::string{"\xff\xff\xff"};
    add_posting(postings, record);
    CHECK_FALSE(postings.at("a").readable);
    CHECK_FALSE(postings.at("a").posting.has_value());
    record.value.reset();
    add_posting(postings, record);
    CHECK(postings.at("a").readable);
    CHECK_FALSE(postings.at("a").posting.has_value());
    CHECK_FALSE(postings.at("a").gone_for_certain);
    record.headers.push_back({"hirewire-gone", "confidential"});
    add_posting(postings, record);
    CHECK(postings.at("a").gone_for_certain);
}
