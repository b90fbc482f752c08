#include "common/sync/daemon.hpp"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "common/core/sleep.hpp"
#include "common/log/log.hpp"
#include "common/runtime/engine_service.hpp"
#include "common/sync/beginning.hpp"
#include "common/sync/delivery.hpp"
#include "common/sync/ledger_rebuild.hpp"

namespace hirewire::sync {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::minutes retention_watch{10};
constexpr std::chrono::hours retry_retention{24 * 7};
const std::string changes_topic = "hiring.changes";

class Daemon final : public runtime::Service {
public:
    explicit Daemon(std::unique_ptr<Destination> destination)
        : destination_{std::move(destination)},
          name_{destination_->name()},
          admin_port_{destination_->default_admin_port()} {}

    void declare(config::Schema& schema) override {
        schema.section("internal", "The API by which sync daemons ask lever-source who somebody is.")
            .text("url", internal_url_, "Where the daemons find it.", config::a_url(), config::Need::required)
            .secret(
                "token",
                delivery_.internal_token,
                "HIREWIRE_INTERNAL_TOKEN",
                "The bearer token of the internal API.",
                destination_->asks_for_people() ? config::Need::required : config::Need::optional);
        auto& core = core_;
        schema.section("sync", "What all sync daemons have in common.")
            .integer("slots", core.slots, "Requests under way at once.", 1, 4096)
            .integer(
                "max_open_per_partition",
                core.max_open_per_partition,
                "Unfinished records of one partition before its reading pauses.",
                1,
                1'000'000)
            .integer(
                "max_span_per_partition",
                core.max_span_per_partition,
                "Records of one partition that are finished behind one that is not, before its reading pauses.",
                100,
                10'000'000)
            .integer(
                "max_open_bytes",
                core.max_open_bytes,
                "Memory for unfinished records, in equal shares for all partitions.",
                1'000'000,
                10'000'000'000)
            .integer("max_lanes", core.max_lanes, "Resources with something to do at once.", 10, 10'000'000)
            .integer(
                "max_attempts",
                core.retry.max_attempts,
                "In a row, then the change is parked for the next of the three spans below.",
                1,
                1000)
            .duration("backoff_first", core.retry.first, "The first pause; doubles from one attempt to the next.")
            .duration("backoff_max", core.retry.most, "The longest pause of ours.")
            .duration("retry_1m", tier_delay_[0], "How long a change waits in sync.<dest>.retry.1m.")
            .duration("retry_10m", tier_delay_[1], "In sync.<dest>.retry.10m, when that did not help.")
            .duration("retry_1h", tier_delay_[2], "In sync.<dest>.retry.1h, again and again.")
            .duration(
                "give_up_after",
                core.give_up_after,
                "From the first failure; then the change becomes a dead letter. Shorter than the retry topics' "
                "retention.")
            .integer(
                "circuit_window",
                core.breaker.window,
                "How many of the last calls the circuit breaker looks at.",
                1,
                10'000)
            .integer(
                "circuit_least",
                core.breaker.least,
                "With half of so many failed (no answer, 5xx, 429), nothing more is sent but a probe now and then.",
                1,
                10'000)
            .duration("circuit_first_probe", core.breaker.first_probe, "From then to the first probe; doubles.")
            .duration("circuit_last_probe", core.breaker.last_probe, "The longest pause between two probes.")
            .duration("probe_interval", core.probe_interval, "How often a destination that refused us is tried.")
            .duration(
                "changes_retention",
                changes_retention_,
                "How long Kafka keeps hiring.changes; an alarm goes off when half of it has passed unapplied.")
            .duration("request_timeout", delivery_.request_timeout, "For one answer; shorter than the lease.")
            .duration("lease", delivery_.lease, "How long a resource is ours while a request runs.")
            .duration(
                "follow_up_max_age", delivery_.follow_up_max_age, "Nobody is bothered for older news than this.");
        std::string variable;
        for (const char c : name_) variable += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
        auto& section = schema.section(
            name_, "The destination " + name_ + ". Its contract is in services/sync-" + name_ + "/README.md.");
        section.text("base_url", base_url_, "Where its API begins.", config::a_url(), config::Need::required);
        if (destination_->proof() == Proof::signature) {
            section.secret("access_id", delivery_.access_id, variable + "_ACCESS_ID", "The id of its key.")
                .secret("secret_key", delivery_.token, variable + "_SECRET_KEY", "The key that signs each request.");
        } else {
            section.secret("token", delivery_.token, variable + "_TOKEN", "Its bearer token.");
        }
        section.text("address", address_, "Where the admin pages are.")
            .integer("admin_port", admin_port_, "/healthz, /readyz, /metrics, /config.", 0, 65535)
            .integer(
                "requests_per_second",
                delivery_.requests_per_second,
                "At most, from all processes of this daemon together; 0 = no limit.",
                0,
                100'000)
            .integer("burst", delivery_.burst, "So many at once after a pause.", 1, 100'000)
            .flag("confidential", delivery_.confidential, "Whether confidential candidates and postings are sent.");
        destination_->declare(section);
    }

    [[nodiscard]] runtime::Endpoint admin() const override { return {.address = address_, .port = admin_port_}; }

    asio::awaitable<void> start(runtime::Runtime& runtime) override {
        const auto& common = runtime.common();
        if (delivery_.lease <= delivery_.request_timeout) {
            throw config::Error{
                "sync.lease: must be longer than sync.request_timeout, or a lease ends under a request."};
        }
        if (core_.breaker.least > core_.breaker.window) {
            throw config::Error{
                "sync.circuit_least: must be at most sync.circuit_window, or the circuit can never open."};
        }
        if (core_.give_up_after >= retry_retention) {
            throw config::Error{
                "sync.give_up_after: must be shorter than the 7 days that Kafka keeps the retry topics."};
        }
        const auto executor = runtime.context().get_executor();
        store_ = redis::make_store(executor, common.redis);
        co_await runtime::check_redis(*store_, common.redis, runtime::Patience::endless);
        producer_ = kafka::make_producer(executor, common.kafka);
        http::ClientSettings client;
        client.base_url = base_url_;
        client_ = http::make_client(executor, client);
        http::ClientSettings internal;
        internal.base_url = internal_url_;
        internal_ = http::make_client(executor, internal);
        delivery_.account = common.account;
        delivery_.base_path = path_of_url(base_url_);
        handler_ = std::make_unique<Delivery>(
            delivery_, *destination_, *client_, *internal_, *store_, *producer_, runtime.clock(), runtime.metrics());
        rebuild_ = std::make_unique<LedgerRebuild>(executor, common.kafka, *store_, name_, delivery_.lease);
        handler_->on_no_ledger([this](std::int32_t partition) { rebuild_->want(partition); });
        std::vector<std::string> topics{changes_topic, "sync." + name_ + ".replay"};
        constexpr std::array<const char*, 3> tiers{"1m", "10m", "1h"};
        for (std::size_t i = 0; i < tiers.size(); ++i) {
            topics.push_back("sync." + name_ + ".retry." + tiers[i]);
            core_.tiers.push_back({.name = tiers[i], .delay = tier_delay_[i]});
        }
        consumer_ = kafka::make_consumer(executor, common.kafka, "hirewire.sync-" + name_, topics, changes_topic);
        engine_ = std::make_unique<pipeline::Engine>(executor, *consumer_, *handler_, runtime.clock(), core_);
        beginning_ = std::make_unique<Beginning>(
            executor,
            common.kafka,
            *producer_,
            runtime.clock(),
            name_,
            Beginning::Engine{
                .suspend = [this] { engine_->suspend(); },
                .resume = [this] { engine_->resume(); },
            });
        handler_->begin_by(*beginning_);
        runtime::run_engine(runtime, *engine_, *consumer_, name_);
        runtime.before_metrics([this,
                                gauge = runtime.metrics().gauge(metrics::retention_used, {{"destination", name_}}),
                                &runtime] { gauge.set(retention_used(runtime.clock())); });
        asio::co_spawn(executor, watch_retention(runtime.clock()), asio::detached);
    }

    asio::awaitable<void> stop() override {
        if (engine_) co_await engine_->stop();
    }

    void reload() override {
        if (!handler_) return;
        // A hold ends when there is something new to try it with.
        if (handler_->use_tokens(delivery_.token, delivery_.internal_token, delivery_.access_id))
            engine_->release_hold();
    }

private:
    [[nodiscard]] double retention_used(const Clock& clock) const {
        const auto oldest = engine_->core().oldest_open();
        if (!oldest) return 0;
        return static_cast<double>(to_ms(clock.now()) - *oldest) / static_cast<double>(changes_retention_.count());
    }
    asio::awaitable<void> watch_retention(const Clock& clock) {
        while (true) {
            co_await sleep_for(retention_watch);
            if (retention_used(clock) < 0.5) continue;
            log::error(
                "retention.half_used",
                {{"destination", name_},
                 {"consequence", "Kafka will delete changes that this destination has not had"},
                 {"remedy", "see what holds it up, or lengthen the retention of hiring.changes"}});
        }
    }

    std::unique_ptr<Destination> destination_;
    std::string name_;
    std::string base_url_;
    std::string internal_url_ = "http://127.0.0.1:8085";
    std::string address_ = "127.0.0.1";
    std::uint16_t admin_port_;
    DeliverySettings delivery_{};
    pipeline::CoreSettings core_{};
    Milliseconds changes_retention_{std::chrono::hours{24 * 30}};
    std::array<Milliseconds, 3> tier_delay_{std::chrono::minutes{1}, std::chrono::minutes{10}, std::chrono::hours{1}};
    std::unique_ptr<redis::Store> store_;
    std::unique_ptr<kafka::Producer> producer_;
    std::unique_ptr<http::Client> client_;
    std::unique_ptr<http::Client> internal_;
    std::unique_ptr<LedgerRebuild> rebuild_;
    std::unique_ptr<Delivery> handler_;
    std::unique_ptr<kafka::Consumer> consumer_;
    std::unique_ptr<pipeline::Engine> engine_;
    std::unique_ptr<Beginning> beginning_;
};

}  // namespace

int run_daemon(int argc, char** argv, std::unique_ptr<Destination> destination) {
    const std::string name = "sync-" + std::string{destination->name()};
    return runtime::run(argc, argv, name, std::make_unique<Daemon>(std::move(destination)));
}

}  // namespace hirewire::sync
