#include "services/sync-theorg/theorg.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <functional>
#include <random>
#include <utility>

#include "common/core/sleep.hpp"
#include "common/log/log.hpp"

namespace hirewire::theorg {
namespace {

namespace asio = boost::asio;

// Lever's postings are known within twelve hours of their end, and a run may fail or take a while.
constexpr std::chrono::hours longest_interval{24};
// Why no run begins.
const std::string by_operator = "an operator's pause";
const std::string by_mode = "the mode";

std::function<double()> random_numbers() {
    return [engine = std::mt19937{std::random_device{}()}]() mutable {
        return std::uniform_real_distribution<double>{0.0, 1.0}(engine);
    };
}

}  // namespace

void TheOrg::declare(config::Schema& schema) {
    auto& courier = courier_settings_;
    // Of the keys that all sync daemons share, those that mean something here.
    schema.section("sync", "What all sync daemons have in common.")
        .open()
        .duration("backoff_first", courier.retry.first, "The first pause; doubles from one attempt to the next.")
        .duration("backoff_max", courier.retry.most, "The longest pause of ours.")
        .duration("probe_interval", settings_.probe_interval, "How often a destination that refused us is tried.")
        .duration("request_timeout", courier.request_timeout, "For one answer; shorter than the lease.");
    schema.section("theorg", "The destination theorg (The Org). Its contract is in services/sync-theorg/README.md.")
        .text("base_url", base_url_, "Where its API begins.", config::a_url(), config::Need::required)
        .secret("api_key", api_key_, "THEORG_API_KEY", "Its API key, sent as X-Api-Key.")
        .text(
            "company",
            settings_.rules.company,
            "The company whose jobs these are, as The Org's URLs name it.",
            {},
            config::Need::required)
        .text(
            "mode",
            mode_,
            "live: it is told. shadow: what would be sent is worked out and reported as the outcome shadow, and "
            "nothing is sent. off: no run begins.",
            config::one_of(sync::mode_words()))
        .text("address", address_, "Where the admin pages are.")
        .integer("admin_port", admin_port_, "/healthz, /readyz, /metrics, /config.", 0, 65535)
        .flag(
            "include_internal",
            settings_.rules.include_internal,
            "Whether postings that are open inside the company only are told, too. Confidential ones never are.")
        .integer(
            "requests_per_second",
            courier.requests_per_second,
            "At most, from all processes together. The Org takes 15.",
            1,
            15)
        .integer(
            "max_attempts",
            courier.retry.max_attempts,
            "For one job in one run, while it is answered with 5xx or 429, or not at all.",
            1,
            100)
        .duration("run_interval", settings_.run_interval, "From the beginning of one run to that of the next.")
        .duration(
            "retry_interval",
            settings_.retry_interval,
            "After a run that an outage has spoilt; at most run_interval.")
        .duration(
            "deletion_alarm",
            settings_.deletion_alarm,
            "A deletion owed for longer than this is an alarm: The Org promises three days.");
}

std::string TheOrg::fault() const {
    if (settings_.run_interval < std::chrono::seconds{1} || settings_.run_interval > longest_interval) {
        return "theorg.run_interval must be from one second to one day. Hint: a job that is deleted in Lever has to "
               "be gone at The Org within three.";
    }
    if (settings_.retry_interval < std::chrono::seconds{1}) {
        return "theorg.retry_interval must be a second at least, or an outage is asked without a rest.";
    }
    return {};
}

RunnerSettings TheOrg::runner_settings() const {
    RunnerSettings settings = settings_;
    settings.look_interval = std::min(settings.look_interval, settings.run_interval);
    settings.sends = sync::mode_of(mode_) != sync::Mode::shadow;
    return settings;
}

asio::awaitable<void> TheOrg::start(runtime::Runtime& runtime) {
    const auto& common = runtime.common();
    const auto executor = runtime.context().get_executor();
    settings_.account = common.account;
    courier_settings_.account = common.account;
    store_ = redis::make_store(executor, common.redis);
    co_await runtime::check_redis(*store_, common.redis, runtime::Patience::endless);
    producer_ = kafka::make_producer(executor, common.kafka);
    http::ClientSettings client;
    client.base_url = base_url_;
    client_ = http::make_client(executor, client);
    const sync::Courier::Rest rest = [](Milliseconds pause) { return sleep_for(pause); };
    courier_ = std::make_unique<sync::Courier>(
        courier_settings_,
        authorize_with(api_key_),
        *client_,
        *store_,
        runtime.clock(),
        runtime.metrics(),
        random_numbers(),
        rest);
    book_ = std::make_unique<runtime::RunBook>(common.account, *producer_, runtime.clock());
    Sources sources;
    sources.past = [kafka = common.kafka] { return read_past(kafka); };
    sources.postings = [kafka = common.kafka] { return read_postings(kafka); };
    runner_ = std::make_unique<Runner>(
        executor,
        runner_settings(),
        std::move(sources),
        *courier_,
        *book_,
        *producer_,
        runtime.clock(),
        runtime.metrics());

    runtime::Leadership::Listener listener;
    listener.gained = [this, executor] {
        if (std::exchange(going_, true)) return;
        asio::co_spawn(executor, runner_->run(), asio::detached);
    };
    listener.lost = [&runtime] {
        // Two of them would tell The Org of two imports. Who starts this one again makes it the standby.
        runtime.fail("another sync-theorg has taken over; this one ends");
    };
    listener.heard = [this](const v1::Run& run) { runner_->hear(run); };
    leadership_ = std::make_unique<runtime::Leadership>(
        executor, common.kafka, "hirewire.sync-theorg", runtime.clock(), std::move(listener));
    runtime.ready_when([this]() -> std::optional<std::string> {
        if (!leadership_->leads()) return "standby: another sync-theorg is active";
        if (!runner_->taken_over()) return "taking over from the one before";
        return std::nullopt;
    });
    runtime.before_metrics([this] { runner_->refresh_metrics(); });
    metrics_ = &runtime.metrics();
    use_mode();
    obey_pauses(runtime);
    asio::co_spawn(executor, leadership_->run(), asio::detached);
}

void TheOrg::use_mode() {
    const auto mode = sync::mode_of(mode_);
    for (const auto each : {sync::Mode::live, sync::Mode::shadow, sync::Mode::off}) {
        const metrics::Labels labels{{"destination", "theorg"}, {"mode", std::string{sync::name_of(each)}}};
        metrics_->gauge(metrics::mode, labels).set(each == mode ? 1 : 0);
    }
    courier_->use_sends(mode != sync::Mode::shadow);
    mode == sync::Mode::off ? standstill_.begin(by_mode) : standstill_.end(by_mode);
    if (mode_ == standing_) return;
    const bool as_usual = standing_.empty() && mode == sync::Mode::live;
    standing_ = mode_;
    if (as_usual) return;
    log::info("destination.stands", {{"destination", "theorg"}, {"as", standing_}});
}

void TheOrg::obey_pauses(runtime::Runtime& runtime) {
    sync::Pausing::Actions actions;
    actions.suspend = [this] { standstill_.begin(by_operator); };
    actions.resume = [this] { standstill_.end(by_operator); };
    actions.release_hold = [this] { runner_->release(); };
    pausing_ = std::make_unique<sync::Pausing>("theorg", std::move(actions), runtime.metrics());
    runtime::RunsListener::Listener listener;
    listener.heard = [this](const v1::Run& run) { pausing_->hear(run); };
    listener.caught_up = [this] { pausing_->caught_up(); };
    runs_ = std::make_unique<runtime::RunsListener>(
        runtime.context().get_executor(), runtime.common().kafka, std::move(listener));
    runs_->start();
}

asio::awaitable<void> TheOrg::stop() {
    if (runs_) runs_->stop();
    if (runner_) runner_->stop();
    if (leadership_) co_await leadership_->stop();
}

void TheOrg::reload() {
    if (!runner_) return;
    courier_->use(authorize_with(api_key_));
    use_mode();
    runner_->use(runner_settings());
    runner_->release();
}

}  // namespace hirewire::theorg
