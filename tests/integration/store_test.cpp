// The real store on a real redis-server: the suite that the fake passes too, and what only a server can do.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <thread>

#include "tests/support/loop.hpp"
#include "tests/support/stack.hpp"
#include "tests/support/store_contract.hpp"

using namespace hirewire;

namespace {

struct Server {
    testing::TemporaryDirectory directory;
    int port = testing::free_port();
    std::unique_ptr<testing::Process> process = testing::start_redis(port, directory.path() + "/redis.log");
};

Server& server() {
    static Server one;
    return one;
}

struct Bench {
    explicit Bench(const std::string& prefix = "test:") {
        redis::Settings settings;
        settings.port = static_cast<std::uint16_t>(server().port);
        settings.prefix = prefix;
        store = redis::make_store(loop.context.get_executor(), settings);
        loop.until("a connection", [&] { return store->connected(); });
    }
    auto waiting() {
        return [this](auto answer) { return loop.wait(std::move(answer)); };
    }
    testing::Loop loop;
    std::unique_ptr<redis::Store> store;
};

const auto real_time = [](Milliseconds t) { std::this_thread::sleep_for(t); };

}  // namespace

TEST_CASE("store: deliveries, on a real server") {
    Bench b;
    testing::check_deliveries(*b.store, b.waiting(), real_time);
}

TEST_CASE("store: the ledger, on a real server") {
    Bench b;
    testing::check_ledger(*b.store, b.waiting(), real_time);
}

TEST_CASE("store: a destination's pace, on a real server") {
    Bench b;
    testing::check_pace(*b.store, b.waiting(), real_time);
}

TEST_CASE("store: the memory of changes, on a real server that has been emptied") {
    Bench b;
    testing::redis_command(server().port, "FLUSHALL");
    testing::check_memory(*b.store, b.waiting());
    testing::redis_command(server().port, "FLUSHALL");
    CHECK_FALSE(b.loop.wait(b.store->last_change("o-1")).value().trustworthy);
}

TEST_CASE("store: installations with prefixes of their own do not meet") {
    Bench one{"one:"};
    Bench other{"other:"};
    const redis::Delivery delivery{.token = "t", .fingerprint = "f"};
    CHECK(one.loop.wait(one.store->claim(delivery, "a", {})).value() == redis::Claim::granted);
    CHECK(other.loop.wait(other.store->claim(delivery, "a", {})).value() == redis::Claim::granted);
}

TEST_CASE("store: the eviction policy is what the server says") {
    Bench b;
    CHECK(b.loop.wait(b.store->eviction_policy()).value() == "noeviction");
}

TEST_CASE("store: an entry of the ledger takes the memory that the README tells of") {
    Bench b;
    const std::string opportunity = "4ce6cf68-3743-4918-b0ac-55de25367bd4";
    const redis::LedgerKey key{.destination = "clara", .resource = opportunity};
    CHECK(b.loop.wait(b.store->finish(key, 28'725'512'471'507, "a")).has_value());
    const auto answer = testing::redis_command(server().port, "MEMORY USAGE test:ledger:clara:" + opportunity);
    const auto bytes = std::stoll(answer.substr(1));
    CHECK(bytes > 50);
    CHECK(bytes < 250);
}

TEST_CASE("store: nothing that is kept for good runs out by accident, nothing else stays for ever") {
    Bench b;
    testing::redis_command(server().port, "FLUSHALL");
    const redis::LedgerKey key{.destination = "clara", .resource = "r"};
    const redis::Delivery delivery{.token = "t", .fingerprint = "f"};
    b.loop.wait(b.store->claim(delivery, "a", {}));
    b.loop.wait(b.store->prepare_ledger("clara", 0, "rebuild"));
    b.loop.wait(b.store->open_ledger("clara", 0, "rebuild"));
    b.loop.wait(b.store->begin(key, 5, "a", Milliseconds{30'000}));
    const auto ttl = [](const std::string& name) {
        // ":123" is Redis' way to answer a number.
        return std::stoll(testing::redis_command(server().port, "PTTL test:" + name).substr(1));
    };
    CHECK(ttl("delivery:t") > 0);
    CHECK(ttl("delivery:t") <= 10'000);
    bool confirmed = false;
    b.store->confirm(delivery, std::chrono::hours{24 * 8}, [&](const Result<void>& r) { confirmed = r.has_value(); });
    b.loop.until("the delivery is confirmed", [&] { return confirmed; });
    CHECK(ttl("delivery:t") > 7LL * 24 * 60 * 60 * 1'000);
    b.loop.wait(b.store->finish(key, 5, "a"));
    b.loop.wait(b.store->begin(key, 6, "a", Milliseconds{30'000}));
    b.loop.wait(b.store->remember_change("o", "bytes"));
    CHECK(ttl("opportunity:o") == -1);
    // The ledger's own birthday has no end.
    CHECK(ttl("ledger-since:clara:0") == -1);
}

// Last: the server is another one afterwards.
TEST_CASE("store: a server that went away is an error at once, and is found again when it comes back") {
    Bench b;
    const redis::LedgerKey key{.destination = "clara", .resource = "r"};
    b.loop.wait(b.store->finish(key, 5, "a")).value();
    server().process->kill();
    const auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(b.loop.wait(b.store->begin(key, 6, "a", Milliseconds{1'000})).has_value());
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{5});
    b.loop.until("the loss is noticed", [&] { return !b.store->connected(); });
    server().process = testing::start_redis(server().port, server().directory.path() + "/redis-again.log");
    b.loop.until("it is connected again", [&] { return b.store->connected(); });
    // And it has forgotten everything: scripts and ledger. Absence permits nothing until the ledger is opened again.
    const auto begun = b.loop.wait(b.store->begin(key, 5, "a", Milliseconds{1'000}));
    REQUIRE(begun.has_value());
    CHECK(begun.value().permission == redis::Permission::no_ledger);
    CHECK(b.loop.wait(b.store->prepare_ledger("clara", 0, "rebuild")).has_value());
    CHECK(b.loop.wait(b.store->open_ledger("clara", 0, "rebuild")).has_value());
    const auto again = b.loop.wait(b.store->begin(key, 5, "a", Milliseconds{1'000}));
    CHECK(again.value().permission == redis::Permission::go);
}
