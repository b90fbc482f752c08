#include "common/sync/batch.hpp"

#include <doctest/doctest.h>

#include "tests/support/change_builders.hpp"

using namespace hirewire;
using namespace hirewire::sync;
using testing::job_of;
using testing::stage_change;

namespace {

constexpr std::int64_t now = 1'772'463'905'123;

void ask(pipeline::Job& job, std::size_t record, const std::string& run, bool forced = false) {
    auto& headers = job.records.at(record).record.headers;
    headers.push_back({std::string{replay_header}, run});
    if (forced) headers.push_back({std::string{epoch_header}, run});
}

using Ids = std::vector<std::string>;

}  // namespace

// Protects a replay's report: whoever asked for a version is answered, whichever of its copies is taken up.
TEST_CASE("batch: the runs that asked for a version are gathered from all of its records") {
    const auto change = stage_change(now);
    auto job = job_of({change, change, change, change});
    ask(job, 1, "run-1");
    ask(job, 2, "run-2", true);
    ask(job, 3, "run-1");
    const auto batch = read_batch(job);
    REQUIRE(batch.asked.contains(change.version()));
    const auto& asked = batch.asked.at(change.version());
    CHECK(asked.run_ids == Ids{"run-1", "run-2"});
    CHECK(asked.epoch == "run-2");
    CHECK(batch.unasked.contains(change.version()));
    CHECK(batch.older.empty());
}

TEST_CASE("batch: what no run asked for has no runs, and an epoch without a run is none") {
    auto job = job_of({stage_change(now)});
    job.records[0].record.headers.push_back({std::string{epoch_header}, "stray"});
    const auto batch = read_batch(job);
    CHECK(batch.asked.empty());
    CHECK(batch.unasked.size() == 1);
}

// Protects the follow-up question: a replayed copy is never live, and its live twin may be read after it.
TEST_CASE("batch: of two copies of a change one that is live makes it so, in whatever order they are read") {
    auto live = stage_change(now);
    auto replayed = live;
    replayed.set_live(false);
    CHECK(read_batch(job_of({replayed, live})).newest->live());
    CHECK(read_batch(job_of({live, replayed})).newest->live());
    auto newer = stage_change(now + 1);
    newer.set_live(false);
    for (const auto& job : {job_of({replayed, live, newer}), job_of({newer, live, replayed})}) {
        auto batch = read_batch(job);
        drop_known(batch, 0);
        REQUIRE(batch.older.size() == 1);
        CHECK(announcement(*batch.newest, batch.older).live());
    }
}

TEST_CASE("batch: what was applied before is known to a run that asked for it, and speaks for nobody") {
    const auto first = stage_change(now);
    const auto second = stage_change(now + 1);
    const auto third = stage_change(now + 2);
    auto job = job_of({first, second, third});
    ask(job, 1, "run-1");
    auto batch = read_batch(job);
    drop_known(batch, second.version());
    CHECK(batch.older.empty());
    REQUIRE(batch.known.size() == 1);
    CHECK(batch.known[0].version() == second.version());
}

TEST_CASE("batch: the headers of a replay are written as they are read") {
    Asked asked;
    asked.run_ids = {"run-1", "run-2"};
    asked.epoch = "run-2";
    std::vector<kafka::Header> headers{{"ce_id", "1"}, {std::string{replay_header}, "run-0"}};
    put_asked(headers, asked);
    CHECK(read_asked(headers).run_ids == Ids{"run-1", "run-2"});
    CHECK(read_asked(headers).epoch == "run-2");
    put_asked(headers, Asked{});
    REQUIRE(headers.size() == 1);
    CHECK(headers[0].name == "ce_id");
}
