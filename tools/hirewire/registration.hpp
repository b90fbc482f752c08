#pragma once
// Making subscriptions in Lever, which tells each one's signature token once: no second one is made before the
// first one's token is kept, and one whose token cannot be kept is removed again, because nothing that it sends
// would be believed.
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <vector>

#include "common/core/result.hpp"
#include "common/lever/subscription.hpp"
#include "common/lever/subscription_api.hpp"

namespace hirewire::cli {

struct Registration {
    std::vector<lever::Subscription> made{};
    std::string problem{};  // a sentence; empty when all were made
};

using KeepToken = std::function<void(const std::string& token)>;  // throws std::exception when it cannot

// One after the other; ends at the first problem.
boost::asio::awaitable<Registration> register_events(
    lever::SubscriptionApi& api, std::string url, std::vector<std::string> events, KeepToken keep);

// What went wrong, with Lever's own words and, when the key is to blame, with what to do.
std::string explained(const Error& error, const lever::SubscriptionApi& api);

}  // namespace hirewire::cli
