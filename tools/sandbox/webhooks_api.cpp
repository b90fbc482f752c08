#include "tools/sandbox/webhooks_api.hpp"

#include <utility>

#include "common/json/writer.hpp"
#include "tools/sandbox/control_body.hpp"
#include "tools/sandbox/lever_query.hpp"
#include "tools/sandbox/random_token.hpp"

namespace hirewire::sandbox {
namespace {

using http::Incoming;
using http::Method;
using http::PathValues;
using http::Reply;

// Lever tells the signature token once, when the webhook is made.
enum class SignatureToken { told, kept };

void write_subscription(json::Writer& out, const Subscription& subscription, SignatureToken token) {
    out.begin_object()
        .member("id", subscription.id)
        .member("event", subscription.event)
        .member("url", subscription.url)
        .key("configuration")
        .begin_object()
        .key("conditions")
        .begin_object()
        .key("origins")
        .begin_array();
    for (const auto& origin : subscription.origins) out.string(origin);
    out.end_array().end_object();
    if (token == SignatureToken::told) out.member("signatureToken", subscription.signature_token);
    out.end_object()
        .member("createdAt", subscription.created_at)
        .member("updatedAt", subscription.updated_at)
        .end_object();
}

std::vector<std::string> read_origins(const json::Value& list, StrictObject& object) {
    std::vector<std::string> origins;
    if (list.is_null()) return origins;
    for (const auto& origin : list.items()) {
        if (is_origin(origin.string())) origins.emplace_back(origin.string());
    }
    if (origins.empty() || origins.size() != list.size()) {
        object.wrong("origins", "must be a list of Lever's six, at least one");
    }
    return origins;
}

Reply bad_request(std::string_view message) {
    return lever_error(400, "BadRequestError", message);
}

Reply not_verified(const std::string& url) {
    return bad_request("The connection to " + url + " could not be verified.");
}

}  // namespace

void WebhooksApi::add_routes(std::vector<http::Route>& routes) {
    const auto add = [&](Method method, std::string_view path, http::RouteHandler answer) {
        routes.push_back(gate_.route(method, path, std::move(answer)));
    };
    add(Method::get, "/webhooks", http::answer([this](const Incoming&, const PathValues&) { return list(); }));
    add(Method::post, "/webhooks", [this](const Incoming& request, const PathValues&) {
        return create(std::string{request.body});
    });
    add(Method::put, "/webhooks", [this](const Incoming& request, const PathValues&) {
        return change(std::string{request.body});
    });
    auto remove_one = [this](const Incoming&, const PathValues& values) { return remove(values[0]); };
    add(Method::del, "/webhooks/{id}", http::answer(std::move(remove_one)));
}

WebhooksApi::Wanted WebhooksApi::read(StrictObject& object, Wrongs& wrongs) {
    Wanted wanted;
    auto& subscription = wanted.subscription;
    subscription.event = object.text("event");
    if (!subscription.event.empty() && !is_webhook_event(subscription.event)) {
        object.wrong("event", "is none of Lever's");
    }
    subscription.url = object.text("url");
    if (!subscription.url.empty() && !webhooks_.is_address(subscription.url)) {
        object.wrong("url", "must be an address such as https://host/path");
    }
    const auto given = object.optional_object("configuration");
    if (given.is_null()) return wanted;

    StrictObject configuration{given, "configuration", wrongs};
    wanted.verify = configuration.optional_boolean("verifyConnection").value_or(false);
    // Lever's own examples have the origins here as well as under conditions.
    subscription.origins = read_origins(configuration.optional_object("origins"), configuration);
    const auto conditions = configuration.optional_object("conditions");
    configuration.finish();
    if (conditions.is_null()) return wanted;

    StrictObject condition{conditions, "configuration.conditions", wrongs};
    auto origins = read_origins(condition.optional_object("origins"), condition);
    condition.finish();
    if (!origins.empty()) subscription.origins = std::move(origins);
    return wanted;
}

Reply WebhooksApi::list() const {
    json::Writer out;
    out.begin_object().key("data").begin_array();
    for (const auto& subscription : subscriptions_.all()) {
        write_subscription(out, subscription, SignatureToken::kept);
    }
    out.end_array().end_object();
    return http::json_reply(200, out.text());
}

boost::asio::awaitable<Reply> WebhooksApi::create(std::string text) {
    ControlBody body{text};
    Wanted wanted = read(*body.operator->(), body.wrongs());
    if (body.refusal()) co_return bad_request(joined(body.wrongs()));

    auto& fresh = wanted.subscription;
    if (fresh.origins.empty()) fresh.origins = all_origins();
    fresh.signature_token = random_token();
    if (wanted.verify) {
        const bool answered = co_await webhooks_.verify(fresh);
        if (!answered) co_return not_verified(fresh.url);
    }
    json::Writer out;
    out.begin_object().key("data");
    write_subscription(out, subscriptions_.add(fresh, wall_clock()), SignatureToken::told);
    out.end_object();
    co_return http::json_reply(201, out.text());
}

boost::asio::awaitable<Reply> WebhooksApi::change(std::string text) {
    ControlBody body{text};
    std::vector<Wanted> all;
    for (const auto& item : body->array("data").items()) {
        StrictObject object{item, std::string{"data."}.append(std::to_string(all.size())), body.wrongs()};
        const std::string id = object.text("id");
        Wanted wanted = read(object, body.wrongs());
        wanted.subscription.id = id;
        object.finish();
        all.push_back(std::move(wanted));
    }
    if (body.refusal()) co_return bad_request(joined(body.wrongs()));

    for (auto& wanted : all) {
        auto& changed = wanted.subscription;
        const auto* known = subscriptions_.find(changed.id);
        if (known == nullptr) co_return lever_not_found("webhooks", changed.id);
        if (changed.origins.empty()) changed.origins = known->origins;
        changed.signature_token = known->signature_token;
        changed.created_at = known->created_at;
    }
    for (const auto& wanted : all) {
        if (!wanted.verify) continue;
        const bool answered = co_await webhooks_.verify(wanted.subscription);
        if (!answered) co_return not_verified(wanted.subscription.url);
    }
    json::Writer out;
    out.begin_object().key("data").begin_array();
    for (const auto& wanted : all) {
        subscriptions_.change(wanted.subscription, wall_clock());
        const auto* changed = subscriptions_.find(wanted.subscription.id);
        if (changed != nullptr) write_subscription(out, *changed, SignatureToken::kept);
    }
    out.end_array().end_object();
    co_return http::json_reply(200, out.text());
}

Reply WebhooksApi::remove(const std::string& id) {
    if (!subscriptions_.remove(id)) return lever_not_found("webhooks", id);
    Reply reply;
    reply.status = 204;
    return reply;
}

}  // namespace hirewire::sandbox
