#pragma once
// Lever's posting side: signs each event for each subscription, posts it, retries what is not answered 2xx, and
// can be told to lose, double, delay or spoil deliveries. Remembers every body and every answer.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/http/client.hpp"
#include "common/http/message.hpp"
#include "tools/sandbox/dice.hpp"
#include "tools/sandbox/lever_model.hpp"
#include "tools/sandbox/subscriptions.hpp"

namespace hirewire::sandbox {

struct WebhookSettings {
    Milliseconds retry_first{1'000};  // doubled for each further retry
    int retries = 5;
    int in_flight = 16;
};

// What goes wrong between Lever and the receiver. Ratios from 0 to 1.
struct DeliveryFaults {
    double drop = 0;               // never posted
    double duplicate = 0;          // posted twice
    Milliseconds reorder{0};       // each first post waits up to so long, at random
    double corrupt_signature = 0;  // of single attempts: a retry comes right again
};

class Webhooks {
public:
    // For http://host[:port]; throws std::invalid_argument when that is none.
    using MakeClient = std::function<std::unique_ptr<http::Client>(const std::string& base_url)>;

    Webhooks(
        boost::asio::io_context& context,
        WebhookSettings settings,
        const Subscriptions& subscriptions,
        MakeClient make_client,
        Dice& dice);

    // Signs and queues one webhook a subscription; answers the tokens. First attempts start in the order of the
    // calls.
    std::vector<std::string> announce(const Events& events);
    // Whether webhooks can be posted there at all.
    bool is_address(const std::string& url);
    // Lever's connection test: a signed webhook without data. True when it is answered 2xx.
    boost::asio::awaitable<bool> verify(Subscription subscription);

    void set_faults(const DeliveryFaults& faults) { faults_ = faults; }

    // All webhooks from the `from`-th on, oldest first, as a JSON array.
    [[nodiscard]] std::string log(std::size_t from) const;

private:
    struct Answer {
        Moment at = 0;
        int status = 0;  // 0 = none
        std::string body{};
        bool corrupted = false;
    };
    enum class Fate { pending, delivered, given_up, dropped };
    struct Webhook {
        std::string token{};
        std::string event{};
        std::string opportunity{};
        std::string url{};
        std::string body{};
        std::size_t signature_at = 0;  // where in the body the signature's digits begin
        Fate fate = Fate::pending;
        std::vector<Answer> answers{};
    };
    // One way of one webhook to its address; a doubled webhook has two.
    struct Delivery {
        Webhook* webhook = nullptr;
        int attempt = 0;
        bool resent = false;
    };

    http::Client& client_of(const std::string& base_url);
    void deliver(Webhook& webhook);
    void enqueue_after(Milliseconds wait, Delivery delivery);
    void pump();
    boost::asio::awaitable<void> attempt(Delivery delivery);

    boost::asio::io_context& context_;
    WebhookSettings settings_;
    const Subscriptions& subscriptions_;
    MakeClient make_client_;
    Dice& dice_;
    std::map<std::string, std::unique_ptr<http::Client>> clients_;  // by base URL; kept for good
    DeliveryFaults faults_{};
    std::deque<Webhook> webhooks_;  // grows at the end only: pointers into it stay good
    std::deque<Delivery> due_;
    int in_flight_ = 0;
};

}  // namespace hirewire::sandbox
