#include "tools/sandbox/webhooks.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "common/core/uuid.hpp"
#include "common/crypto/hash.hpp"
#include "common/json/writer.hpp"
#include "tools/sandbox/lever_json.hpp"
#include "tools/sandbox/random_token.hpp"

namespace hirewire::sandbox {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds answer_deadline{10'000};

struct Url {
    std::string base{};
    std::string target{};
};

Url split(const std::string& url) {
    const auto scheme = url.find("://");
    const auto path = scheme == std::string::npos ? std::string::npos : url.find('/', scheme + 3);
    if (path == std::string::npos) return {.base = url, .target = "/"};
    return {.base = url.substr(0, path), .target = url.substr(path)};
}

struct Letter {
    std::string body{};
    std::size_t signature_at = 0;
};

template <typename WriteData>
Letter sign_and_write(
    std::string_view event,
    Moment at,
    std::string_view token,
    const std::string& signature_token,
    WriteData write_data) {
    crypto::HmacSha256 sign{signature_token};
    const std::string signature = crypto::hex(sign(token, std::to_string(at)));
    json::Writer out;
    out.begin_object()
        .member("id", random_uuid())
        .member("event", event)
        .member("triggeredAt", at)
        .member("token", token)
        .member("signature", signature)
        .key("data");
    write_data(out);
    out.end_object();
    Letter letter{.body = out.text()};
    letter.signature_at = letter.body.find(signature);
    return letter;
}

http::Request post(std::string target, std::string body) {
    http::Request request{.method = http::Method::post, .target = std::move(target)};
    request.headers.push_back({.name = "Content-Type", .value = "application/json"});
    request.body = std::move(body);
    return request;
}

bool is_success(int status) {
    return status >= 200 && status < 300;
}

}  // namespace

Webhooks::Webhooks(
    asio::io_context& context,
    WebhookSettings settings,
    const Subscriptions& subscriptions,
    MakeClient make_client,
    Dice& dice)
    : context_{context},
      settings_{settings},
      subscriptions_{subscriptions},
      make_client_{std::move(make_client)},
      dice_{dice} {}

http::Client& Webhooks::client_of(const std::string& base_url) {
    auto& client = clients_[base_url];
    if (!client) client = make_client_(base_url);
    return *client;
}

bool Webhooks::is_address(const std::string& url) {
    try {
        client_of(split(url).base);
        return true;
    } catch (const std::invalid_argument&) {
        return false;
    }
}

asio::awaitable<bool> Webhooks::verify(Subscription subscription) {
    const auto url = split(subscription.url);
    const auto no_data = [](json::Writer& out) { out.begin_object().end_object(); };
    auto letter =
        sign_and_write(subscription.event, wall_clock(), random_token(), subscription.signature_token, no_data);
    http::Request request = post(url.target, std::move(letter.body));
    const auto reply = co_await client_of(url.base).send(std::move(request), answer_deadline);
    const bool answered = reply && is_success(reply->status);
    co_return answered;
}

std::vector<std::string> Webhooks::announce(const Events& events) {
    std::vector<std::string> tokens;
    for (const auto& event : events) {
        for (const auto& subscription : subscriptions_.all()) {
            if (!wants(subscription, event)) continue;
            Webhook webhook{
                .token = random_token(),
                .event = subscription.event,
                .opportunity = event.opportunity,
                .url = subscription.url};
            auto letter = sign_and_write(
                webhook.event, event.at, webhook.token, subscription.signature_token, [&](json::Writer& out) {
                    write_event_data(out, event);
                });
            webhook.body = std::move(letter.body);
            webhook.signature_at = letter.signature_at;
            tokens.push_back(webhook.token);
            webhooks_.push_back(std::move(webhook));
            deliver(webhooks_.back());
        }
    }
    return tokens;
}

void Webhooks::deliver(Webhook& webhook) {
    const int copies = dice_.hits(faults_.duplicate) ? 2 : 1;
    if (dice_.hits(faults_.drop)) {
        webhook.fate = Fate::dropped;
        return;
    }
    for (int i = 0; i < copies; ++i) {
        enqueue_after(dice_.up_to(faults_.reorder), {.webhook = &webhook});
    }
}

void Webhooks::enqueue_after(Milliseconds wait, Delivery delivery) {
    if (wait.count() == 0) {
        due_.push_back(delivery);
        pump();
        return;
    }
    auto timer = std::make_shared<asio::steady_timer>(context_, wait);
    timer->async_wait([this, timer, delivery](const boost::system::error_code& error) {
        if (error) return;
        due_.push_back(delivery);
        pump();
    });
}

void Webhooks::pump() {
    while (in_flight_ < settings_.in_flight && !due_.empty()) {
        ++in_flight_;
        asio::co_spawn(context_, attempt(due_.front()), asio::detached);
        due_.pop_front();
    }
}

asio::awaitable<void> Webhooks::attempt(Delivery delivery) {
    Webhook& webhook = *delivery.webhook;
    Answer answer;
    const auto url = split(webhook.url);
    http::Request request = post(url.target, webhook.body);
    if (dice_.hits(faults_.corrupt_signature)) {
        answer.corrupted = true;
        auto& digit = request.body[webhook.signature_at];
        digit = digit == '0' ? '1' : '0';
    }
    auto reply = co_await client_of(url.base).send(std::move(request), answer_deadline);
    --in_flight_;

    answer.at = wall_clock();
    if (reply) {
        answer.status = reply->status;
        answer.body = std::move(reply->body);
    }
    const bool stored = is_success(answer.status);
    webhook.answers.push_back(std::move(answer));
    if (stored) {
        webhook.fate = Fate::delivered;
    } else if (!reply && reply.error() == http::Errc::broken_off && !delivery.resent) {
        // A kept connection that the receiver had closed meanwhile: no reason to wait.
        delivery.resent = true;
        due_.push_back(delivery);
    } else if (delivery.attempt < settings_.retries) {
        const auto wait = settings_.retry_first * (1 << delivery.attempt);
        ++delivery.attempt;
        enqueue_after(wait, delivery);
    } else if (webhook.fate == Fate::pending) {
        webhook.fate = Fate::given_up;
    }
    pump();
}

std::string Webhooks::log(std::size_t from) const {
    const auto word = [](Fate fate) {
        switch (fate) {
            case Fate::pending:
                return "pending";
            case Fate::delivered:
                return "delivered";
            case Fate::given_up:
                return "given_up";
            case Fate::dropped:
                return "dropped";
        }
        return "";
    };
    json::Writer out;
    out.begin_array();
    for (std::size_t i = from; i < webhooks_.size(); ++i) {
        const auto& webhook = webhooks_[i];
        out.begin_object()
            .member("token", webhook.token)
            .member("event", webhook.event)
            .member("opportunity", webhook.opportunity)
            .member("state", word(webhook.fate))
            .member("body", webhook.body)
            .key("answers")
            .begin_array();
        for (const auto& answer : webhook.answers) {
            out.begin_object().member("at", answer.at).member("status", answer.status).member("body", answer.body);
            if (answer.corrupted) out.member("corrupted", true);
            out.end_object();
        }
        out.end_array().end_object();
    }
    out.end_array();
    return out.text();
}

}  // namespace hirewire::sandbox
