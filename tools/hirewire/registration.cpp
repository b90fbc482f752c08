#include "tools/hirewire/registration.hpp"

#include <exception>
#include <utility>

#include "common/lever/api.hpp"

namespace hirewire::cli {

namespace asio = boost::asio;

asio::awaitable<Registration> register_events(
    lever::SubscriptionApi& api, std::string url, std::vector<std::string> events, KeepToken keep) {
    Registration result;
    for (const auto& event : events) {
        const auto created = co_await api.create(event, url);
        if (!created) {
            result.problem = event + " could not be registered: " + explained(created.error(), api) +
                             ". Look with hirewire webhooks list before another attempt.";
            co_return result;
        }
        const auto& subscription = created->subscription;
        std::string failure;
        try {
            keep(created->signature_token);
        } catch (const std::exception& e) {
            failure = e.what();
        }
        if (failure.empty()) {
            result.made.push_back(subscription);
            continue;
        }
        result.problem = event + ": its token could not be kept (" + failure + "), ";
        const Error removal = co_await api.remove(subscription.id);
        if (removal) {
            result.problem += "and its subscription " + subscription.id +
                              " could not be removed again: " + explained(removal, api) + ". Remove it in Lever.";
        } else {
            result.problem += "so its subscription was removed again.";
        }
        co_return result;
    }
    co_return result;
}

std::string explained(const Error& error, const lever::SubscriptionApi& api) {
    std::string text = error.message();
    if (!api.trouble().empty()) text += " (" + api.trouble() + ")";
    if (error == lever::Errc::unauthorized || error == lever::Errc::forbidden) {
        text += "; it takes a key that may read and write webhooks, in LEVER_WEBHOOKS_KEY or where --key-env says";
    }
    return text;
}

}  // namespace hirewire::cli
