// A destination that comes late, or comes too late: it gets the present state of everybody, once, and nobody is
// bothered because of it.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <set>

#include "common/kafka/consumer.hpp"
#include "tests/e2e/installation.hpp"
#include "tests/support/loop.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

constexpr int people = 30;

// Everybody has been moved twice while CLARA's daemon was not there.
struct Lateness {
    Installation installation{{Service::receiver, Service::lever_source}, {}};
    std::vector<std::string> everybody = installation.add(people);

    Lateness() {
        installation.move(everybody, "Recruiter screen");
        installation.move(everybody, "On-site interview");
        const auto wrong = [this]() -> std::string {
            std::set<std::string> there;
            for (const auto& record : installation.records("hiring.opportunities")) {
                if (record.value->find("On-site interview") != std::string::npos) there.insert(record.key);
            }
            return there.size() == everybody.size() ? "" : std::to_string(there.size());
        };
        eventually("all moves are emitted", wrong, Milliseconds{60'000});
    }
    std::size_t told_as_backfill() {
        std::size_t count = 0;
        const auto state = installation.stack.control("/_sandbox/clara/state");
        for (const auto& opportunity : everybody) {
            if (state[opportunity]["backfill"].boolean()) ++count;
        }
        return count;
    }
};

}  // namespace

TEST_CASE("a destination that is turned on later is told the present state of everybody, once, as backfill") {
    Lateness late;
    auto& the = late.installation;
    {
        Instance daemon = the.stack.launch(Service::sync_clara);
        the.all_become_right();
        CHECK(the.calls() == people);
        CHECK(late.told_as_backfill() == people);
        // What comes from now on is news.
        the.move(late.everybody.front(), "Reference check");
        the.all_become_right();
        CHECK(late.told_as_backfill() == people - 1);
        daemon.process->send(SIGTERM);
        CHECK(daemon.process->wait(Milliseconds{15'000}) == 0);
    }
    // The second start is no first one.
    Instance again = the.stack.launch(Service::sync_clara);
    the.move(late.everybody.back(), "Reference check");
    the.all_become_right();
    CHECK(the.calls() == people + 2);
    CHECK(again.process->log().find("snapshot.taken") == std::string::npos);
    CHECK(the.oracle.violations() == "");
}

TEST_CASE(
    "changes that Kafka deleted unread hold the destination until the operator's snapshot has made up for them") {
    Lateness late;
    auto& the = late.installation;
    {
        // The group stands where nothing is to be had.
        Loop loop;
        auto settings = the.stack.kafka();
        settings.session_timeout = Milliseconds{6'000};  // the embedded broker waits so long for those who left
        const auto group =
            kafka::make_consumer(loop.context.get_executor(), settings, "hirewire.sync-clara", {"hiring.changes"});
        std::vector<kafka::Partition> ours;
        const auto assigned = [&] {
            while (auto event = group->poll()) {
                if (auto* got = std::get_if<kafka::Assigned>(&*event)) ours = got->partitions;
            }
            return !ours.empty();
        };
        loop.until("the group has its partitions", assigned);
        std::map<kafka::Partition, kafka::Offset> beyond;
        for (const auto& partition : ours) beyond[partition] = 1'000'000;
        group->commit_now(beyond);
        group->close();
    }
    Instance daemon = the.stack.launch(Service::sync_clara);
    daemon.process->await_event("changes.missed", Milliseconds{60'000});
    eventually("CLARA is held", [&] { return metric(daemon.admin_port, "hirewire_held") == 1 ? "" : "not held"; });
    the.move(late.everybody.front(), "Reference check");
    CHECK(the.calls() == 0);

    Command snapshot;
    snapshot.program = program("");
    snapshot.arguments = {
        "snapshot",
        "--to",
        "clara",
        "--brokers",
        the.stack.kafka().brokers,
        "--topic-prefix",
        the.stack.kafka().topic_prefix};
    snapshot.log_file = the.stack.path("snapshot.log");
    const auto ended = run(snapshot, Milliseconds{60'000});
    CHECK(ended.exit_code == 0);
    CHECK(ended.output.find("The state of 30 opportunities is in sync.clara.replay") == 0);
    the.all_become_right();
    eventually("CLARA goes on", [&] { return metric(daemon.admin_port, "hirewire_held") == 0 ? "" : "held"; });
    the.move(late.everybody.back(), "Reference check");
    the.all_become_right();
    CHECK(the.oracle.violations() == "");
}
