#include "services/lever-source/subscription_watch.hpp"

#include <array>
#include <exception>
#include <utility>

#include "common/lever/api.hpp"
#include "common/log/log.hpp"

namespace hirewire::source {
namespace {

namespace asio = boost::asio;

constexpr std::string_view unknown = "unknown";
constexpr std::array<std::string_view, 5> states{"ok", "missing", "doubled", "elsewhere", unknown};

}  // namespace

SubscriptionWatch::SubscriptionWatch(
    asio::any_io_executor executor,
    lever::Expected expected,
    Look look,
    metrics::Registry& metrics,
    WatchSettings settings)
    : expected_{std::move(expected)},
      look_{std::move(look)},
      metrics_{metrics},
      settings_{settings},
      rounds_{executor} {}

asio::awaitable<void> SubscriptionWatch::run() {
    if (expected_.url.empty()) co_return;
    for (const auto& event : expected_.events) show(event, unknown);
    while (!rounds_.stopping()) {
        Milliseconds pause = settings_.after_failure;
        std::string failure;
        try {
            const Answer answer = co_await look_();
            pause = take(answer);
        } catch (const std::exception& e) {
            failure = e.what();
        }
        if (!failure.empty()) pause = failed(failure);
        co_await rounds_.rest(pause);
    }
}

Milliseconds SubscriptionWatch::take(const Answer& answer) {
    if (!answer) {
        const Error why = answer.error();
        return why == lever::Errc::forbidden ? not_shown() : failed(why.message());
    }
    hidden_ = false;
    failing_ = false;
    compare(*answer);
    return settings_.interval;
}

// No fault: lever-source does its work without. Whoever gives the key the permission is answered within the hour.
Milliseconds SubscriptionWatch::not_shown() {
    failing_ = false;
    if (!std::exchange(hidden_, true)) {
        log::info("webhooks.not_shown", {{"reason", "the API key may not read Lever's webhooks"}});
    }
    for (const auto& event : expected_.events) show(event, unknown);
    return settings_.interval;
}

Milliseconds SubscriptionWatch::failed(std::string_view reason) {
    if (!std::exchange(failing_, true)) log::warning("webhooks.not_read", {{"reason", reason}});
    return settings_.after_failure;
}

void SubscriptionWatch::compare(const std::vector<lever::Subscription>& found) {
    bool amiss = false;
    for (const auto& finding : lever::audit(expected_, found)) {
        const auto state = lever::name_of(finding.standing);
        show(finding.event, state);
        const auto before = known_.find(finding.event);
        const bool same = before != known_.end() && before->second == finding.standing;
        known_[finding.event] = finding.standing;
        if (finding.standing == lever::Standing::ok) continue;
        amiss = true;
        // A field "event" would stand beside the line's own.
        if (!same) log::warning("webhooks.unexpected", {{"subscription", finding.event}, {"state", state}});
    }
    if (std::exchange(amiss_, amiss) && !amiss) log::info("webhooks.as_expected");
}

void SubscriptionWatch::show(const std::string& event, std::string_view state) {
    for (const auto each : states) {
        const metrics::Labels labels{{"event", event}, {"state", std::string{each}}};
        metrics_.gauge(metrics::webhook_subscriptions, labels).set(each == state ? 1 : 0);
    }
}

}  // namespace hirewire::source
