#include "common/sync/daemon.hpp"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <functional>
#include <random>

#include "common/core/sleep.hpp"
#include "common/log/log.hpp"
#include "common/runtime/engine_service.hpp"
#include "common/runtime/leadership.hpp"
#include "common/runtime/runs_listener.hpp"
#include "common/sync/beginning.hpp"
#include "common/sync/cancelled_runs.hpp"
#include "common/sync/courier.hpp"
#include "common/sync/delivery.hpp"
#include "common/sync/internal_api.hpp"
#include "common/sync/latest_postings.hpp"
#include "common/sync/ledger_rebuild.hpp"
#include "common/sync/mode_task.hpp"
#include "common/sync/names_watch.hpp"
#include "common/sync/pausing.hpp"
#include "common/sync/posting_change.hpp"
#include "common/sync/replay_task.hpp"
#include "common/sync/settings.hpp"
#include "common/sync/standstill.hpp"
#include "common/sync/task_group.hpp"

namespace hirewire::sync {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::minutes retention_watch{10};
const std::string changes_topic = "hiring.changes";
// Why nothing is started, or nothing sent.
const std::string by_operator = "an operator's pause";
const std::string by_missed_changes = "missed changes";
const std::string by_mode = "the mode";

std::function<double()> random_numbers() {
    return [engine = std::mt19937{std::random_device{}()}]() mutable {
        return std::uniform_real_distribution<double>{0.0, 1.0}(engine);
    };
}

class Daemon final : public runtime::Service {
public:
    explicit Daemon(std::unique_ptr<Destination> destination)
        : destination_{std::move(destination)},
          name_{destination_->name()},
          settings_{standard_settings(*destination_)} {}

    void declare(config::Schema& schema) override { sync::declare(schema, *destination_, settings_); }

    [[nodiscard]] std::string fault() const override {
        auto wrong = fault_of(settings_);
        return wrong.empty() ? destination_->fault() : wrong;
    }

    [[nodiscard]] runtime::Endpoint admin() const override {
        return {.address = settings_.address, .port = settings_.admin_port};
    }

    asio::awaitable<void> start(runtime::Runtime& runtime) override {
        const auto& common = runtime.common();
        const auto executor = runtime.context().get_executor();
        store_ = redis::make_store(executor, common.redis);
        co_await runtime::check_redis(*store_, common.redis, runtime::Patience::endless);
        producer_ = kafka::make_producer(executor, common.kafka);
        http::ClientSettings client;
        client.base_url = settings_.base_url;
        client_ = http::make_client(executor, client);
        http::ClientSettings internal;
        internal.base_url = settings_.internal_url;
        internal_ = http::make_client(executor, internal);
        settings_.delivery.account = common.account;
        settings_.delivery.base_path = path_of_url(settings_.base_url);
        settings_.delivery.mode = mode_of(settings_.mode);
        handler_ = std::make_unique<Delivery>(
            settings_.delivery,
            *destination_,
            *client_,
            *internal_,
            *store_,
            *producer_,
            runtime.clock(),
            runtime.metrics());
        rebuild_ = std::make_unique<LedgerRebuild>(executor, common.kafka, *store_, name_, settings_.delivery.lease);
        handler_->on_no_ledger([this](std::int32_t partition) { rebuild_->want(partition); });
        beginning_ = std::make_unique<Beginning>(
            executor,
            common.kafka,
            *producer_,
            runtime.clock(),
            name_,
            Beginning::Engine{
                .suspend = [this] { standstill_.begin(by_missed_changes); },
                .resume = [this] { standstill_.end(by_missed_changes); },
            });
        handler_->begin_by(*beginning_);
        handler_->pass_over(cancelled_);
        latest_ = std::make_unique<LatestPostings>(read_postings_with(common.kafka, reading_ahead_), runtime.clock());
        handler_->look_ahead_by(*latest_);
        runtime_ = &runtime;
        prepare_tasks();
        listen_to_runs();
        if (!tasks_->empty()) stand_for_leadership();
        use_mode();
        watch_names();
        runtime.before_metrics([this,
                                gauge = runtime.metrics().gauge(metrics::retention_used, {{"destination", name_}}),
                                &runtime] { gauge.set(retention_used(runtime.clock())); });
        asio::co_spawn(executor, watch_retention(runtime.clock()), asio::detached);
    }

    asio::awaitable<void> stop() override {
        if (runs_) runs_->stop();
        if (tasks_) co_await tasks_->stop();
        if (leadership_) co_await leadership_->stop();
        if (engine_) co_await engine_->stop();
    }

    void reload() override {
        if (!handler_) return;
        // A hold ends when there is something new to try it with.
        const auto& delivery = settings_.delivery;
        if (handler_->use_tokens(delivery.token, delivery.internal_token, delivery.access_id) && engine_) {
            engine_->release_hold();
        }
        courier_->use(authorization());
        lever_source_->use_token(delivery.internal_token);
        use_mode();
        tasks_->reload();
        names_ ? names_->reload() : watch_names();
    }

private:
    // Reads from now on. Until then the process is in no consumer group.
    void begin_reading() {
        const auto& common = runtime_->common();
        const auto executor = runtime_->context().get_executor();
        std::vector<std::string> topics{changes_topic, "sync." + name_ + ".replay"};
        constexpr std::array<const char*, 3> tiers{"1m", "10m", "1h"};
        for (std::size_t i = 0; i < tiers.size(); ++i) {
            topics.push_back("sync." + name_ + ".retry." + tiers[i]);
            settings_.core.tiers.push_back({.name = tiers[i], .delay = settings_.tier_delay[i]});
        }
        std::vector<std::string> compacted;
        if (destination_->wants_postings()) compacted.push_back(postings_topic);
        topics.insert(topics.end(), compacted.begin(), compacted.end());
        consumer_ =
            kafka::make_consumer(executor, common.kafka, "hirewire.sync-" + name_, topics, changes_topic, compacted);
        engine_ =
            std::make_unique<pipeline::Engine>(executor, *consumer_, *handler_, runtime_->clock(), settings_.core);
        if (standstill_.holds()) engine_->suspend();
        runtime::run_engine(
            *runtime_, *engine_, *consumer_, name_, [this] { return standstill_.holds(by_missed_changes); });
    }

    [[nodiscard]] Courier::Authorize authorization() const {
        Credential credential;
        credential.access_id = settings_.delivery.access_id;
        credential.secret = settings_.delivery.token;
        return authorize_by(*destination_, credential, settings_.delivery.base_path, runtime_->clock());
    }

    // What is done beside the changes, by the one process that leads.
    void prepare_tasks() {
        const auto& common = runtime_->common();
        const auto& delivery = settings_.delivery;
        const auto& clock = runtime_->clock();
        book_ = std::make_unique<runtime::RunBook>(common.account, *producer_, clock);
        lever_source_ = std::make_unique<InternalApi>(*internal_, delivery.internal_token, delivery.request_timeout);
        CourierSettings courier;
        courier.account = common.account;
        courier.destination = name_;
        courier.media_type = std::string{destination_->media_type()};
        courier.requests_per_second = delivery.requests_per_second;
        courier.burst = delivery.burst;
        courier.request_timeout = delivery.request_timeout;
        courier.retry.first = settings_.core.retry.first;
        courier.retry.most = settings_.core.retry.most;
        const Courier::Rest rest = [](Milliseconds pause) { return sleep_for(pause); };
        courier_ = std::make_unique<Courier>(
            courier, authorization(), *client_, *store_, clock, runtime_->metrics(), random_numbers(), rest);
        const TaskTools tools{
            .executor = runtime_->context().get_executor(),
            .account = common.account,
            .destination = name_,
            .kafka = common.kafka,
            .producer = *producer_,
            .runs = *book_,
            .courier = *courier_,
            .lever_source = *lever_source_,
            .clock = clock,
            .metrics = runtime_->metrics(),
            .confidential = delivery.confidential,
        };
        auto tasks = destination_->tasks();
        tasks.push_back(std::make_unique<ReplayTask>(name_));
        tasks.push_back(std::make_unique<ModeTask>(
            name_, [this] { return standing_; }, [this] { return destination_->wants_postings(); }));
        tasks_ = std::make_unique<TaskGroup>(
            std::move(tasks), tools, [this](std::string sentence) { runtime_->fail(std::move(sentence)); });
    }

    // In every process, with or without tasks: an operator's word is for all of them.
    void listen_to_runs() {
        Pausing::Actions actions;
        actions.suspend = [this] {
            standstill_.begin(by_operator);
            sending_.begin(by_operator);
        };
        actions.resume = [this] {
            standstill_.end(by_operator);
            sending_.end(by_operator);
        };
        actions.release_hold = [this] {
            handler_->forget_hold();
            if (engine_) engine_->release_hold();
        };
        pausing_ = std::make_unique<Pausing>(name_, std::move(actions), runtime_->metrics());
        runtime::RunsListener::Listener listener;
        listener.heard = [this](const v1::Run& run) {
            pausing_->hear(run);
            cancelled_.hear(run);
            tasks_->hear(run);
        };
        listener.caught_up = [this] {
            pausing_->caught_up();
            tasks_->caught_up();
        };
        runs_ = std::make_unique<runtime::RunsListener>(
            runtime_->context().get_executor(), runtime_->common().kafka, std::move(listener));
        runtime_->ready_when([this]() -> std::optional<std::string> {
            if (runs_->caught_up()) return std::nullopt;
            return "kafka: hiring.runs has not been read yet";
        });
        runs_->start();
    }

    // Who stands by for the tasks is ready all the same: it tells of changes as all the others do.
    void stand_for_leadership() {
        runtime::Leadership::Listener listener;
        listener.gained = [this] {
            leads_ = true;
            tasks_->leads();
        };
        listener.lost = [this] {
            // Two of them would do everything twice. Who starts this one again makes it the standby.
            runtime_->fail("another sync-" + name_ + " has taken over; this one ends");
        };
        leadership_ = std::make_unique<runtime::Leadership>(
            runtime_->context().get_executor(),
            runtime_->common().kafka,
            "hirewire.sync-" + name_ + ".leader",
            runtime_->clock(),
            std::move(listener));
        asio::co_spawn(runtime_->context(), leadership_->run(), asio::detached);
    }

    // At the start, and whenever the settings were read anew.
    void use_mode() {
        const auto mode = mode_of(settings_.mode);
        handler_->use_mode(mode);
        for (const auto each : {Mode::live, Mode::shadow, Mode::off}) {
            const metrics::Labels labels{{"destination", name_}, {"mode", std::string{name_of(each)}}};
            runtime_->metrics().gauge(metrics::mode, labels).set(each == mode ? 1 : 0);
        }
        const bool off = mode == Mode::off;
        if (!off && !engine_) begin_reading();
        courier_->use_sends(mode != Mode::shadow);
        off ? sending_.begin(by_mode) : sending_.end(by_mode);
        // Who is turned off while it runs stays in its group and begins nothing new.
        off ? standstill_.begin(by_mode) : standstill_.end(by_mode);
        const auto standing = standing_of(mode, destination_->switched_off());
        if (standing == standing_) return;
        const bool as_usual = standing_.empty() && standing == name_of(Mode::live);
        // Who leads takes it by itself.
        if (owes_snapshot(standing_, standing) && !leads_) {
            asio::co_spawn(runtime_->context(), ask_for_snapshot(), asio::detached);
        }
        standing_ = standing;
        if (as_usual) return;
        log::info("destination.stands", {{"destination", name_}, {"as", standing_}});
    }

    // What the one that leads has handed over by now may have come here before the new mode, and counts as told in
    // shadow.
    asio::awaitable<void> ask_for_snapshot() {
        try {
            v1::Run run = book_->begin(snapshot_kind);
            run.set_destination(name_);
            const runtime::Counts no_counts;
            co_await book_->tell(std::move(run), v1::RUN_STATE_ASKED, no_counts);
        } catch (const std::exception& e) {
            log::error(
                "snapshot.not_asked_for",
                {{"destination", name_}, {"reason", e.what()}, {"remedy", "hirewire snapshot --to " + name_}});
        }
    }

    // Nobody waits for this: without an answer, names are compared with those that the changes carry.
    void watch_names() {
        if (destination_->names().empty()) return;
        if (settings_.delivery.internal_token.empty()) {
            log::info(
                "names.not_resolved",
                {{"destination", name_},
                 {"reason", "internal.token is not set"},
                 {"consequence", "what the configuration names is not held against Lever's lists"}});
            return;
        }
        const NamesWatch::Ask ask = [this] { return lever_source_->vocabulary(); };
        names_ = std::make_unique<NamesWatch>(*destination_, ask);
        asio::co_spawn(runtime_->context(), names_->run(), asio::detached);
    }

    [[nodiscard]] double retention_used(const Clock& clock) const {
        const auto oldest = engine_ ? engine_->core().oldest_open() : std::nullopt;
        if (!oldest) return 0;
        const auto age = static_cast<double>(to_ms(clock.now()) - *oldest);
        return age / static_cast<double>(settings_.changes_retention.count());
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
    DaemonSettings settings_;
    CancelledRuns cancelled_{};
    std::unique_ptr<redis::Store> store_;
    std::unique_ptr<kafka::Producer> producer_;
    std::unique_ptr<http::Client> client_;
    std::unique_ptr<http::Client> internal_;
    std::unique_ptr<LedgerRebuild> rebuild_;
    asio::thread_pool reading_ahead_{1};  // reading Kafka whole blocks
    std::unique_ptr<LatestPostings> latest_;
    std::unique_ptr<Delivery> handler_;
    std::unique_ptr<kafka::Consumer> consumer_;
    std::unique_ptr<pipeline::Engine> engine_;
    std::unique_ptr<Beginning> beginning_;
    runtime::Runtime* runtime_ = nullptr;
    std::string standing_;
    bool leads_ = false;
    // Of what the engine begins, and of what is sent: by what it has begun, and beside it.
    Standstill standstill_{Standstill::Engine{
        .suspend =
            [this] {
                if (engine_) engine_->suspend();
            },
        .resume =
            [this] {
                if (engine_) engine_->resume();
            },
    }};
    Standstill sending_{Standstill::Engine{
        .suspend =
            [this] {
                courier_->suspend();
                handler_->suspend();
            },
        .resume =
            [this] {
                courier_->resume();
                handler_->resume();
            },
    }};
    std::unique_ptr<runtime::RunBook> book_;
    std::unique_ptr<InternalApi> lever_source_;
    std::unique_ptr<Courier> courier_;
    std::unique_ptr<TaskGroup> tasks_;
    std::unique_ptr<NamesWatch> names_;
    std::unique_ptr<Pausing> pausing_;
    std::unique_ptr<runtime::RunsListener> runs_;
    std::unique_ptr<runtime::Leadership> leadership_;
};

}  // namespace

int run_daemon(int argc, char** argv, std::unique_ptr<Destination> destination) {
    const std::string name = "sync-" + std::string{destination->name()};
    return runtime::run(argc, argv, name, std::make_unique<Daemon>(std::move(destination)));
}

}  // namespace hirewire::sync
