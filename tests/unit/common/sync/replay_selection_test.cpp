#include "common/sync/replay_selection.hpp"

#include <doctest/doctest.h>

#include <string>
#include <unordered_map>

#include "common/pipeline/history.hpp"
#include "common/sync/batch.hpp"
#include "common/sync/replay_writer.hpp"
#include "tests/support/change_builders.hpp"

using namespace hirewire;
using namespace hirewire::sync;
using testing::hire;
using testing::record_of;
using testing::stage_change;

namespace {

constexpr std::int64_t now = 1'772'463'905'123;

kafka::Record written(const v1::Change& change, kafka::Offset offset, const char* topic = "hiring.changes") {
    auto record = record_of(change, offset);
    record.partition.topic = topic;
    record.timestamp_ms = change.occurred_at_ms();
    return record;
}

ReplayTerms terms(ReplaySource source) {
    ReplayTerms t;
    t.run_id = "run";
    t.source = source;
    return t;
}

}  // namespace

// Protects the destination from needless calls: a hundred changes of one opportunity are one record.
TEST_CASE("replay selection: of an opportunity's wanted changes the newest state speaks for all") {
    auto t = terms(ReplaySource::changes);
    t.wants = [](const v1::Change& change) { return change.hired(); };
    ReplaySelection selection{t};
    const auto hired = written(hire(now, "a"), 1);
    const auto hired_again = written(hire(now + 1, "a"), 2);
    const auto newest = written(stage_change(now + 2, "a"), 3);
    const auto other = written(stage_change(now, "b"), 4);
    for (const auto& record : {hired, hired_again, newest, other}) selection.add(record);
    selection.close();
    CHECK(selection.found() == 2);
    CHECK(selection.overtaken() == 1);
    CHECK(selection.chosen(newest));
    for (const auto& record : {hired, hired_again, other}) CHECK_FALSE(selection.chosen(record));
}

TEST_CASE("replay selection: by the time of writing, the beginning included and the end not") {
    auto t = terms(ReplaySource::changes);
    t.from_ms = now;
    t.until_ms = now + 10;
    ReplaySelection selection{t};
    std::vector<kafka::Record> records;
    for (const std::int64_t at : {-1, 0, 9, 10}) {
        records.push_back(written(stage_change(now + at, "at" + std::to_string(at)), at + 5));
        selection.add(records.back());
    }
    selection.close();
    CHECK(selection.found() == 2);
    CHECK_FALSE(selection.chosen(records[0]));
    CHECK(selection.chosen(records[1]));
    CHECK(selection.chosen(records[2]));
    CHECK_FALSE(selection.chosen(records[3]));
}

TEST_CASE("replay selection: of present states only the newest is asked whether it is wanted") {
    auto t = terms(ReplaySource::opportunities);
    t.wants = [](const v1::Change& change) { return change.hired(); };
    ReplaySelection selection{t};
    const auto hired = written(hire(now, "a"), 1, "hiring.opportunities");
    const auto unhired = written(stage_change(now + 1, "a"), 2, "hiring.opportunities");
    const auto still = written(hire(now, "b"), 3, "hiring.opportunities");
    // Written to hiring.changes, and not yet to hiring.opportunities.
    const auto just_hired = written(hire(now + 2, "c"), 3);
    const auto before = written(stage_change(now, "c"), 4, "hiring.opportunities");
    for (const auto& record : {just_hired, hired, unhired, still, before}) selection.add(record);
    selection.close();
    CHECK(selection.found() == 2);
    CHECK(selection.overtaken() == 0);
    CHECK(selection.chosen(still));
    CHECK(selection.chosen(just_hired));
    for (const auto& record : {hired, unhired, before}) CHECK_FALSE(selection.chosen(record));
}

// Protects the memory of a daemon: what is kept is kept for as long as the replay takes.
TEST_CASE("replay selection: of the records that are held only the chosen ones are kept") {
    ReplaySelection selection{terms(ReplaySource::opportunities)};
    const auto newest = written(hire(now + 2, "a"), 3);
    const auto overtaken = written(hire(now, "b"), 4);
    const auto state = written(hire(now + 1, "b"), 1, "hiring.opportunities");
    for (const auto& record : {newest, overtaken, state}) selection.add(record);
    selection.close();
    std::unordered_map<std::string, kafka::Record> held{{"a", newest}, {"b", overtaken}};
    selection.keep_chosen(held);
    REQUIRE(held.size() == 1);
    CHECK(held.contains("a"));
}

// Protects candidates: nothing that is replayed is live.
TEST_CASE("replay: a record of the past goes out as backfill, with its run, its origin and its key") {
    auto t = terms(ReplaySource::changes);
    const auto change = stage_change(now, "a");
    REQUIRE(change.live());
    const auto record = written(change, 7);
    SUBCASE("plain") {}
    SUBCASE("forced") {
        t.forced = true;
    }
    const auto message = replayed(record, "sync.clara.replay", t);
    CHECK(message.topic == "sync.clara.replay");
    CHECK(message.key == "a");
    CHECK(message.partition == record.partition.number);
    v1::Change told;
    REQUIRE(told.ParseFromString(*message.value));
    CHECK_FALSE(told.live());
    CHECK(told.version() == change.version());
    const auto asked = read_asked(message.headers);
    CHECK(asked.run_ids == std::vector<std::string>{"run"});
    CHECK(asked.epoch == (t.forced ? "run" : ""));
    kafka::Record read;
    read.headers = message.headers;
    CHECK(pipeline::read_origin(read).topic == "hiring.changes");
    CHECK(pipeline::read_origin(read).offset == 7);
}
