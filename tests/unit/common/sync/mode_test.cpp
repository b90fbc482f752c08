// The modes: what shadow says and does not do, and what a change of mode owes a destination.
#include "common/sync/mode.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "common/sync/beginning.hpp"
#include "common/sync/delivery.hpp"
#include "common/sync/judge.hpp"
#include "common/sync/mode_task.hpp"
#include "tests/support/change_builders.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/fake_producer.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"
#include "tests/unit/common/sync/task_desk.hpp"

using namespace hirewire;
using namespace hirewire::sync;

namespace {

namespace asio = boost::asio;

// Looks the person up, then writes; who is skipped is told nothing in any mode.
class Asking final : public Destination {
public:
    [[nodiscard]] std::string_view name() const override { return "asking"; }
    [[nodiscard]] std::uint16_t default_admin_port() const override { return 0; }
    void declare(config::Section&) override {}
    [[nodiscard]] Plan plan(const v1::Change& change, const Situation&) const override {
        if (skips) return {Settle{.outcome = v1::OUTCOME_KIND_SKIPPED, .reason = "none of its business"}};
        http::Request request;
        request.method = looks_first ? http::Method::get : http::Method::put;
        request.target = (looks_first ? "/Users?filter=ann@example.net" : "/status/") + change.opportunity_id();
        return {Send{.request = std::move(request), .then = [](const Answer& a) { return judge(a, false); }}};
    }
    bool looks_first = false;
    bool skips = false;
};

struct ShadowBench {
    ShadowBench() {
        testing::finish(store.prepare_ledger("asking", 2, "rebuild"));
        testing::finish(store.open_ledger("asking", 2, "rebuild"));
        clock.advance(Milliseconds{1'000});
        change = testing::stage_change(to_ms(clock.now()));
        settings.mode = Mode::shadow;
        clock.advance(Milliseconds{500});
    }
    v1::Outcome attempt(Delivery& delivery) {
        const auto job = testing::job_of({change});
        testing::finish(delivery.attempt(job));
        const auto messages = producer.of("sync.outcomes");
        REQUIRE_FALSE(messages.empty());
        v1::Outcome outcome;
        REQUIRE(outcome.ParseFromString(*messages.back().value));
        return outcome;
    }

    testing::ManualClock clock;
    testing::FakeStore store{clock};
    testing::FakeProducer producer;
    testing::FakeClient client;
    testing::FakeClient internal;
    metrics::Registry metrics;
    Asking destination;
    DeliverySettings settings;
    v1::Change change;
};

// The task over fakes; what it writes, a later process hears.
struct TaskBench : testing::TaskDesk {
    explicit TaskBench(std::string now) : TaskDesk{"clara"}, standing{std::move(now)} {}

    std::unique_ptr<ModeTask> task() {
        auto one = std::make_unique<ModeTask>(
            "clara",
            [this] { return standing; },
            [this] { return wants_postings; },
            [this](TaskTools&, ReplaySource source) { return take(source); });
        for (const auto& message : producer.of("hiring.runs")) {
            v1::Run run;
            REQUIRE(run.ParseFromString(*message.value));
            one->hear(run);
        }
        return one;
    }
    asio::awaitable<std::int64_t> take(ReplaySource source) {
        if (source == ReplaySource::postings) {
            ++postings_snapshots;
            co_return 3;
        }
        ++snapshots;
        if (on_snapshot) on_snapshot();
        co_return 7;
    }
    void look(ModeTask& one) { testing::finish(context, one.look(tools)); }
    // As a process that has just started, or was told to read its configuration anew.
    void look() {
        const auto one = task();
        look(*one);
    }
    std::string remembered() const {
        std::string checkpoint;
        for (const auto& message : producer.of("hiring.runs")) {
            v1::Run run;
            REQUIRE(run.ParseFromString(*message.value));
            if (run.run_id() == "mode.clara") checkpoint = run.checkpoint();
        }
        return checkpoint;
    }

    std::string standing;
    bool wants_postings = false;
    int snapshots = 0;
    int postings_snapshots = 0;
    std::function<void()> on_snapshot{};
};

}  // namespace

TEST_CASE("mode: the words, and what stands in hiring.runs") {
    for (const auto& word : mode_words()) CHECK(name_of(mode_of(word)) == word);
    CHECK(mode_words().size() == 3);
    CHECK(standing_of(Mode::live, "") == "live");
    CHECK(standing_of(Mode::live, "map_status is off") == "map_status is off");
    CHECK(standing_of(Mode::off, "map_status is off") == "off");
}

TEST_CASE("mode: a snapshot is owed to who is told again, and to nobody else") {
    for (const auto* before : {"shadow", "off", "map_status is off"}) CHECK(owes_snapshot(before, "live"));
    CHECK_FALSE(owes_snapshot("live", "live"));
    CHECK_FALSE(owes_snapshot("live", "shadow"));
    CHECK_FALSE(owes_snapshot("off", "shadow"));
    // A new one gets its snapshot where its reading begins.
    CHECK_FALSE(owes_snapshot("", "live"));
}

TEST_CASE("shadow: what would be sent is said, nothing is sent, and the ledger stays where it was") {
    ShadowBench b;
    Delivery delivery{b.settings, b.destination, b.client, b.internal, b.store, b.producer, b.clock, b.metrics};
    const auto outcome = b.attempt(delivery);
    CHECK(outcome.outcome() == v1::OUTCOME_KIND_SHADOW);
    CHECK(outcome.reason() == "would PUT /status/" + b.change.opportunity_id());
    CHECK(b.client.requests.empty());

    // Turned live, the same change is told: shadow has not finished it.
    delivery.use_mode(Mode::live);
    CHECK(b.attempt(delivery).outcome() == v1::OUTCOME_KIND_APPLIED);
    CHECK(b.client.requests.size() == 1);
}

TEST_CASE("shadow: not even a question goes out, and its query, which names a person, is not told") {
    ShadowBench b;
    b.destination.looks_first = true;
    Delivery delivery{b.settings, b.destination, b.client, b.internal, b.store, b.producer, b.clock, b.metrics};
    const auto outcome = b.attempt(delivery);
    CHECK(outcome.outcome() == v1::OUTCOME_KIND_SHADOW);
    CHECK(outcome.reason() == "would begin with GET /Users");
    CHECK(b.client.requests.empty());
}

TEST_CASE("shadow: what is decided without a call is decided as it is live") {
    ShadowBench b;
    b.destination.skips = true;
    Delivery delivery{b.settings, b.destination, b.client, b.internal, b.store, b.producer, b.clock, b.metrics};
    CHECK(b.attempt(delivery).outcome() == v1::OUTCOME_KIND_SKIPPED);
}

TEST_CASE("mode task: who begins live is remembered so, without a snapshot") {
    TaskBench b{"live"};
    b.look();
    CHECK(b.remembered() == "live");
    CHECK(b.snapshots == 0);
    const auto written = b.producer.writes;
    b.look();
    CHECK(b.producer.writes == written);
}

TEST_CASE("#17 mode task: a map that was off and is turned on gets one snapshot, also after a restart in between") {
    TaskBench b{"map_status is off"};
    b.look();
    CHECK(b.remembered() == "map_status is off");
    b.standing = "live";
    b.look();
    CHECK(b.snapshots == 1);
    CHECK(b.remembered() == "live");
    b.look();
    CHECK(b.snapshots == 1);
}

TEST_CASE("mode task: from shadow to live by a reload in the running process") {
    TaskBench b{"shadow"};
    const auto task = b.task();
    b.look(*task);
    b.standing = "live";
    b.look(*task);
    CHECK(b.snapshots == 1);
    b.standing = "off";
    b.look(*task);
    CHECK(b.remembered() == "off");
    CHECK(b.snapshots == 1);
}

TEST_CASE("mode task: the snapshot is told as finished, for who waits for one since Kafka deleted what it missed") {
    TaskBench b{"off"};
    b.look();
    b.standing = "live";
    b.look();
    int finished = 0;
    for (const auto& message : b.producer.of("hiring.runs")) {
        v1::Run run;
        REQUIRE(run.ParseFromString(*message.value));
        if (run.kind() != snapshot_kind) continue;
        ++finished;
        CHECK(run.state() == v1::RUN_STATE_FINISHED);
        CHECK(run.destination() == "clara");
        CHECK(run.counts().at("opportunities") == 7);
    }
    CHECK(finished == 1);
}

TEST_CASE("mode task: who is told of postings is handed them, too, and who is not is not") {
    for (const bool wants : {true, false}) {
        TaskBench b{"shadow"};
        b.wants_postings = wants;
        b.look();
        b.standing = "live";
        b.look();
        CHECK(b.snapshots == 1);
        CHECK(b.postings_snapshots == (wants ? 1 : 0));
        std::int64_t counted = -1;
        for (const auto& message : b.producer.of("hiring.runs")) {
            v1::Run run;
            REQUIRE(run.ParseFromString(*message.value));
            if (run.kind() != snapshot_kind) continue;
            counted = run.counts().at("postings");
        }
        CHECK(counted == (wants ? 3 : 0));
    }
}

TEST_CASE("mode task: a process that goes live after the one that leads asks, and gets a snapshot for its share") {
    TaskBench b{"live"};
    const auto task = b.task();
    b.look(*task);
    v1::Run asked;
    asked.set_run_id("asked-1");
    asked.set_kind(snapshot_kind);
    asked.set_destination("clara");
    asked.set_state(v1::RUN_STATE_ASKED);
    task->hear(asked);
    SUBCASE("taken once, and answered") {
        b.look(*task);
        b.look(*task);
        CHECK(b.snapshots == 1);
        int answered = 0;
        for (const auto& message : b.producer.of("hiring.runs")) {
            v1::Run run;
            REQUIRE(run.ParseFromString(*message.value));
            if (run.run_id() == "asked-1" && run.state() == v1::RUN_STATE_FINISHED) ++answered;
        }
        CHECK(answered == 1);
    }
    SUBCASE("not while nothing is told") {
        b.standing = "shadow";
        b.look(*task);
        CHECK(b.snapshots == 0);
        b.standing = "live";
        b.look(*task);
        CHECK(b.snapshots == 1);
    }
    SUBCASE("not once it is answered, nor for another destination") {
        asked.set_state(v1::RUN_STATE_FINISHED);
        task->hear(asked);
        asked.set_destination("cleary");
        asked.set_state(v1::RUN_STATE_ASKED);
        task->hear(asked);
        b.look(*task);
        CHECK(b.snapshots == 0);
    }
}

TEST_CASE("missed changes: a snapshot that finished while the process was starting counts, and no old one does") {
    const auto began = from_ms(1'772'463'905'123);
    const auto noticed = began + std::chrono::seconds{20};
    CHECK(snapshot_counts_since(noticed, began) == began - std::chrono::minutes{1});
    const auto much_later = began + std::chrono::hours{24 * 40};
    CHECK(snapshot_counts_since(much_later, began) == much_later - std::chrono::hours{24});
}

TEST_CASE("mode task: a snapshot that fails is owed still") {
    TaskBench b{"shadow"};
    b.look();
    b.standing = "live";
    b.on_snapshot = [] { throw std::runtime_error{"kafka does not answer"}; };
    CHECK_THROWS_AS(b.look(), std::runtime_error);
    CHECK(b.remembered() == "shadow");
    b.on_snapshot = {};
    b.look();
    CHECK(b.snapshots == 2);
    CHECK(b.remembered() == "live");
}

TEST_CASE("mode task: who is switched back while the snapshot is taken is remembered as he stands then") {
    TaskBench b{"shadow"};
    b.look();
    b.standing = "live";
    b.on_snapshot = [&] { b.standing = "shadow"; };
    b.look();
    CHECK(b.remembered() == "shadow");
    b.on_snapshot = {};
    b.standing = "live";
    b.look();
    CHECK(b.snapshots == 2);
}
