#include "common/lever/subscription_api.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/core/sleep.hpp"
#include "common/crypto/hash.hpp"
#include "common/json/writer.hpp"
#include "common/lever/signature.hpp"

namespace hirewire::lever {
namespace {

namespace asio = boost::asio;

const std::string webhooks_target = "/webhooks";

// No error when the answer is one of success.
Error judge(const Result<http::Reply>& reply) {
    if (!reply) return make_error_code(Errc::unavailable);
    const int status = reply->status;
    if (status >= 200 && status < 300) return {};
    if (status == 401) return make_error_code(Errc::unauthorized);
    if (status == 403) return make_error_code(Errc::forbidden);
    if (status == 404) return make_error_code(Errc::not_found);
    const bool weather = status == 408 || status == 429 || status >= 500;
    return make_error_code(weather ? Errc::unavailable : Errc::bad_answer);
}

// For a terminal: one line, not too long.
std::string in_words(const Result<http::Reply>& reply) {
    if (!reply) return reply.error().message();
    std::string words = "HTTP " + std::to_string(reply->status);
    const auto document = json::Document::parse(reply->body);
    if (!document) return words;
    std::string message{(*document)["message"].string().substr(0, 200)};
    std::replace_if(
        message.begin(),
        message.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
        ' ');
    if (!message.empty()) words += ", " + message;
    return words;
}

std::string creation(const std::string& event, const std::string& url) {
    json::Writer out;
    out.begin_object().member("event", event).member("url", url).end_object();
    return out.text();
}

// The conditions go along as they are: an update that leaves them out could take them away.
std::string verification(const std::vector<Subscription>& subscriptions) {
    json::Writer out;
    out.begin_object().key("data").begin_array();
    for (const auto& subscription : subscriptions) {
        out.begin_object().member("id", subscription.id).member("event", subscription.event);
        out.member("url", subscription.url).key("configuration").begin_object();
        const auto conditions = json::Document::parse(subscription.conditions);
        if (conditions) out.key("conditions").value(conditions->root());
        out.member("verifyConnection", true).end_object().end_object();
    }
    out.end_array().end_object();
    return out.text();
}

std::optional<Created> read_created(const std::string& body) {
    const auto document = json::Document::parse(body);
    if (!document) return std::nullopt;
    const auto data = (*document)["data"];
    auto subscription = read_subscription(data);
    std::string token{data["configuration"]["signatureToken"].string()};
    // A separator in it would make two tokens of it where it is kept.
    const auto tokens = split_tokens(token);
    if (!subscription || tokens.size() != 1 || tokens.front() != token) return std::nullopt;
    Created created;
    created.subscription = std::move(*subscription);
    created.signature_token = std::move(token);
    return created;
}

}  // namespace

SubscriptionApi::SubscriptionApi(http::Client& client, const std::string& key, SubscriptionApiSettings settings)
    : client_{client}, authorization_{"Basic " + crypto::base64(key + ":")}, settings_{settings} {}

SubscriptionApi::Answer<std::vector<Subscription>> SubscriptionApi::list() {
    std::vector<Subscription> all;
    std::string target = webhooks_target;
    while (!target.empty()) {
        const auto document = co_await get(target);
        if (!document) co_return document.error();
        for (const auto& item : (*document)["data"].items()) {
            auto subscription = read_subscription(item);
            // Whoever makes what is missing must not overlook one.
            if (!subscription) co_return make_error_code(Errc::bad_answer);
            all.push_back(std::move(*subscription));
        }
        const auto next = (*document)["next"].string();
        const bool more = (*document)["hasNext"].boolean() && !next.empty();
        target = more ? webhooks_target + "?offset=" + http::percent_encode(next) : std::string{};
    }
    co_return all;
}

SubscriptionApi::Answer<Created> SubscriptionApi::create(std::string event, std::string url) {
    const auto before = co_await list();
    if (!before) co_return before.error();
    Milliseconds backoff = settings_.first_backoff;
    for (int attempt = 1;; ++attempt) {
        std::string body = creation(event, url);
        const auto reply = co_await send(http::Method::post, webhooks_target, std::move(body));
        const Error fault = judge(reply);
        if (!fault) {
            auto created = read_created(reply->body);
            if (created) co_return std::move(*created);
        } else if (fault != Errc::unavailable) {
            co_return fault;
        }
        // It may have been made all the same. Without its token it is of no use.
        co_await sleep_for(backoff);
        backoff *= 2;
        const Error problem = co_await remove_strays(event, url, *before);
        if (problem) co_return problem;
        if (!fault) co_return make_error_code(Errc::bad_answer);
        if (attempt >= settings_.attempts) co_return fault;
    }
}

SubscriptionApi::Answer<ConnectionTest> SubscriptionApi::verify(std::vector<Subscription> subscriptions) {
    std::string body = verification(subscriptions);
    const auto reply = co_await send(http::Method::put, webhooks_target, std::move(body));
    const Error fault = judge(reply);
    if (!fault) co_return ConnectionTest::passed;
    if (fault == Errc::bad_answer) co_return ConnectionTest::failed;
    co_return fault;
}

asio::awaitable<Error> SubscriptionApi::remove(std::string id) {
    std::string target = webhooks_target + "/" + http::percent_encode(id);
    const auto reply = co_await send(http::Method::del, std::move(target), std::string{});
    const Error fault = judge(reply);
    if (fault == Errc::not_found) co_return Error{};
    co_return fault;
}

SubscriptionApi::Answer<http::Reply> SubscriptionApi::send(
    http::Method method, std::string target, std::string body) {
    http::Request request;
    request.method = method;
    request.target = std::move(target);
    request.headers.push_back({"Authorization", authorization_});
    request.headers.push_back({"Accept", "application/json"});
    if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
    request.body = std::move(body);
    auto reply = co_await client_.send(std::move(request), settings_.timeout);
    if (judge(reply)) trouble_ = in_words(reply);
    co_return std::move(reply);
}

SubscriptionApi::Answer<json::Document> SubscriptionApi::get(std::string target) {
    Milliseconds backoff = settings_.first_backoff;
    for (int attempt = 1;; ++attempt) {
        const auto reply = co_await send(http::Method::get, target, std::string{});
        const Error fault = judge(reply);
        if (!fault) {
            auto document = json::Document::parse(reply->body);
            if (!document || !(*document)["data"].is_array()) co_return make_error_code(Errc::bad_answer);
            co_return std::move(document);
        }
        if (fault != Errc::unavailable || attempt >= settings_.attempts) co_return fault;
        co_await sleep_for(backoff);
        backoff *= 2;
    }
}

asio::awaitable<Error> SubscriptionApi::remove_strays(
    std::string event, std::string url, std::vector<Subscription> old) {
    const auto present = co_await list();
    if (!present) co_return present.error();
    for (const auto& subscription : *present) {
        if (subscription.event != event || !same_url(subscription.url, url)) continue;
        const auto was_there =
            std::any_of(old.begin(), old.end(), [&](const auto& s) { return s.id == subscription.id; });
        if (was_there) continue;
        const Error problem = co_await remove(subscription.id);
        if (problem) co_return problem;
    }
    co_return Error{};
}

}  // namespace hirewire::lever
