// lever-source through its real binary: killed again and again, with a standby beside it, within Lever's budget, and
// before a Lever that shows things late, in part or not at all.
//   HIREWIRE_LEVER_KILLS           kill -9 of lever-source, in all games together
//   HIREWIRE_LEVER_OPPORTUNITIES   in each of these games
//   HIREWIRE_WALK_OPPORTUNITIES    that a walk comes by; from 10,000 on it takes all of Lever's budget for a while
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <future>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/core/time.hpp"
#include "common/kafka/reader.hpp"
#include "hirewire/v1/change.pb.h"
#include "tests/e2e/careers.hpp"
#include "tests/e2e/emissions.hpp"
#include "tests/e2e/identities.hpp"
#include "tests/support/delivery.hpp"
#include "tests/support/http_call.hpp"
#include "tests/support/seed.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

using std::chrono::steady_clock;

constexpr Milliseconds start_patience{60'000};

int number_from(const char* variable, int otherwise) {
    const char* text = std::getenv(variable);
    return text != nullptr && *text != '\0' ? std::atoi(text) : otherwise;
}

bool on_real_kafka() {
    const char* brokers = std::getenv("HIREWIRE_TEST_BROKERS");
    return brokers != nullptr && *brokers != '\0';
}

// No sweep helps a webhook. A session as short as can be: the embedded broker gives a dead member's place away only
// at its end, and after as long again less a second. A real one takes none under six seconds.
std::vector<Setting> settings() {
    return {
        {"kafka", "session_timeout", in_quotes(on_real_kafka() ? "6s" : "4500ms")},
        {"lever-source", "sweep_interval", in_quotes("1h")},
        {"lever-source", "postings_interval", in_quotes("1h")},
    };
}

void lever_fails(const Installation& the, const std::string& how) {
    the.stack.control(http::Method::post, "/_sandbox/lever/faults", how);
}

void lever_recovers(const Installation& the) {
    the.stack.control(http::Method::del, "/_sandbox/lever/faults");
}

std::int64_t calls_so_far(const Installation& the) {
    return the.stack.control("/_sandbox/lever/requests")["count"].integer();
}

struct Calls {
    std::size_t made = 0;
    std::size_t too_many = 0;  // answered 429
};

Calls calls_since(const Installation& the, std::int64_t before) {
    const auto log = the.stack.control("/_sandbox/lever/requests");
    const auto requests = log["requests"].items();
    Calls calls;
    calls.made = static_cast<std::size_t>(log["count"].integer() - before);
    const auto first = requests.size() - std::min(requests.size(), calls.made);
    for (auto i = first; i < requests.size(); ++i) {
        if (requests[i]["status"].integer() == 429) ++calls.too_many;
    }
    return calls;
}

// Of a percentage of them it is true that none took longer.
std::int64_t percentile(std::vector<std::int64_t> times, std::size_t percent) {
    std::sort(times.begin(), times.end());
    return times.at((times.size() * percent + 99) / 100 - 1);
}

// Several games at once, each with an installation of its own: most of the time goes by while a dead one's place in
// its group is waited for.
constexpr int games = 4;
constexpr Milliseconds pace{60};  // from one transition to the next
constexpr Milliseconds dead_for{2'000};
constexpr int lever_takes_ms = 40;

int kills_of_a_game() {
    return std::max(2, (number_from("HIREWIRE_LEVER_KILLS", 8) + games - 1) / games);
}

// What differs between what lever-source remembers of each opportunity and the newest that it emitted; "" = nothing.
std::string forgotten(const Installation& the, const std::vector<v1::Change>& all) {
    std::map<std::string, const v1::Change*> newest;
    for (const auto& change : all) {
        auto& known = newest[change.opportunity_id()];
        if (known == nullptr || change.version() > known->version()) known = &change;
    }
    std::map<std::string, v1::Change> remembered;
    const auto remember = [&](const kafka::Record& record) {
        if (!remembered[record.key].ParseFromString(record.value.value_or(""))) {
            throw std::runtime_error("not a Change");
        }
    };
    kafka::read_all(the.stack.kafka(), "hiring.opportunities", remember);
    if (remembered.size() != newest.size()) {
        return std::to_string(remembered.size()) + " are remembered of " + std::to_string(newest.size());
    }
    for (const auto& [id, change] : newest) {
        const auto& memory = remembered[id];
        if (memory.version() == change->version() && memory.change_id() == change->change_id()) continue;
        return id + " is remembered at " + std::to_string(memory.version()) + ", and was emitted at " +
               std::to_string(change->version());
    }
    return {};
}

class Game {
public:
    explicit Game(std::uint64_t seed) : dice_{seed} {}

    void play() {
        lever_fails(the_, R"({"latency_ms":)" + std::to_string(lever_takes_ms) + "}");
        for (int kill = 0; kill < kills_of_a_game(); ++kill) {
            const bool emptied_while_dead = kill % 2 == 0;
            live_until_it_works();
            if (!emptied_while_dead) empty_redis();
            live_for(Milliseconds{dice_.below(1'500)});
            the_.stack.kill9(Service::lever_source);
            if (emptied_while_dead) empty_redis();
            live_for(dead_for);
            the_.stack.start(Service::lever_source);
        }
        live_until_it_works();
        live_for(Milliseconds{1'000});
        lever_recovers(the_);
        check_end();
    }

private:
    void live_for(Milliseconds time) {
        const auto end = steady_clock::now() + time;
        while (steady_clock::now() < end) {
            careers_.move(dice_.pick(everybody_));
            std::this_thread::sleep_for(pace);
        }
    }
    // Until the present process has emitted something.
    void live_until_it_works() {
        const int port = the_.stack[Service::lever_source].admin_port;
        const auto deadline = steady_clock::now() + start_patience;
        while (metric(port, "hirewire_changes_emitted_total") < 1) {
            if (steady_clock::now() >= deadline) throw std::runtime_error("lever-source emits nothing");
            live_for(pace);
        }
    }
    void empty_redis() { CHECK(redis_command(the_.stack.redis_port(), "FLUSHALL") == "+OK"); }

    void check_end() {
        the_.all_become_right();
        std::vector<v1::Change> all;
        const auto wrong = [&] {
            all = changes(the_);
            return forgotten(the_, all);
        };
        eventually("what is remembered is what was emitted last", wrong);
        check_identities(the_, all);
        std::set<std::string> ids;
        for (const auto& change : all) ids.insert(change.change_id());
        MESSAGE(ids.size() << " changes, " << all.size() - ids.size() << " of them emitted again after a kill");
        CHECK(the_.oracle.difference() == "");
        CHECK(the_.oracle.violations() == "");
    }

    Dice dice_;
    Installation the_{{std::begin(usual_services), std::end(usual_services)}, settings()};
    std::vector<std::string> everybody_ = the_.add(number_from("HIREWIRE_LEVER_OPPORTUNITIES", 25));
    Careers careers_{the_, dice_};
};

// The way of a change into hiring.changes within Lever's own budget, with a standby; shared by all tests but that of
// the kills. Before lever-source is started for the first time, Lever knows of many people already.
class Crew {
public:
    Installation the{{Service::receiver}, settings(), Budget::of_lever};
    const std::vector<std::string> people = add_old(std::max(100, number_from("HIREWIRE_WALK_OPPORTUNITIES", 600)));

    // Whose history is old, and whom no webhook announces.
    std::vector<std::string> add_old(int count) {
        const auto long_ago = now_ms() - Milliseconds{std::chrono::hours{1}}.count();
        const auto what = R"({"created_at":)" + std::to_string(long_ago) + R"(,"announce":false})";
        std::vector<std::string> added;
        for (int i = 0; i < count; ++i) added.push_back(the.add(what));
        return added;
    }

    [[nodiscard]] bool started() const { return one_.process != nullptr; }
    // Both at once, so that they come into their group together and neither takes the other one's place.
    void start() {
        if (started()) return;
        one_ = the.stack.launch(Service::lever_source);
        other_ = the.stack.launch(Service::lever_source);
    }
    Instance& active() {
        start();
        Instance* found = nullptr;
        const auto wrong = [&]() -> std::string {
            for (auto* each : {&one_, &other_}) {
                if (ready(*each)) found = each;
            }
            return found != nullptr ? "" : "none is ready";
        };
        eventually("a lever-source is active", wrong, start_patience);
        return *found;
    }
    Instance& other_than(const Instance& instance) { return &instance == &one_ ? other_ : one_; }
    static bool ready(Instance& instance) {
        return instance.process->running() && get(instance.admin_port, "/readyz").status == 200;
    }

private:
    Instance one_{};
    Instance other_{};
};

Crew& crew() {
    static Crew one;
    return one;
}

// How long it took from each move, which is when its webhook was triggered, to the change's record.
std::vector<std::int64_t> times_of(
    Emissions& emissions, const std::map<std::string, std::int64_t>& moved, const std::string& stage) {
    std::vector<std::int64_t> times;
    for (const auto& [opportunity, at] : moved) {
        const auto emitted = emissions.await(opportunity, stage);
        CHECK(emitted.change.live());
        times.push_back(emitted.at_ms - at);
    }
    return times;
}

void message_times(const std::string& what, const std::vector<std::int64_t>& times) {
    MESSAGE(what << ": p50 " << percentile(times, 50) << " ms, p99 " << percentile(times, 99) << " ms");
}

// `members` of the opportunity are null from now on, as a JSON array.
void hide(const Installation& the, const std::string& opportunity, const std::string& members) {
    the.stack.control(
        http::Method::post, "/_sandbox/opportunities/" + opportunity + "/nulls", R"({"fields":)" + members + "}");
}

// Nobody has asked Lever for two seconds.
void await_silence(const Installation& the) {
    std::int64_t count = -1;
    auto since = steady_clock::now();
    const auto wrong = [&]() -> std::string {
        const auto now = calls_so_far(the);
        if (now != std::exchange(count, now)) since = steady_clock::now();
        return steady_clock::now() - since >= std::chrono::seconds{2} ? "" : std::to_string(now) + " calls";
    };
    eventually("Lever is left alone", wrong, Milliseconds{30'000}, Milliseconds{100});
}

// hiring.postings.
struct Published {
    std::set<std::string> now{};
    std::set<std::string> ever{};
};

Published published(const Installation& the) {
    Published found;
    const auto take = [&](const kafka::Record& record) {
        found.ever.insert(record.key);
        if (record.value) {
            found.now.insert(record.key);
        } else {
            found.now.erase(record.key);
        }
    };
    kafka::read_all(the.stack.kafka(), "hiring.postings", take);
    return found;
}

// What Lever lists to whoever does not ask for confidential ones.
std::set<std::string> listed(const Installation& the) {
    std::set<std::string> ids;
    std::string offset;
    do {
        const auto place = offset.empty() ? offset : "&offset=" + http::percent_encode(offset);
        const auto page = the.stack.lever("/v1/postings?limit=100" + place);
        for (const auto& posting : page["data"].items()) ids.emplace(posting["id"].string());
        offset = page["next"].string();
    } while (!offset.empty());
    return ids;
}

}  // namespace

TEST_CASE(
    "killed again and again, Redis emptied in between: each change has one id and one version, in order, and all "
    "destinations are right") {
    MESSAGE(how_to_repeat());
    std::vector<std::future<void>> results;
    for (int i = 0; i < games; ++i) {
        // The processes of a game end with the thread that began them.
        results.push_back(std::async(std::launch::async, [i] {
            Game game{seed() + static_cast<std::uint64_t>(i)};
            game.play();
        }));
    }
    for (auto& result : results) result.get();
}

TEST_CASE("a walk of all that Lever has holds up no webhook, and Lever is never asked too often") {
    auto& the = crew().the;
    const auto& people = crew().people;
    REQUIRE(!crew().started());
    Emissions emissions{the};
    // The first walk begins with the process. Its pages are slow enough for it to go on when webhooks are read.
    constexpr int walk_takes_ms = 9'000;
    constexpr int budget_takes_ms = 100;  // a page when nothing else is asked for
    const int pages = static_cast<int>(people.size() + 99) / 100;
    const int page_takes_ms = std::max(0, walk_takes_ms / pages - budget_takes_ms);
    lever_fails(the, R"({"path":"/v1/opportunities?","latency_ms":)" + std::to_string(page_takes_ms) + "}");
    const int port = crew().active().admin_port;

    const std::string stage = "Recruiter screen";
    std::map<std::string, std::int64_t> moved;
    for (std::size_t i = 0; i < 20; ++i) {
        moved[people[i]] = the.move(people[i], stage);
        std::this_thread::sleep_for(Milliseconds{100});
    }
    CHECK(metric(port, "hirewire_sweeps_total", R"(kind="walk")") < 1);
    lever_recovers(the);
    const auto times = times_of(emissions, moved, stage);
    message_times("webhooks during a walk of " + std::to_string(people.size()), times);
    CHECK(percentile(times, 99) < 2'000);

    // The walk forgets nobody.
    const auto walking = [&] { return metric(port, "hirewire_sweeps_total", R"(kind="walk")") < 1 ? "walks" : ""; };
    eventually("the walk is over", walking, Milliseconds{20'000 + pages * 2 * budget_takes_ms});
    emissions.await_all(people);
    CHECK(calls_since(the, 0).too_many == 0);
}

TEST_CASE("a webhook by itself costs one call to Lever, and its change is there within two seconds") {
    auto& the = crew().the;
    crew().active();
    Emissions emissions{the};
    const auto& people = crew().people;
    emissions.await_all(people);
    // Stages and the posting are known afterwards.
    const std::string stage = "On-site interview";
    auto next = people.rbegin();
    for (int i = 0; i < 3; ++i, ++next) {
        the.move(*next, stage);
        emissions.await(*next, stage);
    }
    await_silence(the);

    constexpr std::size_t webhooks = 30;
    const auto before = calls_so_far(the);
    std::map<std::string, std::int64_t> moved;
    auto when = steady_clock::now();
    for (std::size_t i = 0; i < webhooks; ++i, ++next, when += Milliseconds{200}) {
        std::this_thread::sleep_until(when);
        moved[*next] = the.move(*next, stage);
    }
    const auto times = times_of(emissions, moved, stage);
    const auto calls = calls_since(the, before);
    message_times(std::to_string(calls.made) + " calls for " + std::to_string(webhooks) + " webhooks", times);
    CHECK(5 * calls.made <= 6 * webhooks);
    CHECK(calls.too_many == 0);
    CHECK(percentile(times, 99) < 2'000);
}

TEST_CASE("a standby is not ready, and takes over within 15 seconds of the active one's death") {
    auto& the = crew().the;
    Emissions emissions{the};
    auto& active = crew().active();
    auto& standby = crew().other_than(active);
    const auto told = get(standby.admin_port, "/readyz");
    CHECK(told.status == 503);
    CHECK(told.body.find("standby") != std::string::npos);
    const auto somebody = the.add();
    emissions.await(somebody);

    const auto died = now_ms();
    active.process->kill();
    the.move(somebody, "Recruiter screen");
    const auto took = emissions.await(somebody, "Recruiter screen").at_ms - died;
    MESSAGE("the standby emitted after " << took << " ms");
    CHECK(took < 15'000);
    CHECK(Crew::ready(standby));
}

TEST_CASE("what Lever shows three seconds after its webhook is emitted all the same, live, and holds up nobody") {
    auto& the = crew().the;
    const int port = crew().active().admin_port;
    Emissions emissions{the};
    // Had it moved within the last minute, that would pass for what the webhook announces.
    const auto late = crew().people.at(50);
    emissions.await(late);
    const auto others = the.add(5);
    emissions.await_all(others);
    const auto parked = [&] { return metric(port, "hirewire_hints_total", R"(result="parked")"); };
    const auto parked_before = parked();

    the.delivery(R"({"visible_after_ms":3000})");
    const auto at = the.move(late, "Recruiter screen");
    the.delivery("{}");
    the.move(others, "On-site interview");
    for (const auto& other : others) {
        CHECK(emissions.await(other, "On-site interview").at_ms < at + 3'000);
    }
    const auto emitted = emissions.await(late, "Recruiter screen");
    MESSAGE("emitted after " << emitted.at_ms - at << " ms");
    CHECK(emitted.at_ms >= at + 3'000);
    CHECK(emitted.at_ms < at + 10'000);
    CHECK(emitted.change.live());
    CHECK(parked() > parked_before);
}

TEST_CASE("a start date that changes after the hire is emitted with the next webhook, and is no news") {
    auto& the = crew().the;
    crew().active();
    Emissions emissions{the};
    const auto today = SystemClock{}.now();
    const auto first = iso_date(today + std::chrono::hours{24 * 30});
    const auto second = iso_date(today + std::chrono::hours{24 * 45});
    const auto made = the.stack.control(http::Method::post, "/_sandbox/opportunities", "{}");
    const std::string hire{made["id"].string()};
    const std::string path = "/_sandbox/opportunities/" + hire;
    the.stack.control(http::Method::post, path + "/hire", R"({"start_date":")" + first + "\"}");
    const auto hired = emissions.await(hire, v1::CHANGE_KIND_HIRED).change;
    CHECK(hired.start_date() == first);

    the.stack.control(http::Method::post, path + "/offer", R"({"start_date":")" + second + "\"}");
    const std::string contact{made["contact"].string()};
    the.stack.control(http::Method::patch, "/_sandbox/contacts/" + contact, R"({"phone":"+1 555 010 0199"})");
    const auto changed = emissions.await(hire, v1::CHANGE_KIND_DETAILS_CHANGED).change;
    CHECK(changed.start_date() == second);
    CHECK(changed.hired());
    CHECK(changed.status().id() == hired.status().id());
    CHECK(changed.version() > hired.version());
    CHECK(!changed.live());
}

TEST_CASE("who is shown in part or cannot be read holds up nobody else, and Lever is not asked in a loop") {
    constexpr std::array members{
        R"("updatedAt")",
        R"("createdAt")",
        R"("stage")",
        R"("contact")",
        R"("origin")",
        R"("applications")",
        R"("stageChanges")",
        R"("archived")",
        R"("links")",
        R"("confidentiality")"};
    auto& the = crew().the;
    auto& source = crew().active();
    Emissions emissions{the};
    const auto others = the.add(10);
    const auto partial = the.add(static_cast<int>(members.size()) + 1);
    const auto unreadable = the.add();
    emissions.await_all(others);
    emissions.await_all(partial);
    emissions.await(unreadable);
    await_silence(the);

    const auto before = calls_so_far(the);
    std::string all;
    for (std::size_t i = 0; i < members.size(); ++i) {
        hide(the, partial[i], std::string{"["} + members[i] + "]");
        all += (all.empty() ? "" : ",") + std::string{members[i]};
    }
    hide(the, partial.back(), "[" + all + "]");
    lever_fails(the, R"({"status":500,"path":"/v1/opportunities/)" + unreadable + "\"}");
    the.move(unreadable, "Recruiter screen");
    the.move(partial, "Recruiter screen");
    the.move(others, "Recruiter screen");
    for (const auto& other : others) emissions.await(other, "Recruiter screen");
    CHECK(Crew::ready(source));

    // And when all is shown again, they come through as well.
    for (const auto& one : partial) hide(the, one, "[]");
    lever_recovers(the);
    the.move(partial, "On-site interview");
    for (const auto& one : partial) emissions.await(one, "On-site interview");
    emissions.await(unreadable, "Recruiter screen");
    await_silence(the);
    CHECK(Crew::ready(source));
    const auto calls = calls_since(the, before).made;
    const auto webhooks = others.size() + 2 * partial.size() + 1;
    MESSAGE(calls << " calls for " << webhooks << " webhooks");
    CHECK(calls <= 3 * webhooks);
    CHECK(metric(source.admin_port, "hirewire_hints_total", R"(result="given_up")") < 1);
}

TEST_CASE("hiring.postings holds what Lever lists, nothing confidential, and loses nothing to half a listing") {
    auto& the = crew().the;
    crew().active();
    const std::string postings = "/_sandbox/postings";
    const auto made = the.stack.control(http::Method::post, postings, R"({"text":"Engineer","count":250})");
    std::vector<std::string> ids;
    for (const auto& id : made["ids"].items()) ids.emplace_back(id.string());
    REQUIRE(ids.size() == 250);
    const auto hidden = the.stack.control(http::Method::post, postings, R"({"text":"Spy","confidential":true})");
    const std::string secret{hidden["id"].string()};
    // The sets are long: only whether they are equal is told.
    const auto up_to_date = [&] { return published(the).now == listed(the); };

    CHECK(the.run_of("postings").exit_code == 0);
    const auto at_first = published(the);
    CHECK(std::all_of(ids.begin(), ids.end(), [&](const auto& id) { return at_first.now.contains(id); }));
    CHECK(!at_first.ever.contains(secret));
    CHECK(up_to_date());

    the.stack.control(http::Method::patch, postings + "/" + ids[7], R"({"confidential":true})");
    the.stack.control(http::Method::del, postings + "/" + ids[8]);
    CHECK(the.run_of("postings").exit_code == 0);
    const auto then = published(the);
    CHECK(!then.now.contains(ids[7]));
    CHECK(!then.now.contains(ids[8]));
    CHECK(then.now.size() == at_first.now.size() - 2);
    CHECK(up_to_date());

    // Lever breaks off after the first of three pages, and tells of no deletion either.
    await_silence(the);
    the.stack.control(http::Method::del, postings + "/" + ids[9]);
    lever_fails(the, R"({"status":503,"ratio":1,"path":"/v1/postings","skip":1,"until_requests":50})");
    CHECK(the.run_of("postings").exit_code == 1);
    const bool nothing_is_gone = published(the).now == then.now;
    CHECK(nothing_is_gone);
    lever_recovers(the);
    CHECK(the.run_of("postings").exit_code == 0);
    CHECK(!published(the).now.contains(ids[9]));
    CHECK(up_to_date());
}
