#include "tools/sandbox/webhooks.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/core/uuid.hpp"
#include "common/json/writer.hpp"
#include "tools/sandbox/lever_json.hpp"

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

// 48 characters, as Lever's are.
std::string make_token() {
    return crypto::hex(crypto::sha256(random_uuid() + random_uuid())).substr(0, 48);
}

}  // namespace

Webhooks::Webhooks(asio::io_context& context, WebhookSettings settings, Dice& dice)
    : context_{context}, settings_{std::move(settings)}, dice_{dice}, sign_{settings_.signature_token} {
    auto url = split(settings_.receiver_url);
    target_ = std::move(url.target);
    client_ = http::make_client(context.get_executor(), {.base_url = std::move(url.base)});
}

Webhooks::Webhook Webhooks::make(const Event& event) {
    Webhook webhook{
        .token = make_token(), .event = std::string{name_of(event.kind)}, .opportunity = event.opportunity};
    const std::string signature = crypto::hex(sign_(webhook.token, std::to_string(event.at)));
    json::Writer out;
    out.begin_object()
        .member("id", random_uuid())
        .member("event", webhook.event)
        .member("triggeredAt", event.at)
        .member("token", webhook.token)
        .member("signature", signature)
        .key("data");
    write_event_data(out, event);
    out.end_object();
    webhook.body = out.text();
    webhook.signature_at = webhook.body.find(signature);
    return webhook;
}

std::vector<std::string> Webhooks::announce(const Events& events) {
    std::vector<std::string> tokens;
    for (const auto& event : events) {
        webhooks_.push_back(make(event));
        auto& webhook = webhooks_.back();
        tokens.push_back(webhook.token);
        const int copies = dice_.hits(faults_.duplicate) ? 2 : 1;
        if (dice_.hits(faults_.drop)) {
            webhook.fate = Fate::dropped;
            continue;
        }
        for (int i = 0; i < copies; ++i) {
            enqueue_after(dice_.up_to(faults_.reorder), {.webhook = &webhook});
        }
    }
    return tokens;
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
    http::Request request;
    request.method = http::Method::post;
    request.target = target_;
    request.headers.push_back({.name = "Content-Type", .value = "application/json"});
    request.body = webhook.body;
    if (dice_.hits(faults_.corrupt_signature)) {
        answer.corrupted = true;
        auto& digit = request.body[webhook.signature_at];
        digit = digit == '0' ? '1' : '0';
    }
    auto reply = co_await client_->send(std::move(request), answer_deadline);
    --in_flight_;

    answer.at = wall_clock();
    if (reply) {
        answer.status = reply->status;
        answer.body = std::move(reply->body);
    }
    const bool stored = answer.status >= 200 && answer.status < 300;
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
