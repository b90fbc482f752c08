#include "services/lever-source/lever_source.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "common/core/sleep.hpp"
#include "common/log/log.hpp"
#include "common/runtime/engine_service.hpp"
#include "services/lever-source/open_hires.hpp"

namespace hirewire::source {

namespace asio = boost::asio;
namespace {

constexpr std::chrono::minutes longest_person_cache{10};
constexpr Milliseconds purge_interval{30'000};
constexpr Milliseconds take_over_again{1'000};

asio::awaitable<http::Reply> standing_by() {
    http::Reply reply = http::problem(503, "standby", "Another lever-source is active.");
    reply.headers.push_back({"Retry-After", "5"});
    co_return reply;
}

}  // namespace

runtime::Endpoint LeverSource::admin() const {
    return {.address = settings_.address, .port = settings_.admin_port};
}

std::string LeverSource::fault() const {
    if (settings_.person_cache > longest_person_cache) {
        return "lever-source.person_cache is longer than ten minutes. Hint: who is deleted in Lever must soon be "
               "forgotten "
               "here.";
    }
    return lever::fault_of(settings_.webhooks);
}

asio::awaitable<void> LeverSource::start(runtime::Runtime& runtime) {
    const auto& common = runtime.common();
    const auto executor = runtime.context().get_executor();
    store_ = redis::make_store(executor, common.redis);
    co_await runtime::check_redis(*store_, common.redis, runtime::Patience::endless);
    producer_ = kafka::make_producer(executor, common.kafka);
    api_ = lever::make_api(executor, settings_.lever, runtime.clock(), runtime.metrics());
    Library::Lifetimes lifetimes;
    lifetimes.posting = settings_.posting_cache;
    lifetimes.person = settings_.person_cache;
    library_ = std::make_unique<Library>(*api_, runtime.clock(), lifetimes, settings_.start_date_field);
    people_ = std::make_unique<People>(*api_, *library_, runtime.clock(), settings_.internal_token);
    http::ServerSettings server;
    server.address = settings_.address;
    server.port = settings_.port;
    server_ = std::make_unique<http::Server>(runtime.context(), server, leading_only(people_->handler()));

    runtime::Leadership::Listener listener;
    listener.gained = [this, &runtime] {
        if (std::exchange(going_, true)) return;
        asio::co_spawn(runtime.context(), go(runtime), asio::detached);
    };
    listener.lost = [&runtime] {
        // Two of them would spend Lever's budget twice. Who starts this one again makes it the standby.
        runtime.fail("another lever-source has taken over; this one ends");
    };
    listener.asked = [this](const v1::Run& run) {
        if (sweeper_ && run.kind() == sweep_kind) sweeper_->ask(run);
        if (postings_ && run.kind() == postings_kind) postings_->ask(run);
    };
    leadership_ = std::make_unique<runtime::Leadership>(
        executor, common.kafka, "hirewire.lever-source.leader", runtime.clock(), std::move(listener));
    runtime.ready_when([this]() -> std::optional<std::string> {
        if (!leadership_->leads()) return "standby: another lever-source is active";
        if (!engine_) return "taking over from the one before";
        return std::nullopt;
    });
    asio::co_spawn(executor, leadership_->run(), asio::detached);
}

// Who stands by has neither Lever's budget nor word of who has been deleted.
http::Handler LeverSource::leading_only(http::Handler handler) {
    return [this, handler = std::move(handler)](const http::Incoming& request) {
        return leadership_ && leadership_->leads() ? handler(request) : standing_by();
    };
}

asio::awaitable<void> LeverSource::go(runtime::Runtime& runtime) {
    const auto& common = runtime.common();
    const auto executor = runtime.context().get_executor();
    Reader::Settings reader;
    reader.backlog = [this] { return backlog(); };
    reader_ = std::make_unique<Reader>(executor, *api_, runtime.clock(), std::move(reader));
    SourceSettings source;
    source.account = common.account;
    source.cluster_link_prefix = settings_.cluster_link_prefix;
    Topics topics;
    topics.emitted = [kafka = common.kafka] { return read_emitted(kafka); };
    topics.tail = [kafka = common.kafka] { return read_tail(kafka); };
    source_ = std::make_unique<Source>(
        source, topics, *api_, *library_, *reader_, *store_, *producer_, runtime.clock(), runtime.metrics());
    asio::co_spawn(executor, purge(), asio::detached);
    co_await take_over();

    kafka::Settings kafka = common.kafka;
    // A dead one's partitions must not wait longer than its place does.
    kafka.session_timeout = std::min<Milliseconds>(kafka.session_timeout, std::chrono::seconds{10});
    consumer_ = kafka::make_consumer(executor, kafka, "hirewire.lever-source", Source::topics());
    pipeline::CoreSettings core;
    core.slots = settings_.slots;
    core.tiers = Source::rests();
    engine_ = std::make_unique<pipeline::Engine>(executor, *consumer_, *source_, runtime.clock(), core);
    runtime::run_engine(runtime, *engine_, *consumer_, "lever");

    book_ = std::make_unique<RunBook>(common.account, *producer_, runtime.clock());
    SweepSettings sweep = settings_.sweep;
    sweep.account = common.account;
    Past past;
    past.runs = [kafka = common.kafka] { return read_runs(kafka); };
    past.open_hires = [kafka = common.kafka](std::int64_t now_ms) { return read_open_hires(kafka, now_ms); };
    sweeper_ = std::make_unique<Sweeper>(
        executor, sweep, past, *api_, *library_, *reader_, *book_, *producer_, runtime.clock(), runtime.metrics());
    asio::co_spawn(executor, sweeper_->run(), asio::detached);
    PostingsSettings postings = settings_.postings;
    postings.account = common.account;
    const auto known = [kafka = common.kafka] { return read_postings(kafka); };
    postings_ = std::make_unique<Postings>(
        executor, postings, known, *api_, *library_, *book_, *producer_, runtime.clock(), runtime.metrics());
    asio::co_spawn(executor, postings_->run(), asio::detached);
    const SubscriptionWatch::Look look = [this] { return api_->subscriptions(lever::Priority::sweep); };
    watch_ = std::make_unique<SubscriptionWatch>(executor, settings_.webhooks, look, runtime.metrics());
    asio::co_spawn(executor, watch_->run(), asio::detached);
}

// Whatever it takes: nothing may be emitted before.
asio::awaitable<void> LeverSource::take_over() {
    std::string said;
    while (true) {
        std::string failure;
        try {
            const auto taken = co_await source_->take_over();
            if (taken) co_return;
            failure = taken.error().message();
        } catch (const std::exception& e) {
            failure = e.what();
        }
        if (failure != said) log::warning("memory.not_taken_over", {{"reason", failure}});
        said = failure;
        co_await sleep_for(take_over_again);
    }
}

asio::awaitable<void> LeverSource::purge() {
    while (true) {
        co_await sleep_for(purge_interval);
        library_->purge();
        reader_->purge();
    }
}

std::size_t LeverSource::backlog() const {
    if (!engine_) return 0;
    const auto& core = engine_->core();
    std::size_t waiting = core.lanes() - std::min(core.lanes(), core.running());
    for (const auto& [partition, lag] : consumer_->lag())
        waiting += static_cast<std::size_t>(std::max<std::int64_t>(lag, 0));
    return waiting;
}

asio::awaitable<void> LeverSource::stop() {
    if (server_) server_->stop();
    if (sweeper_) sweeper_->stop();
    if (postings_) postings_->stop();
    if (watch_) watch_->stop();
    if (engine_) co_await engine_->stop();
    if (leadership_) co_await leadership_->stop();
}

void LeverSource::reload() {
    if (!api_) return;
    api_->use_key(settings_.lever.key);
    if (people_) people_->use_token(settings_.internal_token);
    if (engine_) engine_->release_hold();
}

std::optional<std::uint16_t> LeverSource::port() const {
    if (!server_) return std::nullopt;
    return server_->port();
}

}  // namespace hirewire::source
