#include "tools/sandbox/lever_conditions.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "common/json/writer.hpp"
#include "tools/sandbox/control_body.hpp"
#include "tools/sandbox/control_reply.hpp"

namespace hirewire::sandbox {
namespace {

using http::Incoming;
using http::Method;
using http::PathValues;
using http::Reply;

bool is_nullable(std::string_view member) {
    return std::find(nullable_members.begin(), nullable_members.end(), member) != nullable_members.end();
}

}  // namespace

void LeverConditions::add_routes(std::vector<http::Route>& routes) {
    const auto add =
        [&](Method method, std::string path, std::function<Reply(const Incoming&, const PathValues&)> f) {
            routes.push_back({.method = method, .path = "/_sandbox" + path, .handle = http::answer(std::move(f))});
        };
    add(Method::post, "/delivery", [this](const Incoming& r, const PathValues&) { return set_delivery(r); });
    add(Method::get, "/webhooks", [this](const Incoming& request, const PathValues&) {
        return http::json_reply(200, webhooks_.log(from_of(request.target)));
    });
    add(Method::get, "/lever/requests", [this](const Incoming&, const PathValues&) {
        return http::json_reply(200, gate_.log());
    });
    add(Method::post, "/lever/faults", [this](const Incoming& r, const PathValues&) { return set_faults(r); });
    add(Method::del, "/lever/faults", [this](const Incoming&, const PathValues&) {
        gate_.faults().clear();
        return http::json_reply(200, gate_.faults().text());
    });
    add(Method::post, "/lever/grants", [this](const Incoming& r, const PathValues&) { return set_grants(r); });
    add(Method::post, "/opportunities/{id}/nulls", [this](const Incoming& request, const PathValues& values) {
        const auto* found = model_.opportunity(values[0]);
        return found != nullptr ? set_nulls(request, *found) : unknown("opportunity");
    });
}

Reply LeverConditions::set_delivery(const Incoming& request) {
    ControlBody body{request.body};
    DeliveryFaults faults;
    faults.drop = body->optional_ratio("drop").value_or(0);
    faults.duplicate = body->optional_ratio("duplicate").value_or(0);
    faults.reorder = Milliseconds{body->optional_integer("reorder_ms").value_or(0)};
    faults.corrupt_signature = body->optional_ratio("corrupt_signature").value_or(0);
    const Milliseconds visible_after{body->optional_integer("visible_after_ms").value_or(0)};
    if (auto refused = body.refusal()) return *refused;
    webhooks_.set_faults(faults);
    sight_.set_delay(visible_after);
    json::Writer out;
    out.begin_object()
        .key("drop")
        .number(faults.drop)
        .key("duplicate")
        .number(faults.duplicate)
        .member("reorder_ms", faults.reorder.count())
        .key("corrupt_signature")
        .number(faults.corrupt_signature)
        .member("visible_after_ms", visible_after.count())
        .end_object();
    return http::json_reply(200, out.text());
}

Reply LeverConditions::set_faults(const Incoming& request) {
    const auto wrong = gate_.faults().set(request.body);
    if (!wrong.empty()) return http::problem(422, "invalid-request", wrong);
    return http::json_reply(200, gate_.faults().text());
}

Reply LeverConditions::set_grants(const Incoming& request) {
    ControlBody body{request.body};
    const Grants grants{
        .confidential = body->optional_boolean("confidential").value_or(true),
        .offers = body->optional_boolean("offers").value_or(true),
        .postings = body->optional_boolean("postings").value_or(true),
        .webhooks = body->optional_boolean("webhooks").value_or(true),
        .deleted = body->optional_boolean("deleted").value_or(true)};
    if (auto refused = body.refusal()) return *refused;
    gate_.set_grants(grants);
    json::Writer out;
    out.begin_object()
        .member("confidential", grants.confidential)
        .member("offers", grants.offers)
        .member("postings", grants.postings)
        .member("webhooks", grants.webhooks)
        .member("deleted", grants.deleted)
        .end_object();
    return http::json_reply(200, out.text());
}

Reply LeverConditions::set_nulls(const Incoming& request, const Opportunity& opportunity) {
    ControlBody body{request.body};
    Nulls nulls;
    for (const auto& field : body->array("fields").items()) {
        if (is_nullable(field.string())) {
            nulls.emplace(field.string());
        } else {
            body->wrong("fields", "names a member that is never null");
        }
    }
    if (auto refused = body.refusal()) return *refused;
    json::Writer out;
    out.begin_object().member("id", opportunity.id).key("fields").begin_array();
    for (const auto& member : nulls) out.string(member);
    out.end_array().end_object();
    sight_.set_nulls(opportunity.id, std::move(nulls));
    return http::json_reply(200, out.text());
}

}  // namespace hirewire::sandbox
