#include "services/receiver/receiver.hpp"

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <thread>

#include "common/core/sleep.hpp"
#include "common/log/log.hpp"
#include "services/receiver/intake.hpp"

namespace hirewire::receiver {
namespace {

namespace asio = boost::asio;

}  // namespace

// A thread with everything that it needs. Declared in the order of dependence: the server goes first at the end.
class Receiver::Worker {
public:
    Worker(
        const IntakeSettings& settings,
        http::ServerSettings server,
        runtime::Runtime& runtime,
        const runtime::Common& common)
        : producer_{kafka::make_producer(context_.get_executor(), common.kafka)},
          store_{redis::make_store(context_.get_executor(), common.redis)},
          intake_{settings, *producer_, *store_, runtime.clock(), runtime.metrics()} {
        auto& metrics = runtime.metrics();
        auto refused = [&metrics](int status) {
            const metrics::Labels labels{{"status", std::to_string(status)}};
            metrics.counter(metrics::http_refused, labels).add();
        };
        auto handler = [this](const http::Incoming& request) { return intake_.handle(request); };
        server_.emplace(context_, std::move(server), std::move(handler), std::move(refused));
        port_ = server_->port();
    }

    ~Worker() { join(); }

    void run() {
        thread_ = std::thread{[this] { context_.run(); }};
        asio::post(context_, [this] { look_after(); });
    }

    // No new connection; ends when the last request is answered.
    void stop() {
        asio::post(context_, [this] {
            server_->stop();
            stopping_ = true;
        });
    }

    void join() {
        context_.stop();
        if (thread_.joinable()) thread_.join();
    }

    void use_tokens(std::vector<std::string> tokens) {
        asio::post(context_, [this, tokens = std::move(tokens)] { intake_.use_tokens(tokens); });
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] bool idle() const { return idle_; }
    [[nodiscard]] bool kafka_healthy() const { return kafka_healthy_; }

private:
    // What other threads may ask is copied into atomics now and then.
    void look_after() {
        idle_ = stopping_ && intake_.in_flight() == 0;
        kafka_healthy_ = producer_->healthy();
        timer_.expires_after(Milliseconds{stopping_ ? 10 : 200});
        timer_.async_wait([this](boost::system::error_code e) {
            if (!e) look_after();
        });
    }

    // Its sockets belong to its thread alone, so they need no locks; what other threads want is posted.
    asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
    asio::steady_timer timer_{context_};
    std::unique_ptr<kafka::Producer> producer_;
    std::unique_ptr<redis::Store> store_;
    Intake intake_;
    std::optional<http::Server> server_;
    std::thread thread_;
    std::uint16_t port_ = 0;
    bool stopping_ = false;
    std::atomic<bool> idle_{false};
    std::atomic<bool> kafka_healthy_{true};
};

Receiver::Receiver() = default;
Receiver::~Receiver() = default;

void Receiver::declare(config::Schema& schema) {
    receiver::declare(schema, settings_);
}

runtime::Endpoint Receiver::admin() const {
    return {.address = settings_.address, .port = settings_.admin_port};
}

asio::awaitable<void> Receiver::start(runtime::Runtime& runtime) {
    const auto tokens = lever::split_tokens(settings_.signature_tokens);
    if (tokens.empty()) throw config::Error{"receiver.signature_tokens: holds no token, only separators."};
    const auto& common = runtime.common();
    probe_ = redis::make_store(runtime.context().get_executor(), common.redis);
    if (!co_await runtime::check_redis(*probe_, common.redis, runtime::Patience::brief)) {
        log::warning("redis.away", {{"consequence", "webhooks are accepted without de-duplication"}});
    }

    IntakeSettings intake;
    intake.accept.account = common.account;
    intake.accept.signature_tokens = tokens;
    intake.accept.accept_past = settings_.accept_past;
    intake.accept.accept_future = settings_.accept_future;
    intake.claim.lease = settings_.claim_lease;
    intake.claim.remember = settings_.remember;
    intake.max_in_flight = settings_.max_in_flight;
    http::ServerSettings server;
    server.address = settings_.address;
    server.port = settings_.port;
    server.share_port = true;
    server.max_body_bytes = settings_.max_body_bytes;
    server.max_header_bytes = settings_.max_header_bytes;
    server.max_connections = settings_.max_connections;
    server.read_deadline = settings_.read_deadline;
    server.tls_certificate_file = settings_.certificate_file;
    server.tls_key_file = settings_.key_file;

    const unsigned threads =
        settings_.threads != 0 ? settings_.threads : std::max(1U, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < threads; ++i) {
        workers_.push_back(std::make_unique<Worker>(intake, server, runtime, common));
        server.port = workers_.back()->port();
    }
    runtime.ready_when([this]() -> std::optional<std::string> {
        for (const auto& worker : workers_) {
            if (!worker->kafka_healthy()) return "kafka: no broker answers";
        }
        return std::nullopt;
    });
    for (auto& worker : workers_) worker->run();
}

asio::awaitable<void> Receiver::stop() {
    for (auto& worker : workers_) worker->stop();
    for (auto& worker : workers_) {
        while (!worker->idle()) co_await sleep_for(Milliseconds{10});
    }
    // The last answers have left the handlers; give them a moment to leave the sockets.
    co_await sleep_for(Milliseconds{50});
    for (auto& worker : workers_) worker->join();
}

void Receiver::reload() {
    const auto tokens = lever::split_tokens(settings_.signature_tokens);
    for (auto& worker : workers_) worker->use_tokens(tokens);
}

std::optional<std::uint16_t> Receiver::port() const {
    if (workers_.empty()) return std::nullopt;
    return workers_.front()->port();
}

}  // namespace hirewire::receiver
