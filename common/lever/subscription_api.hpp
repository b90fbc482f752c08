#pragma once
// Lever's webhooks API, for the command line alone: lever-source's key only reads, and asks through lever::Api.
//
// Lever tells a subscription's signature token once, in the answer to its creation, and accepts a second
// subscription of the same event and address without a word. So a creation that may or may not have been carried
// out is never just repeated: what appeared meanwhile is looked for and removed first.
#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "common/core/result.hpp"
#include "common/core/time.hpp"
#include "common/http/client.hpp"
#include "common/json/value.hpp"
#include "common/lever/api.hpp"
#include "common/lever/subscription.hpp"

namespace hirewire::lever {

struct SubscriptionApiSettings {
    Milliseconds timeout{10'000};
    int attempts = 5;
    Milliseconds first_backoff{500};
};

struct Created {
    Subscription subscription{};
    std::string signature_token{};  // never to be shown or logged
};

enum class ConnectionTest { passed, failed };

class SubscriptionApi {
public:
    template <typename T>
    using Answer = boost::asio::awaitable<Result<T>>;

    SubscriptionApi(http::Client& client, const std::string& key, SubscriptionApiSettings settings = {});

    Answer<std::vector<Subscription>> list();
    Answer<Created> create(std::string event, std::string url);
    // Has Lever post its signed connection test for each of them, and answers for all of them together.
    Answer<ConnectionTest> verify(std::vector<Subscription> subscriptions);
    // One that is not there (any more) is removed.
    boost::asio::awaitable<Error> remove(std::string id);

    // What the last request that went wrong was answered, for people; empty when none did.
    [[nodiscard]] const std::string& trouble() const { return trouble_; }

private:
    Answer<http::Reply> send(http::Method method, std::string target, std::string body);
    Answer<json::Document> get(std::string target);
    boost::asio::awaitable<Error> remove_strays(std::string event, std::string url, std::vector<Subscription> old);

    http::Client& client_;
    std::string authorization_;
    SubscriptionApiSettings settings_;
    std::string trouble_;
};

}  // namespace hirewire::lever
