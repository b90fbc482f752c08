#pragma once
// Looks every hour whether Lever still has the subscriptions that are expected: nobody tells when one is gone, and
// the sweeps would carry the day without a word. Says so in the log, once per change, and in a gauge.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.hpp"
#include "common/core/time.hpp"
#include "common/lever/subscription.hpp"
#include "common/metrics/registry.hpp"
#include "services/lever-source/runs.hpp"

namespace hirewire::source {

struct WatchSettings {
    Milliseconds interval{std::chrono::hours{1}};
    Milliseconds after_failure{std::chrono::minutes{1}};
};

class SubscriptionWatch {
public:
    using Answer = Result<std::vector<lever::Subscription>>;
    using Look = std::function<boost::asio::awaitable<Answer>()>;

    SubscriptionWatch(
        boost::asio::any_io_executor executor,
        lever::Expected expected,
        Look look,
        metrics::Registry& metrics,
        WatchSettings settings = {});
    // Look after look, until stop(); ends at once when nothing is expected. To be spawned once.
    boost::asio::awaitable<void> run();
    void stop() { rounds_.stop(); }

private:
    // Each answers how long to rest.
    Milliseconds take(const Answer& answer);
    Milliseconds not_shown();
    Milliseconds failed(std::string_view reason);
    void compare(const std::vector<lever::Subscription>& found);
    void show(const std::string& event, std::string_view state);

    lever::Expected expected_;
    Look look_;
    metrics::Registry& metrics_;
    WatchSettings settings_;
    Rounds rounds_;
    std::map<std::string, lever::Standing> known_{};  // by event, as last seen
    bool amiss_ = false;
    bool hidden_ = false;   // the key may not read webhooks
    bool failing_ = false;  // and it has been said
};

}  // namespace hirewire::source
