// A replay against a broker, with a daemon that is played: what is written, what is counted, what a second process
// does with what a first one left.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "common/core/sleep.hpp"
#include "common/core/uuid.hpp"
#include "common/kafka/producer.hpp"
#include "common/kafka/reader.hpp"
#include "common/sync/batch.hpp"
#include "common/sync/replay.hpp"
#include "hirewire/v1/outcome.pb.h"
#include "tests/support/change_builders.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/stack.hpp"

using namespace hirewire;

namespace {

namespace asio = boost::asio;

constexpr std::int64_t now = 1'772'463'905'123;

testing::Stack& stack() {
    static testing::Stack one{testing::StackOptions{}};
    return one;
}

// Answers each record of a run as the destination's daemon would.
class Daemon {
public:
    Daemon(testing::Loop& loop, kafka::Producer& producer, std::string run)
        : loop_{loop}, producer_{producer}, run_{std::move(run)} {}
    void step() {
        while (const auto record = tail_.next(Milliseconds{1})) take(*record);
    }
    std::map<std::string, int> keys{};  // how often each opportunity was told of

private:
    void take(const kafka::Record& record) {
        v1::Change change;
        const auto asked = sync::read_asked(record.headers);
        if (asked.run_ids != std::vector<std::string>(1, run_)) return;
        REQUIRE(record.value.has_value());
        REQUIRE(change.ParseFromString(*record.value));
        CHECK_FALSE(change.live());
        ++keys[record.key];
        v1::Outcome outcome;
        outcome.set_destination("clara");
        outcome.set_opportunity_id(change.opportunity_id());
        outcome.set_version(change.version());
        outcome.set_outcome(v1::OUTCOME_KIND_APPLIED);
        outcome.set_effect("updated");
        outcome.set_attempts(1);
        outcome.set_http_status(200);
        outcome.add_run_ids(run_);
        kafka::Message message;
        message.topic = "sync.outcomes";
        message.key = record.key;
        message.value = outcome.SerializeAsString();
        asio::co_spawn(loop_.context, producer_.write(std::move(message)), asio::detached);
    }

    testing::Loop& loop_;
    kafka::Producer& producer_;
    std::string run_;
    kafka::Tail tail_{stack().kafka(), {"sync.clara.replay"}, kafka::Tail::From::end};
};

struct Bench {
    // So many changes of each of so many opportunities, which nobody else has.
    void write_changes(int opportunities, int of_each) {
        for (int i = 0; i < opportunities; ++i) {
            const auto opportunity = prefix + std::to_string(i);
            for (int j = 0; j < of_each; ++j) {
                const auto change = testing::stage_change(now + j, opportunity);
                kafka::Message message;
                message.topic = "hiring.changes";
                message.key = opportunity;
                message.value = change.SerializeAsString();
                REQUIRE(loop.wait(producer->write(std::move(message))).has_value());
            }
        }
    }
    sync::ReplayTerms terms() const {
        sync::ReplayTerms t;
        t.run_id = "run-" + prefix;
        t.source = sync::ReplaySource::changes;
        t.wants = [p = prefix](const v1::Change& change) { return change.opportunity_id().starts_with(p); };
        return t;
    }
    std::unique_ptr<sync::Replay> replay() {
        return std::make_unique<sync::Replay>(
            loop.context.get_executor(), stack().kafka(), *producer, clock, "clara");
    }
    sync::ReplayProgress play(
        sync::Replay& replay, sync::ReplayTerms wanted, const std::function<void()>& meanwhile) {
        std::optional<sync::ReplayProgress> end;
        std::exception_ptr failure;
        const sync::Replay::Tell tell = [](sync::ReplayProgress) -> asio::awaitable<void> { co_return; };
        auto running = replay.run(std::move(wanted), tell);
        asio::co_spawn(loop.context, std::move(running), [&](std::exception_ptr f, sync::ReplayProgress progress) {
            failure = f;
            end = std::move(progress);
        });
        loop.until("the replay ends", [&] {
            meanwhile();
            return end.has_value();
        });
        if (failure) std::rethrow_exception(failure);
        return *end;
    }

    SystemClock clock;
    testing::Loop loop;
    std::unique_ptr<kafka::Producer> producer = kafka::make_producer(loop.context.get_executor(), stack().kafka());
    std::string prefix = random_uuid() + "-";
};

using Counts = std::map<std::string, std::int64_t>;

}  // namespace

TEST_CASE("replay: an opportunity's changes are one record, and each is in the report") {
    Bench b;
    b.write_changes(20, 10);
    Daemon daemon{b.loop, *b.producer, b.terms().run_id};
    const auto replay = b.replay();
    const auto end = b.play(*replay, b.terms(), [&] { daemon.step(); });
    CHECK(end.done);
    CHECK(end.found == 200);
    CHECK(end.sent == 20);
    CHECK(end.calls == 20);
    CHECK(end.outcomes == Counts{{"applied", 20}, {"superseded", 180}});
    CHECK(end.effects == Counts{{"updated", 20}});
    CHECK(daemon.keys.size() == 20);
    for (const auto& [key, times] : daemon.keys) CHECK(times == 1);
}

TEST_CASE("replay: nothing that is wanted ends at once") {
    Bench b;
    const auto replay = b.replay();
    const auto end = b.play(*replay, b.terms(), [] {});
    CHECK(end.done);
    CHECK(end.found == 0);
    CHECK(end.outcomes.empty());
}

TEST_CASE("replay: what one process leaves unfinished the next one finishes, and tells nothing twice") {
    Bench b;
    b.write_changes(150, 1);
    auto terms = b.terms();
    terms.per_second = 100;
    Daemon daemon{b.loop, *b.producer, terms.run_id};
    auto first = b.replay();
    const auto stopped = b.play(*first, terms, [&] {
        daemon.step();
        if (daemon.keys.size() >= 20) first->stop();
    });
    REQUIRE_FALSE(stopped.done);
    CHECK(stopped.sent < 150);
    first.reset();
    b.loop.wait(sleep_for(Milliseconds{300}));  // what is under way
    terms.checkpoint = stopped.checkpoint;
    const auto second = b.replay();
    const auto end = b.play(*second, terms, [&] { daemon.step(); });
    CHECK(end.done);
    CHECK(end.sent == 150);
    CHECK(end.outcomes == Counts{{"applied", 150}});
    CHECK(daemon.keys.size() == 150);
    for (const auto& [key, times] : daemon.keys) CHECK(times == 1);
}

// Protects who resumes a long one: what was told before is passed over at once, whatever the rate.
TEST_CASE("replay: what was told before takes no turn of the rate") {
    Bench b;
    b.write_changes(60, 1);
    auto terms = b.terms();
    terms.checkpoint = sync::replay_checkpoint(b.clock.now());
    Daemon daemon{b.loop, *b.producer, terms.run_id};
    const auto first = b.replay();
    REQUIRE(b.play(*first, terms, [&] { daemon.step(); }).done);
    // At this rate, sixty turns take longer than anybody here waits.
    terms.per_second = 0.5;
    const auto second = b.replay();
    const auto end = b.play(*second, terms, [&] { daemon.step(); });
    CHECK(end.done);
    CHECK(end.found == 60);
    CHECK(end.outcomes == Counts{{"applied", 60}});
    for (const auto& [key, times] : daemon.keys) CHECK(times == 1);
}
