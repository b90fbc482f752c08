#pragma once
// What every service has in common: command line, configuration, signals, the admin pages, an orderly end. A main()
// is one line: return runtime::run(argc, argv, "receiver", std::make_unique<Receiver>()).
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/config/schema.hpp"
#include "common/core/time.hpp"
#include "common/kafka/settings.hpp"
#include "common/metrics/registry.hpp"
#include "common/redis/settings.hpp"
#include "common/redis/store.hpp"

namespace hirewire::runtime {

// The sections that all services read.
struct Common {
    std::string account = "main";
    std::string log_level = "info";
    std::string log_format = "json";
    Milliseconds shutdown_grace{10'000};
    kafka::Settings kafka{};
    redis::Settings redis{};
};
// Declares them, and accepts the sections of all programs unread.
void declare_common(config::Schema& schema, Common& common);

// What a running service is handed.
class Runtime {
public:
    // A reason why the service is not ready, or nothing.
    using Check = std::function<std::optional<std::string>()>;

    Runtime(boost::asio::io_context& context, const Common& common) : context_{context}, common_{common} {}

    boost::asio::io_context& context() { return context_; }
    [[nodiscard]] const Common& common() const { return common_; }
    [[nodiscard]] const Clock& clock() const { return clock_; }
    metrics::Registry& metrics() { return metrics_; }

    void ready_when(Check check) { checks_.push_back(std::move(check)); }
    // Called before each reading of /metrics, for gauges that are computed.
    void before_metrics(std::function<void()> refresh) { refresh_.push_back(std::move(refresh)); }
    // Ends the process with exit code 1 and this sentence.
    void fail(std::string sentence) {
        if (on_failure) on_failure(std::move(sentence));
    }

    // Until then /readyz says that the service is starting.
    void mark_started() { started_ = true; }
    [[nodiscard]] std::vector<std::string> problems() const;
    void refresh() const;
    std::function<void(std::string)> on_failure{};

private:
    boost::asio::io_context& context_;
    const Common& common_;
    SystemClock clock_;
    metrics::Registry metrics_;
    bool started_ = false;
    std::vector<Check> checks_;
    std::vector<std::function<void()>> refresh_;
};

struct Endpoint {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
};

class Service {
public:
    virtual ~Service() = default;
    virtual void declare(config::Schema& schema) = 0;
    // What is wrong with the settings that no single key shows, in one sentence; empty when nothing is.
    [[nodiscard]] virtual std::string fault() const { return {}; }
    [[nodiscard]] virtual Endpoint admin() const = 0;
    // May throw config::Error (exit 2) or std::runtime_error (exit 1); either is printed as one sentence.
    virtual boost::asio::awaitable<void> start(Runtime& runtime) = 0;
    // No new work; finish or abandon what is under way. Cut off after shutdown_grace.
    virtual boost::asio::awaitable<void> stop() = 0;
    // After SIGHUP, with the new settings in the declared targets.
    virtual void reload() {}
    // Where it serves others, for the start line; nothing when only the admin pages are served.
    [[nodiscard]] virtual std::optional<std::uint16_t> port() const { return std::nullopt; }
};

// The service is destroyed before the loop that its sockets and timers live on.
int run(int argc, char** argv, const std::string& name, std::unique_ptr<Service> service);

enum class Patience {
    brief,   // a few seconds, then go on without: the receiver
    endless  // wait for it: everybody who cannot work without
};
// Throws config::Error when Redis may throw our keys away. Answers whether Redis answered.
boost::asio::awaitable<bool> check_redis(redis::Store& store, const redis::Settings& settings, Patience patience);

}  // namespace hirewire::runtime
