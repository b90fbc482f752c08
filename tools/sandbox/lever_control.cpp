#include "tools/sandbox/lever_control.hpp"

#include <functional>
#include <optional>
#include <utility>

#include "common/core/time.hpp"
#include "common/json/writer.hpp"
#include "tools/sandbox/control_body.hpp"
#include "tools/sandbox/control_reply.hpp"
#include "tools/sandbox/lever_past.hpp"
#include "tools/sandbox/lever_views.hpp"
#include "tools/sandbox/or_null.hpp"

namespace hirewire::sandbox {
namespace {

using http::Incoming;
using http::Method;
using http::PathValues;
using http::Reply;

std::optional<Moment> midnight(const std::optional<std::string>& date) {
    const auto moment = date ? parse_iso(*date) : std::nullopt;
    return moment ? std::optional<Moment>{to_ms(*moment)} : std::nullopt;
}

}  // namespace

void LeverControl::add_routes(std::vector<http::Route>& routes) {
    const auto add =
        [&](Method method, std::string path, std::function<Reply(const Incoming&, const PathValues&)> f) {
            routes.push_back({.method = method, .path = "/_sandbox" + path, .handle = http::answer(std::move(f))});
        };
    const auto add_move = [&](Method method, std::string path, Move move) {
        add(method, "/opportunities/{id}" + path, [this, move](const Incoming& request, const PathValues& values) {
            const auto* found = model_.opportunity(values[0]);
            return found != nullptr ? make(move, request, *found) : unknown("opportunity");
        });
    };
    add(Method::post, "/opportunities", [this](const Incoming& r, const PathValues&) { return create(r); });
    add(Method::get, "/opportunities", [this](const Incoming&, const PathValues&) {
        return http::json_reply(200, all_opportunities(model_));
    });
    add_move(Method::post, "/stage", &LeverControl::enter_stage);
    add_move(Method::post, "/archive", &LeverControl::archive);
    add_move(Method::post, "/unarchive", &LeverControl::unarchive);
    add_move(Method::post, "/hire", &LeverControl::hire);
    add_move(Method::post, "/offer", &LeverControl::offer);
    add_move(Method::post, "/touch", &LeverControl::touch);
    add_move(Method::del, "", &LeverControl::remove);

    add(Method::post, "/past", [this](const Incoming& r, const PathValues&) { return add_past(model_, r); });
    add(Method::get, "/people", [this](const Incoming&, const PathValues&) {
        return http::json_reply(200, all_people(model_));
    });
    add(Method::patch, "/contacts/{id}", [this](const Incoming& request, const PathValues& values) {
        const auto* found = model_.contact(values[0]);
        return found != nullptr ? change_person(request, *found) : unknown("contact");
    });
    add(Method::post, "/contacts/{id}/anonymize", [this](const Incoming& request, const PathValues& values) {
        const auto* found = model_.contact(values[0]);
        return found != nullptr ? anonymize(request, *found) : unknown("contact");
    });
}

Reply LeverControl::make(Move move, const Incoming& request, const Opportunity& opportunity) {
    Opportunity before = opportunity;
    Reply reply = (this->*move)(request, opportunity);
    if (reply.status == 200) sight_.hold_opportunity(opportunity.id, std::move(before), wall_clock());
    return reply;
}

Reply LeverControl::moved(const std::string& id, const Events& events) {
    json::Writer out;
    out.begin_object().member("id", id);
    if (!events.empty()) out.member("at", events.front().at);
    write_tokens(out, webhooks_.announce(events));
    out.end_object();
    return http::json_reply(200, out.text());
}

Reply LeverControl::create(const Incoming& request) {
    ControlBody body{request.body};
    NewOpportunity what;
    what.person.name = body->optional_text("name").value_or("");
    what.person.email = body->optional_text("email").value_or("");
    what.person.phone = body->optional_text("phone").value_or("");
    what.contact = body->optional_text("contact").value_or("");
    what.origin = body->optional_text("origin").value_or("applied");
    const bool lead = what.origin == "sourced";
    const auto stage = body->optional_text("stage").value_or(lead ? "lead-new" : "applicant-new");
    what.posting = body->optional_text("posting");
    // A sourced lead may be without a posting and so without an application; whoever applies has one.
    if (!what.posting && !lead) what.posting = model_.postings().front().id;
    const auto confidential = body->optional_boolean("confidential");
    what.created_at = body->optional_integer("created_at").value_or(0);
    const bool announce = body->optional_boolean("announce").value_or(true);
    if (const auto cluster = body->optional_object("cluster"); !cluster.is_null()) {
        StrictObject object{cluster, "cluster", body.wrongs()};
        what.cluster = ClusterLink{.job = object.text("job"), .candidate = object.text("candidate")};
        object.finish();
    }
    const auto* known = model_.contact(what.contact);
    if (!what.contact.empty() && known == nullptr) body->wrong("contact", "is unknown");
    if (known != nullptr && known->anonymized) body->wrong("contact", "is anonymous");
    const auto* posting = what.posting ? model_.posting(*what.posting) : nullptr;
    if (what.posting && posting == nullptr) body->wrong("posting", "is unknown");
    if (!is_origin(what.origin)) body->wrong("origin", "is not one of Lever's six");
    if (model_.stage(stage) == nullptr) body->wrong("stage", "is unknown");
    if (what.created_at > wall_clock()) body->wrong("created_at", "lies in the future");
    if (auto refused = body.refusal()) return *refused;

    what.stage = model_.stage(stage)->id;
    what.confidential = confidential.value_or(posting != nullptr && posting->confidential);
    const Moment now = wall_clock();
    auto person_before = known != nullptr ? std::optional{*known} : std::nullopt;
    Events events;
    const auto& fresh = model_.create(what, now, events);
    sight_.hold_opportunity(fresh.id, std::nullopt, now);
    sight_.hold_contact(fresh.contact, std::move(person_before), now);
    if (!announce) events.clear();

    json::Writer out;
    out.begin_object().member("id", fresh.id).member("contact", fresh.contact);
    write_or_null(out, "application", fresh.application ? fresh.application->id : "");
    write_or_null(out, "posting", fresh.application ? fresh.application->posting : "");
    out.member("at", fresh.created_at);
    write_tokens(out, webhooks_.announce(events));
    out.end_object();
    return http::json_reply(201, out.text());
}

Reply LeverControl::enter_stage(const Incoming& request, const Opportunity& opportunity) {
    ControlBody body{request.body};
    const auto* stage = model_.stage(body->text("stage"));
    if (stage == nullptr) body->wrong("stage", "is unknown");
    if (auto refused = body.refusal()) return *refused;
    return moved(opportunity.id, model_.enter_stage(opportunity.id, stage->id, wall_clock()));
}

Reply LeverControl::archive(const Incoming& request, const Opportunity& opportunity) {
    ControlBody body{request.body};
    const auto* reason = model_.reason(body->text("reason"));
    if (reason == nullptr) body->wrong("reason", "is unknown");
    if (auto refused = body.refusal()) return *refused;
    return moved(opportunity.id, model_.archive(opportunity.id, reason->id, wall_clock()));
}

Reply LeverControl::unarchive(const Incoming& request, const Opportunity& opportunity) {
    ControlBody body{request.body};
    if (auto refused = body.refusal()) return *refused;
    return moved(opportunity.id, model_.unarchive(opportunity.id, wall_clock()));
}

Reply LeverControl::hire(const Incoming& request, const Opportunity& opportunity) {
    ControlBody body{request.body};
    const auto date = body->optional_date("start_date");
    if (auto refused = body.refusal()) return *refused;
    const Moment now = wall_clock();
    model_.sign_offer(opportunity.id, midnight(date), now);
    return moved(opportunity.id, model_.archive(opportunity.id, model_.hired_reason().id, now));
}

Reply LeverControl::offer(const Incoming& request, const Opportunity& opportunity) {
    ControlBody body{request.body};
    const auto date = body->optional_date("start_date");
    if (auto refused = body.refusal()) return *refused;
    model_.sign_offer(opportunity.id, midnight(date), wall_clock());
    return moved(opportunity.id, {});
}

Reply LeverControl::touch(const Incoming& request, const Opportunity& opportunity) {
    ControlBody body{request.body};
    if (auto refused = body.refusal()) return *refused;
    model_.touch(opportunity.id, wall_clock());
    return moved(opportunity.id, {});
}

Reply LeverControl::remove(const Incoming&, const Opportunity& opportunity) {
    return moved(opportunity.id, model_.remove(opportunity.id, wall_clock()));
}

Reply LeverControl::change_person(const Incoming& request, const Contact& contact) {
    ControlBody body{request.body};
    const PersonChange change{
        .name = body->optional_text("name"),
        .email = body->optional_text("email"),
        .phone = body->optional_text("phone")};
    if (contact.anonymized) body->wrong("contact", "is anonymous");
    if (auto refused = body.refusal()) return *refused;
    const Moment now = wall_clock();
    sight_.hold_person(contact, now);
    return moved(contact.id, model_.change_person(contact.id, change, now));
}

Reply LeverControl::anonymize(const Incoming& request, const Contact& contact) {
    ControlBody body{request.body};
    if (auto refused = body.refusal()) return *refused;
    const Moment now = wall_clock();
    sight_.hold_person(contact, now);
    model_.anonymize(contact.id, now);
    return moved(contact.id, {});
}

}  // namespace hirewire::sandbox
