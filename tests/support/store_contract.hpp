#pragma once
// What every redis::Store promises, as one suite: the fake has to pass it (unit), and so has the real one on a real
// server (integration). `wait` runs a call to its end on whatever loop the store lives on.
#include <doctest/doctest.h>

#include <string>

#include "common/core/time.hpp"
#include "common/redis/store.hpp"

namespace hirewire::testing {

template <typename Wait, typename PassTime>
void check_deliveries(redis::Store& store, const Wait& wait, const PassTime& pass_time) {
    using redis::Claim;
    const redis::ClaimTerms terms{.lease = Milliseconds{300}, .remember = Milliseconds{900}, .bodies_per_token = 3};
    const auto delivery = [](const std::string& token, const std::string& body) {
        // Fingerprints are bytes, not text.
        return redis::Delivery{.token = token, .fingerprint = std::string("\0\r\n", 3) + body};
    };
    const auto claim = [&](const std::string& token, const std::string& body, const std::string& owner) {
        return wait(store.claim(delivery(token, body), owner, terms)).value();
    };
    const auto confirm = [&](const std::string& token, const std::string& body) {
        bool told = false;
        store.confirm(delivery(token, body), terms.remember, [&](const Result<void>& r) { told = r.has_value(); });
        // Nobody waits for it: it is told while other commands are answered.
        for (int i = 0; i < 3 && !told; ++i) wait(store.last_change("another")).value();
        CHECK(told);
    };
    SUBCASE("a claim keeps others out until it is confirmed, then everybody is told") {
        CHECK(claim("t1", "a", "one") == Claim::granted);
        CHECK(claim("t1", "a", "two") == Claim::being_stored);
        confirm("t1", "a");
        CHECK(claim("t1", "a", "two") == Claim::accepted_before);
        CHECK(claim("t1", "a", "one") == Claim::accepted_before);
    }
    SUBCASE("released, it is the next one's turn at once; only the owner can release") {
        CHECK(claim("t2", "a", "one") == Claim::granted);
        CHECK(wait(store.release(delivery("t2", "a"), "two")).has_value());
        CHECK(claim("t2", "a", "two") == Claim::being_stored);
        CHECK(wait(store.release(delivery("t2", "a"), "on")).has_value());
        CHECK(claim("t2", "a", "two") == Claim::being_stored);
        CHECK(wait(store.release(delivery("t2", "a"), "one")).has_value());
        CHECK(claim("t2", "a", "two") == Claim::granted);
        // The first one's late release does not take it from the second.
        CHECK(wait(store.release(delivery("t2", "a"), "one")).has_value());
        CHECK(claim("t2", "a", "three") == Claim::being_stored);
    }
    SUBCASE("a lease that runs out frees the delivery") {
        CHECK(claim("t3", "a", "one") == Claim::granted);
        pass_time(Milliseconds{400});
        CHECK(claim("t3", "a", "two") == Claim::granted);
        CHECK(claim("t3", "a", "one") == Claim::being_stored);
    }
    SUBCASE("what is confirmed stays confirmed, whatever is released") {
        CHECK(claim("t4", "a", "one") == Claim::granted);
        confirm("t4", "a");
        CHECK(wait(store.release(delivery("t4", "a"), "one")).has_value());
        pass_time(Milliseconds{400});
        CHECK(claim("t4", "a", "two") == Claim::accepted_before);
    }
    SUBCASE("a confirmation without a claim counts too") {
        confirm("t5", "a");
        CHECK(claim("t5", "a", "one") == Claim::accepted_before);
    }
    SUBCASE("the memory ends after its span") {
        CHECK(claim("t6", "a", "one") == Claim::granted);
        confirm("t6", "a");
        pass_time(Milliseconds{1'000});
        CHECK(claim("t6", "a", "one") == Claim::granted);
    }
    SUBCASE("a token is good for three bodies") {
        for (const char* body : {"a", "b", "c"}) CHECK(claim("t7", body, "one") == Claim::granted);
        CHECK(claim("t7", "d", "one") == Claim::exhausted);
        CHECK(claim("t7", "a", "two") == Claim::being_stored);
        CHECK(wait(store.release(delivery("t7", "b"), "one")).has_value());
        CHECK(claim("t7", "d", "one") == Claim::granted);
        CHECK(claim("t7 another", "d", "one") == Claim::granted);
    }
}

template <typename Wait, typename PassTime>
void check_ledger(redis::Store& store, const Wait& wait, const PassTime& pass_time) {
    using redis::Permission;
    constexpr Milliseconds lease{300};
    constexpr std::int64_t version = 28'359'422'481'971;  // as large as versions are
    const auto begin = [&](const std::string& resource, std::int64_t v, const std::string& owner) {
        const redis::LedgerKey key{.destination = "clara", .resource = resource};
        return wait(store.begin(key, v, owner, lease)).value();
    };
    const auto key = [](const std::string& resource) {
        return redis::LedgerKey{.destination = "clara", .resource = resource};
    };
    SUBCASE("a partition that nobody has opened permits nothing, and says so") {
        const redis::LedgerKey unopened{.destination = "clara", .resource = "r0", .partition = 7};
        CHECK(wait(store.begin(unopened, version, "one", lease)).value().permission == Permission::no_ledger);
        // What is rebuilt before the opening counts after it.
        CHECK(wait(store.finish(unopened, version, "")).has_value());
        CHECK(wait(store.prepare_ledger("clara", 7, "rebuild")).has_value());
        CHECK(wait(store.open_ledger("clara", 7, "rebuild")).has_value());
        CHECK(wait(store.begin(unopened, version, "one", lease)).value().permission == Permission::applied_before);
        CHECK(wait(store.begin(unopened, version + 1, "one", lease)).value().permission == Permission::go);
    }
    CHECK(wait(store.prepare_ledger("clara", 0, "rebuild")).has_value());
    CHECK(wait(store.open_ledger("clara", 0, "rebuild")).has_value());
    CHECK(wait(store.prepare_ledger("cluster", 0, "rebuild")).has_value());
    CHECK(wait(store.open_ledger("cluster", 0, "rebuild")).has_value());
    SUBCASE("dead letters are remembered until their version or a newer one is finished, each of them") {
        const auto dead = [&](std::int64_t at) {
            std::vector<std::string> ids;
            for (const auto& letter : wait(store.begin(key("r10"), at, "one", lease)).value().dead) {
                ids.push_back(letter.change_id + "/" + std::to_string(letter.version - version));
            }
            return ids;
        };
        using Ids = std::vector<std::string>;
        CHECK(dead(version).empty());
        CHECK(wait(store.mark_dead(key("r10"), {.version = version, .change_id = "c-1"})).has_value());
        CHECK(wait(store.mark_dead(key("r10"), {.version = version + 2, .change_id = "c-2"})).has_value());
        CHECK(wait(store.mark_dead(key("r10"), {.version = version + 2, .change_id = "c-2"})).has_value());
        CHECK(wait(store.finish(key("r10"), version - 1, "one")).has_value());
        CHECK(dead(version + 3) == Ids{"c-1/0", "c-2/2"});
        CHECK(wait(store.finish(key("r10"), version + 1, "one")).has_value());
        CHECK(dead(version + 3) == Ids{"c-2/2"});
        CHECK(wait(store.finish(key("r10"), version + 2, "one")).has_value());
        CHECK(dead(version + 3).empty());
        // It comes too late to matter.
        CHECK(wait(store.mark_dead(key("r10"), {.version = version, .change_id = "c-1"})).has_value());
        CHECK(dead(version + 3).empty());
    }
    SUBCASE("a lane is one process's at a time, whichever resource it is about") {
        redis::LedgerKey one = key("r13");
        redis::LedgerKey two = key("r14");
        one.lane = two.lane = "person";
        CHECK(wait(store.begin(one, version, "one", lease)).value().permission == Permission::go);
        CHECK(wait(store.begin(two, version, "two", lease)).value().permission == Permission::busy);
        CHECK(wait(store.finish(one, version, "one")).has_value());
        CHECK(wait(store.begin(two, version, "two", lease)).value().permission == Permission::go);
        CHECK(wait(store.begin(one, version + 1, "one", lease)).value().permission == Permission::busy);
        CHECK(wait(store.abandon(two, "two")).has_value());
        CHECK(wait(store.begin(one, version + 1, "one", lease)).value().permission == Permission::go);
    }
    SUBCASE("what is disconnected stays so for its time, whatever is finished meanwhile, and is no lease") {
        CHECK(begin("r11", version, "one").permission == Permission::go);
        CHECK(wait(store.disconnect(key("r11"), lease)).has_value());
        CHECK(wait(store.finish(key("r11"), version, "one")).has_value());
        CHECK(begin("r11", version, "two").permission == Permission::applied_before);
        CHECK(begin("r11", version + 1, "two").permission == Permission::disconnected);
        CHECK(wait(store.finish(key("r11"), version + 1, "two")).has_value());
        CHECK(begin("r11", version + 2, "two").permission == Permission::disconnected);
        pass_time(Milliseconds{400});
        CHECK(begin("r11", version + 2, "two").permission == Permission::go);
    }
    SUBCASE("a ledger is opened under the name that it was prepared under, or not at all") {
        CHECK(wait(store.prepare_ledger("cleary", 3, "first")).has_value());
        CHECK(wait(store.prepare_ledger("cleary", 3, "second")).has_value());
        CHECK(wait(store.open_ledger("cleary", 3, "first")).value() == redis::Opening::refused);
        const redis::LedgerKey cleary{.destination = "cleary", .resource = "r12", .partition = 3};
        CHECK(wait(store.begin(cleary, version, "one", lease)).value().permission == Permission::no_ledger);
        CHECK(wait(store.open_ledger("cleary", 3, "second")).value() == redis::Opening::opened);
        CHECK(wait(store.begin(cleary, version, "one", lease)).value().permission == Permission::go);
        CHECK(wait(store.open_ledger("cleary", 3, "second")).value() == redis::Opening::refused);
    }
    SUBCASE("one owner at a time, until it has finished") {
        CHECK(begin("r1", version, "one").permission == Permission::go);
        CHECK(begin("r1", version, "two").permission == Permission::busy);
        CHECK(begin("r1", version + 1, "two").permission == Permission::busy);
        CHECK(begin("r1", version, "one").permission == Permission::go);  // its own lease, prolonged
        CHECK(wait(store.finish(key("r1"), version, "one")).has_value());
        CHECK(begin("r1", version + 1, "two").permission == Permission::go);
    }
    SUBCASE("what is applied is not applied again, and nothing older either") {
        CHECK(begin("r2", version, "one").permission == Permission::go);
        CHECK(wait(store.finish(key("r2"), version, "one")).has_value());
        const auto again = begin("r2", version, "two");
        CHECK(again.permission == Permission::applied_before);
        CHECK(again.applied_version == version);
        CHECK(begin("r2", version - 1, "two").permission == Permission::superseded);
        CHECK(begin("r2", version + 1, "two").permission == Permission::go);
    }
    SUBCASE("what is applied is applied again by who insists, in turn with others; never what a newer one overtook") {
        const auto insist = [&](std::int64_t v, const std::string& owner) {
            return wait(store.begin(key("r15"), v, owner, lease, redis::Again::yes)).value();
        };
        CHECK(insist(version, "one").permission == Permission::go);  // applied or not
        CHECK(wait(store.finish(key("r15"), version, "one")).has_value());
        const auto again = insist(version, "one");
        CHECK(again.permission == Permission::go);
        CHECK(again.applied_version == version);
        CHECK(insist(version, "two").permission == Permission::busy);
        CHECK(begin("r15", version, "two").permission == Permission::applied_before);
        CHECK(wait(store.finish(key("r15"), version, "one")).has_value());
        CHECK(begin("r15", version + 1, "two").permission == Permission::go);
        CHECK(wait(store.finish(key("r15"), version + 1, "two")).has_value());
        CHECK(insist(version, "one").permission == Permission::superseded);
        CHECK(wait(store.disconnect(key("r15"), lease)).has_value());
        CHECK(begin("r15", version + 2, "one").permission == Permission::disconnected);
        // Who insists is asked once more, and what the answer is worth holds for everybody.
        CHECK(insist(version + 1, "one").permission == Permission::go);
        CHECK(wait(store.finish(key("r15"), version + 1, "one")).has_value());
        CHECK(begin("r15", version + 2, "two").permission == Permission::go);
    }
    SUBCASE("abandoned, it is free at once and nothing is applied; only the owner can abandon") {
        CHECK(begin("r3", version, "one").permission == Permission::go);
        CHECK(wait(store.abandon(key("r3"), "two")).has_value());
        CHECK(begin("r3", version, "two").permission == Permission::busy);
        CHECK(wait(store.abandon(key("r3"), "one")).has_value());
        const auto next = begin("r3", version, "two");
        CHECK(next.permission == Permission::go);
        CHECK(next.applied_version == 0);
    }
    SUBCASE("a lease that runs out frees the resource") {
        CHECK(begin("r4", version, "one").permission == Permission::go);
        pass_time(Milliseconds{400});
        CHECK(begin("r4", version, "two").permission == Permission::go);
        // The first one is done after all: its version counts, the second one's lease stays.
        CHECK(wait(store.finish(key("r4"), version, "one")).has_value());
        CHECK(begin("r4", version + 1, "three").permission == Permission::busy);
        CHECK(begin("r4", version, "three").permission == Permission::applied_before);
    }
    SUBCASE("a version never goes back") {
        CHECK(wait(store.finish(key("r5"), version, "one")).has_value());
        CHECK(wait(store.finish(key("r5"), version - 10, "two")).has_value());
        CHECK(begin("r5", version, "three").permission == Permission::applied_before);
    }
    SUBCASE("resources and destinations do not meet") {
        CHECK(begin("r6", version, "one").permission == Permission::go);
        CHECK(begin("r7", version, "two").permission == Permission::go);
        const redis::LedgerKey other{.destination = "cluster", .resource = "r6"};
        CHECK(wait(store.begin(other, version, "two", lease)).value().permission == Permission::go);
    }
    SUBCASE("the ledger knows since when it is, and a second opening does not change that") {
        CHECK(wait(store.prepare_ledger("clara", 0, "rebuild")).has_value());
        CHECK(wait(store.open_ledger("clara", 0, "rebuild")).has_value());
        const auto since = begin("r8", version, "one").ledger_since;
        pass_time(Milliseconds{50});
        CHECK(wait(store.prepare_ledger("clara", 0, "rebuild")).has_value());
        CHECK(wait(store.open_ledger("clara", 0, "rebuild")).has_value());
        CHECK(begin("r9", version, "one").ledger_since == since);
        CHECK(to_ms(since) > 1'600'000'000'000);
    }
}

// Ten a second, three at once.
template <typename Wait, typename PassTime>
void check_pace(redis::Store& store, const Wait& wait, const PassTime& pass_time) {
    const auto take = [&](const std::string& destination, Milliseconds patience) {
        return wait(store.take_turn(destination, {.per_second = 10, .burst = 3, .patience = patience})).value();
    };
    const Milliseconds patient{10'000};
    for (int i = 0; i < 3; ++i) CHECK(take("clara", patient).in == Milliseconds{0});
    const auto fourth = take("clara", patient);
    CHECK(fourth.taken);
    CHECK(fourth.in > Milliseconds{50});
    CHECK(fourth.in <= Milliseconds{100});
    const auto fifth = take("clara", patient);
    CHECK(fifth.in > fourth.in);
    CHECK(fifth.in <= Milliseconds{200});
    // What is not waited for is not taken.
    const auto refused = take("clara", Milliseconds{100});
    CHECK_FALSE(refused.taken);
    CHECK(refused.in > Milliseconds{100});
    CHECK(take("clara", patient).in <= refused.in);
    CHECK(take("cluster", patient).in == Milliseconds{0});
    pass_time(Milliseconds{700});
    for (int i = 0; i < 3; ++i) CHECK(take("clara", patient).in == Milliseconds{0});
    CHECK(take("clara", patient).in > Milliseconds{0});
}

template <typename Wait>
void check_memory(redis::Store& store, const Wait& wait) {
    const std::string bytes{"\0\xff protobuf \r\n", 15};
    auto remembered = wait(store.last_change("o-1")).value();
    CHECK_FALSE(remembered.trustworthy);
    CHECK_FALSE(remembered.change);
    CHECK(wait(store.remember_change("o-1", bytes)).has_value());
    remembered = wait(store.last_change("o-1")).value();
    CHECK_FALSE(remembered.trustworthy);
    CHECK(remembered.change == bytes);
    // Vouched for by who prepared it last, and by nobody when it was emptied since.
    CHECK(wait(store.vouch_for_changes("first")).value() == redis::Opening::refused);
    CHECK(wait(store.prepare_changes("first")).has_value());
    CHECK(wait(store.prepare_changes("second")).has_value());
    CHECK(wait(store.vouch_for_changes("first")).value() == redis::Opening::refused);
    CHECK_FALSE(wait(store.last_change("o-1")).value().trustworthy);
    // What is restored is older than what was remembered since.
    CHECK(wait(store.restore_change("o-1", "older")).has_value());
    CHECK(wait(store.restore_change("o-3", "restored")).has_value());
    CHECK(wait(store.vouch_for_changes("second")).value() == redis::Opening::opened);
    CHECK(wait(store.last_change("o-1")).value().trustworthy);
    CHECK(wait(store.last_change("o-1")).value().change == bytes);
    CHECK(wait(store.last_change("o-3")).value().change == "restored");
    remembered = wait(store.last_change("o-2")).value();
    CHECK(remembered.trustworthy);
    CHECK_FALSE(remembered.change);
}

}  // namespace hirewire::testing
