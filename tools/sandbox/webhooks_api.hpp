#pragma once
// Lever's webhooks endpoint: lists, makes, changes and deletes subscriptions. Stricter than Lever in one point: a
// member that it does not know is refused. Looser in one: an address may be http.
#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "common/http/routes.hpp"
#include "tools/sandbox/lever_gate.hpp"
#include "tools/sandbox/strict_object.hpp"
#include "tools/sandbox/subscriptions.hpp"
#include "tools/sandbox/webhooks.hpp"

namespace hirewire::sandbox {

class WebhooksApi {
public:
    WebhooksApi(Subscriptions& subscriptions, Webhooks& webhooks, LeverGate& gate)
        : subscriptions_{subscriptions}, webhooks_{webhooks}, gate_{gate} {}

    void add_routes(std::vector<http::Route>& routes);

private:
    // What a caller wants a subscription to be; without origins where none are given.
    struct Wanted {
        Subscription subscription{};
        bool verify = false;
    };
    Wanted read(StrictObject& object, Wrongs& wrongs);

    [[nodiscard]] http::Reply list() const;
    boost::asio::awaitable<http::Reply> create(std::string text);
    // All of them or, when one cannot be, none.
    boost::asio::awaitable<http::Reply> change(std::string text);
    http::Reply remove(const std::string& id);

    Subscriptions& subscriptions_;
    Webhooks& webhooks_;
    LeverGate& gate_;
};

}  // namespace hirewire::sandbox
