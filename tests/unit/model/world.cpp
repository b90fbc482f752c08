#include "tests/unit/model/world.hpp"

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/core/overloaded.hpp"
#include "common/pipeline/history.hpp"
#include "common/sync/judge.hpp"
#include "common/sync/ledger_rebuild.hpp"
#include "tests/support/change_builders.hpp"
#include "tests/support/run.hpp"

namespace hirewire::model {
namespace {

namespace asio = boost::asio;
using pipeline::Attempted;

constexpr std::int32_t partitions = 3;
constexpr int opportunities = 12;
constexpr std::size_t daemons = 3;
// One of them is narrow, another one in each world.
struct Caps {
    std::size_t open = 60;
    std::size_t span = 400;
    std::size_t bytes = 10'000'000;
    std::size_t lanes = 400;
};
Caps caps_of(std::uint64_t seed) {
    Caps caps;
    switch (seed % 4) {
        case 0:
            caps.open = 12;
            break;
        case 1:
            caps.span = 20;
            break;
        case 2:
            caps.bytes = 90'000;
            break;
        default:
            caps.lanes = 4;
    }
    return caps;
}
constexpr std::size_t turn = 10;  // what may be read until the caps are looked at again
constexpr Milliseconds request_timeout{2'000};
constexpr Milliseconds lease{5'000};
const std::vector<std::string> tiers{"1m", "10m", "1h"};

std::int32_t partition_of(const std::string& key) {
    return static_cast<std::int32_t>(std::hash<std::string>{}(key) % partitions);
}

// PUT the status; Source-Version says the rest.
class Plain final : public sync::Destination {
public:
    [[nodiscard]] std::string_view name() const override { return "plain"; }
    [[nodiscard]] std::uint16_t default_admin_port() const override { return 0; }
    void declare(config::Section&) override {}
    [[nodiscard]] sync::Plan plan(const v1::Change& change, const sync::Situation&) const override {
        if (change.status().id() == "none of its business") {
            return {sync::Settle{.outcome = v1::OUTCOME_KIND_SKIPPED, .reason = "skipped"}};
        }
        http::Request request;
        request.method = http::Method::put;
        request.target = "/status/" + change.opportunity_id();
        request.body = change.status().id();
        return {sync::Send{
            .request = std::move(request), .then = [](const sync::Answer& a) { return sync::judge(a, false); }}};
    }
};

pipeline::CoreSettings core_settings(std::uint64_t seed) {
    pipeline::CoreSettings s;
    s.slots = 6;
    const Caps caps = caps_of(seed);
    s.max_open_per_partition = caps.open;
    s.max_span_per_partition = caps.span;
    s.max_open_bytes = caps.bytes;
    s.max_lanes = caps.lanes;
    s.probe_interval = Milliseconds{3'000};
    s.retry.max_attempts = 3;
    s.tiers = {
        {.name = tiers[0], .delay = Milliseconds{2'000}},
        {.name = tiers[1], .delay = Milliseconds{8'000}},
        {.name = tiers[2], .delay = Milliseconds{20'000}}};
    s.give_up_after = Milliseconds{90'000};
    s.breaker.window = 8;
    s.breaker.least = 5;
    return s;
}

std::string resource_of(const http::Request& request) {
    return request.target.substr(request.target.rfind('/') + 1);
}

http::Reply reply(int status, std::string body = {}) {
    http::Reply r;
    r.status = status;
    r.body = std::move(body);
    return r;
}

}  // namespace

// The network between a daemon and the destination: what is sent stays under way until the dice or its deadline end
// it.
class World::Client final : public http::Client {
public:
    using Answer = Result<http::Reply>;
    struct Pending {
        http::Request request{};
        Instant deadline{};
        std::optional<Answer> answer{};  // carried out, not yet heard of
        std::function<void(Answer)> resume{};
    };

    Client(World& world, Daemon& daemon) : world_{world}, daemon_{daemon} {}

    asio::awaitable<Answer> send(http::Request request, Milliseconds deadline) override {
        auto initiate = [this](auto handler, http::Request r, Milliseconds d) {
            world_.check_alone(daemon_, resource_of(r));
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            Pending pending;
            pending.request = std::move(r);
            pending.deadline = world_.clock_.monotonic() + d;
            pending.resume = [shared](Answer answer) {
                auto resumed = std::move(*shared);
                resumed(std::move(answer));
            };
            under_way.push_back(std::move(pending));
        };
        return asio::async_initiate<const asio::use_awaitable_t<>, void(Answer)>(
            std::move(initiate), asio::use_awaitable, std::move(request), deadline);
    }

    std::vector<Pending> under_way{};

private:
    World& world_;
    Daemon& daemon_;
};

class World::Producer final : public kafka::Producer {
public:
    explicit Producer(World& world) : world_{world} {}
    asio::awaitable<Result<kafka::Written>> write(kafka::Message message) override {
        const bool trouble = !world_.calm_ && world_.dice_.one_in(60);
        const bool arrives = !trouble || world_.dice_.one_in(2);
        const auto partition = message.partition.value_or(partition_of(message.key));
        const std::string topic = message.topic;
        if (arrives) world_.append(topic, partition, std::move(message));
        if (trouble) {
            world_.tally_("writes not acknowledged");
            co_return kafka::make_error_code(kafka::Errc::not_acknowledged);
        }
        co_return kafka::Written{.partition = partition, .offset = 0};
    }
    [[nodiscard]] bool healthy() const override { return true; }

private:
    World& world_;
};

// The one Redis, as a daemon sees it.
class World::Store final : public redis::Store {
public:
    explicit Store(World& world) : world_{world}, redis_{world.redis_} {}
    Answer<redis::Claim> claim(const redis::Delivery& d, const std::string& o, const redis::ClaimTerms& t) override {
        return redis_.claim(d, o, t);
    }
    void confirm(const redis::Delivery& d, Milliseconds r, Done done) override {
        redis_.confirm(d, r, std::move(done));
    }
    Answer<void> release(redis::Delivery d, std::string o) override {
        return redis_.release(std::move(d), std::move(o));
    }
    Answer<redis::Remembered> last_change(std::string o) override {
        auto remembered = co_await redis_.last_change(o);
        if (world_.settings_.bug == Bug::call_newest_superseded && remembered && remembered->change) {
            v1::Change change;
            change.ParseFromString(*remembered->change);
            change.set_version(change.version() + 1);
            change.mutable_status()->set_id("never emitted");
            remembered->change = change.SerializeAsString();
        }
        co_return remembered;
    }
    Answer<void> remember_change(std::string o, std::string c) override {
        return redis_.remember_change(std::move(o), std::move(c));
    }
    Answer<void> prepare_changes(std::string r) override { return redis_.prepare_changes(std::move(r)); }
    Answer<void> restore_change(std::string o, std::string c) override {
        return redis_.restore_change(std::move(o), std::move(c));
    }
    Answer<redis::Opening> vouch_for_changes(std::string r) override {
        return redis_.vouch_for_changes(std::move(r));
    }
    Answer<void> prepare_ledger(std::string d, std::int32_t p, std::string r) override {
        return redis_.prepare_ledger(std::move(d), p, std::move(r));
    }
    Answer<redis::Opening> open_ledger(std::string d, std::int32_t p, std::string r) override {
        return redis_.open_ledger(std::move(d), p, std::move(r));
    }
    Answer<void> disconnect(redis::LedgerKey k, Milliseconds span) override {
        return redis_.disconnect(std::move(k), span);
    }
    Answer<redis::Turn> take_turn(std::string d, redis::Pace p) override { return redis_.take_turn(std::move(d), p); }
    using redis::Store::begin;
    Answer<redis::Begun> begin(
        redis::LedgerKey key,
        std::int64_t version,
        std::string owner,
        Milliseconds term,
        redis::Again again) override {
        auto begun = co_await redis_.begin(std::move(key), version, std::move(owner), term, again);
        const auto bug = world_.settings_.bug;
        const bool ignored = bug == Bug::ignore_leases || bug == Bug::ignore_own_lanes;
        if (begun && begun->permission == redis::Permission::busy) {
            world_.tally_("leases met");
            if (ignored) begun->permission = redis::Permission::go;
        }
        co_return begun;
    }
    Answer<void> finish(redis::LedgerKey k, std::int64_t v, std::string o) override {
        return redis_.finish(std::move(k), v, std::move(o));
    }
    Answer<void> abandon(redis::LedgerKey k, std::string o) override {
        return redis_.abandon(std::move(k), std::move(o));
    }
    Answer<void> mark_dead(redis::LedgerKey k, redis::DeadLetter d) override {
        return redis_.mark_dead(std::move(k), std::move(d));
    }
    Answer<std::string> eviction_policy() override { return redis_.eviction_policy(); }
    [[nodiscard]] bool connected() const override { return redis_.connected(); }

private:
    World& world_;
    testing::FakeStore& redis_;
};

// A process. What it was in the middle of dies with it.
struct World::Daemon {
    Daemon(World& world, int i)
        : index{i},
          client{world, *this},
          producer{world},
          store{world},
          core{core_settings(world.settings_.seed), [&world] { return world.dice_.below(1000) / 1000.0; }} {
        sync::DeliverySettings s;
        s.request_timeout = request_timeout;
        s.lease = lease;
        delivery = std::make_unique<sync::Delivery>(
            s, *world.destination_, client, internal, store, producer, world.clock_, metrics);
        delivery->on_no_ledger([&world](std::int32_t partition) { world.want_rebuild(partition); });
    }
    ~Daemon() {
        client.under_way.clear();
        // Coroutines that nobody will resume unwind here; others may get a little further before the end.
        io.restart();
        while (true) {
            try {
                if (io.poll() == 0) return;
            } catch (const Breach&) {
                // The first one has been told.
            }
        }
    }

    int index = 0;
    asio::io_context io{1};
    metrics::Registry metrics{};
    testing::FakeClient internal{};
    Client client;
    Producer producer;
    Store store;
    pipeline::Core core;
    std::unique_ptr<sync::Delivery> delivery;
    std::map<kafka::Partition, kafka::Offset> position{};
    std::set<kafka::Partition> paused{};
    bool frozen = false;
    std::set<kafka::Partition> lost_while_frozen{};
};

World::World(Settings settings) : settings_{settings}, dice_{settings.seed}, destination_{std::make_unique<Plain>()} {
    for (std::int32_t number = 0; number < partitions; ++number) {
        logs_[{.topic = "hiring.changes", .number = number}];
        for (const auto& tier : tiers) logs_[{.topic = "sync.plain.retry." + tier, .number = number}];
        logs_[{.topic = "sync.outcomes", .number = number}];
    }
    for (std::size_t i = 0; i < daemons; ++i) {
        daemons_.push_back(std::make_unique<Daemon>(*this, static_cast<int>(i)));
    }
    for (auto& [partition, log] : logs_) {
        if (partition.topic != "sync.outcomes") assign(partition, dice_.below(static_cast<int>(daemons)));
    }
}

World::~World() {
    const auto all = std::move(daemons_);
}

void World::step() {
    switch (dice_.below(20)) {
        case 0:
        case 1:
        case 2:
            produce();
            break;
        case 3:
            advance(Milliseconds{dice_.below(dice_.one_in(4) ? 2'500 : 300)});
            break;
        case 4:
            if (dice_.one_in(6)) trouble();
            break;
        case 5:
        case 6:
        case 7:
        case 8:
        case 9:
        case 10:
            answer_one();
            break;
        default:
            read_one();
            break;
    }
    run_all();
}

void World::produce() {
    const auto opportunity = "o" + std::to_string(dice_.below(opportunities));
    const auto partition = partition_of(opportunity);
    if (dice_.one_in(200)) {
        kafka::Message garbage;
        garbage.key = opportunity;
        garbage.value = "\xff\xff garbage";
        append("hiring.changes", partition, std::move(garbage));
        return;
    }
    auto& history = produced_[opportunity];
    if (!history.empty() && dice_.one_in(12)) {
        // The source repeats a record after a crash: same id, same version.
        kafka::Message again;
        const auto& log = logs_[{.topic = "hiring.changes", .number = partition}];
        const auto& old = dice_.pick(log.entries);
        again.key = old.record.key;
        again.value = old.record.value;
        if (old.record.key == opportunity) append("hiring.changes", partition, std::move(again));
        return;
    }
    const std::int64_t last = history.empty() ? 0 : history.back().first;
    auto change = testing::stage_change(to_ms(clock_.now()), opportunity);
    change.set_version(std::max(last + 1, change.version()));
    change.set_change_id("change-" + opportunity + "-" + std::to_string(change.version()));
    change.mutable_status()->set_id("stage-" + std::to_string(dice_.below(5)));
    if (dice_.one_in(30)) change.mutable_status()->set_id("none of its business");
    change.set_live(dice_.one_in(2));
    history.emplace_back(change.version(), change.change_id());
    kafka::Message message;
    message.key = opportunity;
    message.value = change.SerializeAsString();
    append("hiring.changes", partition, std::move(message));
    if (!redis_.away && dice_.one_in(2)) {
        testing::finish(redis_.remember_change(opportunity, change.SerializeAsString()));
    }
}

void World::append(const std::string& topic, std::int32_t partition, kafka::Message message) {
    const bool parked = topic.starts_with("sync.plain.retry.");
    if (topic == "sync.plain.dlq" && settings_.bug == Bug::lose_dead_letters) return;
    if (topic == "sync.outcomes" && settings_.bug == Bug::lose_outcomes && dice_.one_in(10)) return;
    if (parked && settings_.bug == Bug::lose_parked) return;
    Entry entry;
    entry.written = ++writes_;
    entry.record.partition = {.topic = topic, .number = partition};
    entry.record.key = message.key;
    entry.record.value = message.value;
    entry.record.headers = message.headers;
    entry.record.timestamp_ms = to_ms(clock_.now());
    if (topic == "sync.outcomes") {
        v1::Outcome outcome;
        outcome.ParseFromString(*message.value);
        const auto kind = outcome.outcome();
        if (kind != v1::OUTCOME_KIND_RETRYING && kind != v1::OUTCOME_KIND_HELD) terminal_.insert(outcome.change_id());
        tally_("outcome " + std::string{sync::name_of(kind)});
        if (kind == v1::OUTCOME_KIND_APPLIED && at_destination_[message.key].version < outcome.version()) {
            throw Breach{"told as applied, and not there: " + outcome.change_id()};
        }
    } else {
        v1::Change change;
        if (change.ParseFromString(*message.value)) entry.change = change.change_id();
    }
    if (parked) {
        tally_("parked");
    }
    if (topic == "sync.plain.dlq") {
        const auto origin = pipeline::read_origin(entry.record);
        dead_origins_.emplace(origin.topic, origin.partition, origin.offset);
        dead_.insert(entry.change);
        return;
    }
    auto& log = logs_[entry.record.partition];
    entry.record.offset = static_cast<kafka::Offset>(log.entries.size());
    log.entries.push_back(std::move(entry));
}

void World::read_one() {
    auto at = logs_.begin();
    std::advance(at, dice_.below(static_cast<int>(logs_.size())));
    auto& [partition, log] = *at;
    if (log.owner < 0) return;
    auto& daemon = *daemons_[static_cast<std::size_t>(log.owner)];
    if (daemon.frozen || daemon.paused.contains(partition)) return;
    auto& position = daemon.position[partition];
    if (position >= static_cast<kafka::Offset>(log.entries.size())) return;
    kafka::Record record = log.entries[static_cast<std::size_t>(position++)].record;
    log.read_by_last_owner = position;
    auto place = daemon.delivery->place(record);
    if (settings_.bug == Bug::ignore_own_lanes) {
        place.lane += "#" + std::to_string(record.offset);
        place.group = place.lane;
    }
    const auto past = pipeline::to_past(pipeline::read_history(record.headers), clock_.now(), clock_.monotonic());
    if (settings_.bug == Bug::forget_parked_at_restart && past.due != Instant{} && dice_.one_in(4)) {
        // As if it had never been read: the next one's commit passes it.
        tally_("records read");
        return;
    }
    daemon.core.on_record(std::move(record), std::move(place), past);
    const auto& core = daemon.core;
    const Caps caps = caps_of(settings_.seed);
    const auto owned =
        std::count_if(logs_.begin(), logs_.end(), [&](const auto& l) { return l.second.owner == daemon.index; });
    const bool too_much = core.open() > (caps.open + turn) * static_cast<std::size_t>(owned) ||
                          core.longest_span() > caps.span + turn || core.open_bytes() > caps.bytes + turn * 2'000 ||
                          core.lanes() > caps.lanes + turn;
    if (too_much) throw Breach{"more is held than the caps allow"};
    tally_("records read");
}

// What the destination does with a request that reaches it on a good day.
Result<http::Reply> World::carry_out(const http::Request& request) {
    auto& there = at_destination_[resource_of(request)];
    const auto version = std::stoll(std::string{http::header(request.headers, "Source-Version")});
    if (version < there.version && settings_.bug != Bug::unguarded_destination) {
        return reply(200, R"({"outcome":"superseded"})");
    }
    if (version < there.version) throw Breach{"a version went back at the destination"};
    if (version == there.version) return reply(200, R"({"outcome":"unchanged"})");
    there.version = version;
    there.body = request.body;
    tally_("applied");
    return reply(200, R"({"outcome":"updated"})");
}

Result<http::Reply> World::bad_day(const http::Request& request) {
    switch (dice_.below(24)) {
        case 0:
        case 1:
        case 2:
        case 3:
            return settings_.bug == Bug::take_errors_for_success ? reply(200) : reply(503);
        case 4: {
            auto r = reply(429);
            r.headers.push_back({"Retry-After", std::to_string(dice_.below(5))});
            return r;
        }
        case 5:
        case 6:
            return reply(404, R"({"code":"unknown-candidate"})");
        case 7:
            return reply(422);
        case 8:
            return dice_.one_in(4) ? reply(401) : reply(403);
        case 9:
            return reply(409, R"({"code":"idempotency-in-flight"})");
        case 10:
            return reply(412);
        case 11:
            if (dice_.one_in(15)) {
                disconnected_.insert(resource_of(request));
                return reply(410);
            }
            carry_out(request);  // done, and nobody hears of it
            return http::make_error_code(http::Errc::broken_off);
        default:
            return carry_out(request);
    }
}

void World::answer_one() {
    if (!ghosts_.empty() && (calm_ || dice_.one_in(25))) {
        const auto at = dice_.below<std::size_t>(ghosts_.size());
        const auto ghost = std::move(ghosts_[at]);
        ghosts_.erase(ghosts_.begin() + static_cast<std::ptrdiff_t>(at));
        tally_("late arrivals");
        carry_out(ghost.request);
        return;
    }
    auto& daemon = *daemons_[dice_.below<std::size_t>(daemons_.size())];
    auto& under_way = daemon.client.under_way;
    if (under_way.empty()) return;
    auto& pending = under_way[dice_.below<std::size_t>(under_way.size())];
    if (!pending.answer) pending.answer = calm_ ? carry_out(pending.request) : bad_day(pending.request);
}

void World::advance(Milliseconds by) {
    clock_.advance(by);
}

// Answers and deadlines reach the daemon, its coroutines go on, its core is asked.
void World::run(Daemon& daemon) {
    auto& under_way = daemon.client.under_way;
    for (std::size_t i = 0; i < under_way.size();) {
        const bool late = under_way[i].deadline <= clock_.monotonic();
        if (!late && !under_way[i].answer) {
            ++i;
            continue;
        }
        auto pending = std::move(under_way[i]);
        under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(i));
        Client::Answer answer = late ? Client::Answer{http::make_error_code(http::Errc::timed_out)} : *pending.answer;
        if (late) {
            tally_("time-outs");
            if (!pending.answer && dice_.one_in(2)) ghosts_.push_back({.request = pending.request});
            if (settings_.bug == Bug::take_silence_for_success) answer = reply(200);
        }
        asio::post(daemon.io, [resume = std::move(pending.resume), answer] { resume(answer); });
    }
    daemon.io.restart();
    daemon.io.poll();
    perform(daemon);
    daemon.io.restart();
    daemon.io.poll();
}

void World::run_all() {
    for (auto at = to_rebuild_.begin(); at != to_rebuild_.end();) {
        const bool due = at->second <= clock_.monotonic() && !redis_.away;
        if (due) rebuild(at->first);
        at = due ? to_rebuild_.erase(at) : std::next(at);
    }
    for (auto& daemon : daemons_) {
        if (!daemon->frozen) run(*daemon);
    }
    if (!seen_.empty()) throw Breach{seen_};
}

void World::perform(Daemon& daemon) {
    for (auto& action : daemon.core.next(clock_.monotonic())) {
        std::visit(
            overloaded{
                [&](const pipeline::Start& a) { asio::co_spawn(daemon.io, attempt(daemon, a.job), asio::detached); },
                [&](const pipeline::Commit& a) { commit(daemon, a.partition, a.next); },
                [&](const pipeline::Pause& a) { daemon.paused.insert(a.partition); },
                [&](const pipeline::Resume& a) { daemon.paused.erase(a.partition); },
                [&](const auto&) { asio::co_spawn(daemon.io, set_aside(daemon, action), asio::detached); }},
            action);
    }
    for (const auto c : pipeline::all_caps) {
        if (daemon.core.paused(c) > 0) tally_("paused for " + std::string{name_of(c)});
    }
}

asio::awaitable<void> World::attempt(Daemon& daemon, pipeline::JobId id) {
    Attempted attempted;
    try {
        attempted = co_await daemon.delivery->attempt(daemon.core.job(id));
    } catch (const Breach& breach) {
        seen_ = breach.what();
        co_return;
    }
    attempted = misread(std::move(attempted));
    const bool was_open = daemon.core.circuit_open();
    daemon.core.on_verdict(id, attempted, clock_.monotonic());
    if (!was_open && daemon.core.circuit_open()) tally_("circuits opened");
}

asio::awaitable<void> World::set_aside(Daemon& daemon, pipeline::Action action) {
    pipeline::JobId id = 0;
    bool written = false;
    if (auto* park = std::get_if<pipeline::Park>(&action)) {
        id = park->job;
        written = co_await daemon.delivery->park(daemon.core.job(id), *park);
    } else {
        const auto& give_up = std::get<pipeline::GiveUp>(action);
        id = give_up.job;
        written = true;
        if (settings_.bug != Bug::do_not_write_refused) {
            written = co_await daemon.delivery->give_up(daemon.core.job(id), give_up.reason);
        }
    }
    daemon.core.on_set_aside(id, written, clock_.monotonic());
}

Attempted World::misread(Attempted attempted) const {
    const auto is = [&](auto verdict) { return std::holds_alternative<decltype(verdict)>(attempted.verdict); };
    const bool wrong = (settings_.bug == Bug::take_wait_for_done && is(pipeline::Wait{})) ||
                       (settings_.bug == Bug::take_retry_for_done && is(pipeline::Retry{})) ||
                       (settings_.bug == Bug::take_weather_for_done && is(pipeline::Weather{})) ||
                       (settings_.bug == Bug::take_not_yet_for_done && is(pipeline::NotYet{})) ||
                       (settings_.bug == Bug::take_hold_for_done && is(pipeline::Hold{}));
    if (wrong) attempted.verdict = pipeline::Done{};
    return attempted;
}

bool World::accounted(
    const Entry& entry, const kafka::Partition& partition, kafka::Offset offset, kafka::Offset next) const {
    if (entry.change.empty()) return dead_origins_.contains({partition.topic, partition.number, offset});
    if (terminal_.contains(entry.change)) return true;
    // Or it still waits in a retry topic, beyond what this commit passes.
    for (const auto& [other, log] : logs_) {
        if (!other.topic.starts_with("sync.plain.retry.")) continue;
        const auto from = other == partition ? next : log.committed;
        const auto waits = [&](const Entry& e) { return e.change == entry.change; };
        if (std::any_of(log.entries.begin() + from, log.entries.end(), waits)) return true;
    }
    return false;
}

// What the outcomes say of an opportunity, for a reader of a breach.
std::string World::story(const std::string& opportunity) const {
    std::string text;
    for (const auto& [partition, log] : logs_) {
        for (const auto& entry : log.entries) {
            if (entry.record.key != opportunity) continue;
            text += "\n    " + std::to_string(entry.written) + " " + partition.topic + " " +
                    std::to_string(entry.record.offset) + " ";
            if (partition.topic != "sync.outcomes") {
                text += entry.change;
                continue;
            }
            v1::Outcome outcome;
            outcome.ParseFromString(*entry.record.value);
            text +=
                outcome.change_id() + " " + std::string{sync::name_of(outcome.outcome())} + ", " + outcome.reason();
        }
    }
    return text;
}

void World::commit(Daemon& daemon, const kafka::Partition& partition, kafka::Offset next) {
    auto& log = logs_.at(partition);
    if (log.owner != daemon.index) return;  // the broker refuses it
    if (settings_.bug == Bug::commit_what_was_read) next = daemon.position[partition];
    if (next < log.committed) throw Breach{"a commit went back"};
    for (auto offset = log.committed; offset < next; ++offset) {
        const auto& entry = log.entries.at(static_cast<std::size_t>(offset));
        if (!accounted(entry, partition, offset, next)) {
            throw Breach{
                "a commit on " + partition.topic + " passed the unfinished " + entry.change +
                story(entry.record.key)};
        }
    }
    log.committed = next;
    tally_("commits");
}

// One resource, one request: unless a process that is frozen past its lease still believes that it waits for one.
void World::check_alone(const Daemon& asking, const std::string& resource) const {
    for (const auto& daemon : daemons_) {
        if (!daemon) continue;  // just dying
        for (const auto& pending : daemon->client.under_way) {
            if (resource_of(pending.request) != resource || pending.answer) continue;
            if (daemon->frozen || pending.deadline <= clock_.monotonic()) continue;
            throw Breach{
                "two requests under way for " + resource + ", of daemons " + std::to_string(daemon->index) + " and " +
                std::to_string(asking.index)};
        }
    }
}

void World::assign(const kafka::Partition& partition, int index) {
    auto& log = logs_.at(partition);
    auto& daemon = *daemons_[static_cast<std::size_t>(index)];
    log.owner = index;
    const bool wrong = settings_.bug == Bug::go_on_from_what_was_read;
    daemon.position[partition] = wrong ? std::max(log.committed, log.read_by_last_owner) : log.committed;
    if (wrong) log.committed = daemon.position[partition];
    daemon.paused.erase(partition);
    daemon.core.on_assigned({partition});
}

void World::trouble() {
    switch (dice_.below(8)) {
        case 0:
        case 1:
        case 2:
            rebalance();
            break;
        case 3:
            crash();
            break;
        case 4:
        case 5:
            freeze_or_thaw();
            break;
        default:
            lose_redis();
            break;
    }
}

void World::rebalance() {
    auto at = logs_.begin();
    std::advance(at, dice_.below(static_cast<int>(logs_.size())));
    auto& [partition, log] = *at;
    if (log.owner < 0) return;
    auto& from = *daemons_[static_cast<std::size_t>(log.owner)];
    auto& to = *daemons_[dice_.below<std::size_t>(daemons_.size())];
    if (from.frozen || to.frozen) return;
    tally_("rebalances");
    for (const auto& [p, next] : from.core.on_revoked({partition})) commit(from, p, next);
    from.paused.erase(partition);
    assign(partition, to.index);
}

void World::crash() {
    const auto index = dice_.below<std::size_t>(daemons_.size());
    auto& dying = daemons_[index];
    tally_("crashes");
    for (auto& pending : dying->client.under_way) {
        // What was sent may still arrive.
        if (!pending.answer && dice_.one_in(2)) ghosts_.push_back({.request = pending.request});
    }
    std::vector<kafka::Partition> orphans;
    for (auto& [partition, log] : logs_) {
        if (log.owner == dying->index) orphans.push_back(partition);
    }
    dying.reset();
    dying = std::make_unique<Daemon>(*this, static_cast<int>(index));
    for (const auto& partition : orphans) {
        auto heir = dice_.below<std::size_t>(daemons_.size());
        if (daemons_[heir]->frozen) heir = index;
        assign(partition, static_cast<int>(heir));
    }
}

// A process that stands still for longer than its lease and its session; others take over meanwhile.
void World::freeze_or_thaw() {
    for (auto& daemon : daemons_) {
        if (!daemon->frozen) continue;
        daemon->frozen = false;
        tally_("thaws");
        const std::vector<kafka::Partition> lost{daemon->lost_while_frozen.begin(), daemon->lost_while_frozen.end()};
        daemon->lost_while_frozen.clear();
        daemon->core.on_revoked(lost);  // its commits are refused
        for (const auto& partition : lost) {
            daemon->paused.erase(partition);
            if (logs_.at(partition).owner == daemon->index) assign(partition, daemon->index);
        }
        return;
    }
    auto& victim = *daemons_[dice_.below<std::size_t>(daemons_.size())];
    victim.frozen = true;
    tally_("freezes");
    advance(lease + Milliseconds{dice_.below(2'000)});
    for (auto& [partition, log] : logs_) {
        if (log.owner != victim.index) continue;
        victim.lost_while_frozen.insert(partition);
        auto heir = dice_.below<std::size_t>(daemons_.size());
        if (static_cast<int>(heir) == victim.index) heir = (heir + 1) % daemons_.size();
        assign(partition, static_cast<int>(heir));
    }
}

void World::lose_redis() {
    if (redis_.away) {
        redis_.away = false;
    } else if (dice_.one_in(3)) {
        redis_.empty();
        tally_("Redis emptied");
    } else {
        redis_.away = true;
        tally_("Redis away");
    }
}

// As LedgerRebuild does it: a lease's time, what the outcomes say, then the opening.
void World::want_rebuild(std::int32_t partition) {
    const bool begun =
        to_rebuild_.emplace(partition, clock_.monotonic() + (writes_ == 0 ? Milliseconds{0} : lease)).second;
    if (begun) testing::finish(redis_.prepare_ledger("plain", partition, "under way"));
}

void World::rebuild(std::int32_t partition) {
    tally_("ledgers rebuilt");
    sync::AppliedVersions versions{"plain"};
    for (const auto& entry : logs_.at({.topic = "sync.outcomes", .number = partition}).entries) {
        versions.add(entry.record.value.value_or(""));
    }
    for (const auto& [opportunity, version] : versions.all()) {
        redis::LedgerKey key;
        key.destination = "plain";
        key.resource = opportunity;
        key.partition = partition;
        testing::finish(redis_.finish(key, version, "rebuild"));
    }
    const auto opened = testing::finish(redis_.open_ledger("plain", partition, "under way"));
    if (opened && *opened == redis::Opening::refused) tally_("rebuilds overtaken by a loss");
}

void World::settle_and_judge() {
    calm_ = true;
    redis_.away = false;
    for (auto& daemon : daemons_) {
        if (daemon->frozen) freeze_or_thaw();
    }
    const auto at_rest = [this] {
        for (const auto& [partition, log] : logs_) {
            if (log.owner >= 0 && log.committed < static_cast<kafka::Offset>(log.entries.size())) return false;
        }
        return ghosts_.empty();
    };
    for (int i = 0; i < 60'000 && !at_rest(); ++i) {
        for (int n = 0; n < 8; ++n) read_one();
        for (int n = 0; n < 4; ++n) answer_one();
        if (i % 3 == 0) advance(Milliseconds{200});
        run_all();
    }
    if (!at_rest()) throw Breach{"it does not come to rest"};
    for (const auto& [opportunity, history] : produced_) {
        for (const auto& [version, change] : history) {
            if (!terminal_.contains(change)) throw Breach{"nothing became of " + change};
        }
        const auto& [newest, change] = history.back();
        const auto there = at_destination_[opportunity].version;
        v1::Change last;
        for (const auto& entry : logs_.at({.topic = "hiring.changes", .number = partition_of(opportunity)}).entries) {
            if (entry.change == change) last.ParseFromString(*entry.record.value);
        }
        const bool skipped = last.status().id() == "none of its business";
        if (there != newest && !dead_.contains(change) && !skipped && !disconnected_.contains(opportunity)) {
            throw Breach{
                opportunity + " stands at " + std::to_string(there) + ", Lever at " + std::to_string(newest)};
        }
    }
}

}  // namespace hirewire::model
