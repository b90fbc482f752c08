#include "tools/sandbox/cleary.hpp"

#include <algorithm>

#include "common/core/time.hpp"
#include "common/core/uuid.hpp"
#include "common/json/writer.hpp"
#include "tools/sandbox/control_body.hpp"
#include "tools/sandbox/or_null.hpp"

namespace hirewire::sandbox {
namespace {

using http::Incoming;
using http::Method;
using http::Reply;

constexpr std::string_view base_path = "/scim/v2";

Reply scim_reply(int status, std::string body) {
    Reply reply{.status = status, .body = std::move(body)};
    reply.headers.push_back({.name = "Content-Type", .value = std::string{scim::media_type}});
    return reply;
}

std::string location_of(const scim::User& user, const Incoming& request) {
    return "http://" + std::string{request.header("Host")} + "/cleary" + std::string{base_path} + "/Users/" + user.id;
}

bool same_without_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

bool accepts_scim(std::string_view accept) {
    return accept.empty() || accept.find(scim::media_type) != std::string_view::npos ||
           accept.find("*/*") != std::string_view::npos || accept.find("application/*") != std::string_view::npos;
}

}  // namespace

Cleary::Cleary(std::string token, Dice& dice)
    : Destination{"cleary", std::move(token), std::string{scim::media_type}, dice} {
    serve_scim(Method::get, "/ServiceProviderConfig", Access::read, &Cleary::config);
    serve_scim(Method::get, "/Users", Access::read, &Cleary::find);
    serve_scim(Method::get, "/Users/{id}", Access::read, &Cleary::read);
    serve_scim(Method::post, "/Users", Access::write, &Cleary::create);
    serve_scim(Method::patch, "/Users/{id}", Access::write, &Cleary::change);
    serve_scim(Method::put, "/Users/{id}", Access::write, &Cleary::replace);
    control_at(Method::post, "/managed", [this](const Incoming& r) { return set_managed(r); });
    control_at(Method::post, "/primary", [this](const Incoming& r) { return set_primary(r); });
    control_at(Method::post, "/support", [this](const Incoming& r) { return set_support(r); });
    control_at(Method::post, "/users", [this](const Incoming& r) { return add_foreign(r); });
}

void Cleary::serve_scim(Method method, std::string path, Access access, Answer answer) {
    auto checked = [this, answer](const DestinationCall& call) {
        if (!accepts_scim(call.incoming->header("Accept"))) {
            return violation(406, "invalid-request", "Accept must admit application/scim+json.");
        }
        return (this->*answer)(call);
    };
    serve_at(
        {.method = method, .path = std::string{base_path} + path, .access = access, .answer = std::move(checked)});
}

Reply Cleary::error(int status, std::string_view code, std::string_view detail) const {
    return scim_reply(status, scim::error_body(status, code, detail));
}

Reply Cleary::user_reply(int status, const scim::User& user, const Incoming& request) const {
    const auto location = location_of(user, request);
    json::Writer out;
    scim::write_user(out, user, location);
    auto reply = scim_reply(status, out.text());
    if (support_.etag) reply.headers.push_back({.name = "ETag", .value = scim::etag_of(user)});
    if (status == 201) reply.headers.push_back({.name = "Location", .value = location});
    return reply;
}

scim::User* Cleary::by_id(std::string_view id) {
    const auto found = std::find_if(users_.begin(), users_.end(), [&](const scim::User& u) { return u.id == id; });
    return found == users_.end() ? nullptr : &*found;
}

scim::User* Cleary::by_external_id(std::string_view external_id) {
    const auto found =
        std::find_if(users_.begin(), users_.end(), [&](const scim::User& u) { return u.external_id == external_id; });
    return found == users_.end() ? nullptr : &*found;
}

scim::User* Cleary::by_user_name(std::string_view user_name) {
    const auto found = std::find_if(
        users_.begin(), users_.end(), [&](const scim::User& u) { return same_without_case(u.user_name, user_name); });
    return found == users_.end() ? nullptr : &*found;
}

scim::User& Cleary::store(scim::User user) {
    user.id = random_uuid();
    user.created_at = user.updated_at = wall_clock();
    users_.push_back(std::move(user));
    return users_.back();
}

Reply Cleary::config(const DestinationCall&) {
    if (!support_.config) return error(404, "not-found", "This server does not say what it can do.");
    return scim_reply(200, scim::service_provider_config(support_));
}

Reply Cleary::find(const DestinationCall& call) {
    const auto text = http::query_value(call.incoming->target, "filter");
    const auto filter = text ? scim::read_filter(*text) : std::nullopt;
    const bool by_external = filter && same_without_case(filter->attribute, "externalId");
    const bool by_name = filter && same_without_case(filter->attribute, "userName");
    if (!by_external && !by_name) {
        return violation(400, "invalidFilter", "The filter must be externalId eq \"…\" or userName eq \"…\".");
    }
    std::vector<const scim::User*> hits;
    for (const auto& user : users_) {
        const bool found =
            by_external ? user.external_id == filter->value : same_without_case(user.user_name, filter->value);
        // A server without filters answers with everybody.
        if (found || !support_.filter) hits.push_back(&user);
    }
    json::Writer out;
    out.begin_object()
        .key("schemas")
        .begin_array()
        .string("urn:ietf:params:scim:api:messages:2.0:ListResponse")
        .end_array()
        .member("totalResults", static_cast<std::int64_t>(hits.size()))
        .member("startIndex", 1)
        .member("itemsPerPage", static_cast<std::int64_t>(hits.size()))
        .key("Resources")
        .begin_array();
    for (const auto* user : hits) scim::write_user(out, *user, location_of(*user, *call.incoming));
    out.end_array().end_object();
    return scim_reply(200, out.text());
}

Reply Cleary::read(const DestinationCall& call) {
    const auto* user = by_id(call.values[0]);
    if (user == nullptr) return error(404, "unknown-user", "There is no user with this id.");
    return user_reply(200, *user, *call.incoming);
}

Reply Cleary::create(const DestinationCall& call) {
    Wrongs wrongs;
    auto wanted = scim::read_user(call.body, wrongs);
    if (!wrongs.empty()) return violation(400, "invalidValue", joined(wrongs));
    if (by_user_name(wanted.user_name) != nullptr || by_external_id(wanted.external_id) != nullptr) {
        return error(409, "uniqueness", "There is a user with this userName or externalId.");
    }
    const auto& user = store(std::move(wanted));
    versions_.applied(user.id, call.version, std::nullopt);
    effects_[user.id] = 1;
    return user_reply(201, user, *call.incoming);
}

std::optional<Reply> Cleary::check_write(const DestinationCall& call, const scim::User* user) {
    const auto if_match = call.incoming->header("If-Match");
    if (support_.etag && if_match.empty()) return violation(428, "invalid-request", "If-Match is missing.");
    if (!support_.etag && !if_match.empty()) {
        return violation(400, "invalid-request", "If-Match is sent to a server that has no ETag.");
    }
    if (user == nullptr) return error(404, "unknown-user", "There is no user with this id.");
    if (user->managed) return error(400, "mutability", "This user is managed by the HRIS.");
    if (support_.etag && if_match != scim::etag_of(*user)) {
        return error(412, "precondition-failed", "The user has changed meanwhile.");
    }
    return std::nullopt;
}

// If-Match guards the order; the same version may come with another body when a run compares once more.
Reply Cleary::write(const DestinationCall& call, const std::vector<scim::Change>& changes, scim::User& user) {
    if (versions_.order_of(user.id, call.version, call.incoming->body) == VersionGuard::Order::older) {
        return user_reply(200, user, *call.incoming);
    }
    if (scim::apply(changes, user)) {
        ++user.revision;
        ++effects_[user.id];
        user.updated_at = wall_clock();
    }
    versions_.applied(user.id, call.version, std::nullopt);
    return user_reply(200, user, *call.incoming);
}

Reply Cleary::change(const DestinationCall& call) {
    if (!support_.patch) {
        // Who was not told so may try.
        return support_.config ? violation(501, "not-implemented", "This server has no PATCH, and says so.")
                               : error(501, "not-implemented", "This server has no PATCH.");
    }
    auto* user = by_id(call.values[0]);
    if (auto refused = check_write(call, user)) return *refused;
    Wrongs wrongs;
    const auto changes = scim::read_patch(call.body, *user, wrongs);
    if (!wrongs.empty()) return violation(400, "invalidPath", joined(wrongs));
    return write(call, changes, *user);
}

// For who cannot PATCH. The record must be as it was read: what a PUT leaves out is deleted.
Reply Cleary::replace(const DestinationCall& call) {
    if (support_.patch)
        return violation(405, "invalid-request", "This server has PATCH, which leaves others' alone.");
    auto* user = by_id(call.values[0]);
    if (auto refused = check_write(call, user)) return *refused;
    Wrongs wrongs;
    const auto changes = scim::read_put(call.body, *user, wrongs);
    if (!wrongs.empty()) return violation(400, "invalidValue", joined(wrongs));
    return write(call, changes, *user);
}

Reply Cleary::set_managed(const Incoming& request) {
    ControlBody body{request.body};
    const auto contact = body->text("contact");
    const bool managed = body->boolean("managed");
    if (auto refused = body.refusal()) return *refused;
    auto* user = by_external_id(std::string{scim::contact_prefix} + contact);
    if (user == nullptr) return http::problem(404, "not-found", "Cleary has no user for this contact.");
    user->managed = managed;
    user->active = managed;
    user->user_type = managed ? "Employee" : "Preboarding";
    user->updated_at = wall_clock();
    ++user->revision;
    return user_reply(200, *user, request);
}

// What an administrator does where there is no HRIS.
Reply Cleary::set_primary(const Incoming& request) {
    ControlBody body{request.body};
    const auto contact = body->text("contact");
    const auto email = body->text("email");
    if (auto refused = body.refusal()) return *refused;
    auto* user = by_external_id(std::string{scim::contact_prefix} + contact);
    if (user == nullptr) return http::problem(404, "not-found", "Cleary has no user for this contact.");
    user->primary_email = email;
    user->updated_at = wall_clock();
    ++user->revision;
    return user_reply(200, *user, request);
}

Reply Cleary::set_support(const Incoming& request) {
    ControlBody body{request.body};
    scim::Support support;
    support.patch = body->optional_boolean("patch").value_or(true);
    support.etag = body->optional_boolean("etag").value_or(true);
    support.filter = body->optional_boolean("filter").value_or(true);
    support.config = body->optional_boolean("config").value_or(true);
    if (auto refused = body.refusal()) return *refused;
    support_ = support;
    return http::json_reply(200, "{}");
}

Reply Cleary::add_foreign(const Incoming& request) {
    ControlBody body{request.body};
    scim::User user;
    user.user_name = body->text("userName");
    user.external_id = body->optional_text("externalId").value_or("");
    if (auto refused = body.refusal()) return *refused;
    user.user_type = "Employee";
    user.active = true;
    return user_reply(201, store(std::move(user)), request);
}

std::string Cleary::state() const {
    json::Writer out;
    out.begin_object();
    for (const auto& user : users_) {
        if (!user.external_id.starts_with(scim::contact_prefix)) continue;
        const auto effects = effects_.find(user.id);
        out.key(user.external_id.substr(scim::contact_prefix.size()))
            .begin_object()
            .member("user", user.id)
            .member("user_name", user.user_name)
            .member("name", user.given_name + " " + user.family_name)
            .member("email", user.home_email)
            .member("title", user.title)
            .member("department", user.department)
            .member("active", user.active)
            .member("managed", user.managed)
            .member("hired", !user.hired_at.empty())
            .member("hired_at", user.hired_at);
        write_or_null(out, "start_date", user.start_date);
        out.member("opportunity", user.opportunity)
            .member("version", versions_.version_of(user.id))
            .member("effects", effects == effects_.end() ? std::int64_t{0} : effects->second)
            .end_object();
    }
    out.end_object();
    return out.text();
}

}  // namespace hirewire::sandbox
