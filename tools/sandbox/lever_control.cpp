#include "tools/sandbox/lever_control.hpp"

#include "common/core/time.hpp"
#include "common/json/writer.hpp"
#include "tools/sandbox/control_body.hpp"
#include "tools/sandbox/lever_views.hpp"
#include "tools/sandbox/or_null.hpp"

namespace hirewire::sandbox {
namespace {

using http::Incoming;
using http::Method;
using http::PathValues;
using http::Reply;

Reply unknown(std::string_view what) {
    return http::problem(404, "not-found", "The sandbox knows no such " + std::string{what} + ".");
}

std::optional<Moment> midnight(const std::optional<std::string>& date) {
    const auto moment = date ? parse_iso(*date) : std::nullopt;
    return moment ? std::optional<Moment>{to_ms(*moment)} : std::nullopt;
}

void write_tokens(json::Writer& out, const std::vector<std::string>& tokens) {
    out.key("tokens").begin_array();
    for (const auto& token : tokens) out.string(token);
    out.end_array();
}

bool is_origin(std::string_view word) {
    for (const auto* origin : {"agency", "applied", "internal", "referred", "sourced", "university"}) {
        if (word == origin) return true;
    }
    return false;
}

// Members of a posting that a body gives, over what was there.
void read_posting(StrictObject& object, Posting& posting) {
    if (object.has("state")) {
        posting.state = object.one_of("state", {"published", "internal", "closed", "draft", "pending", "rejected"});
    } else {
        object.optional_text("state");
    }
    posting.text = object.optional_text("text").value_or(posting.text);
    posting.department = object.optional_text("department").value_or(posting.department);
    posting.team = object.optional_text("team").value_or(posting.team);
    posting.location = object.optional_text("location").value_or(posting.location);
    posting.commitment = object.optional_text("commitment").value_or(posting.commitment);
    posting.external = object.optional_boolean("external").value_or(posting.external);
    posting.confidential = object.optional_boolean("confidential").value_or(posting.confidential);
}

}  // namespace

void LeverControl::add_routes(std::vector<http::Route>& routes) {
    const auto add =
        [&](Method method, std::string path, std::function<Reply(const Incoming&, const PathValues&)> f) {
            routes.push_back({.method = method, .path = "/_sandbox" + path, .handle = http::answer(std::move(f))});
        };
    using OnOpportunity = Reply (LeverControl::*)(const Incoming&, const Opportunity&);
    const auto add_move = [&](Method method, std::string path, OnOpportunity move) {
        add(method, "/opportunities/{id}" + path, [this, move](const Incoming& request, const PathValues& values) {
            const auto* found = model_.opportunity(values[0]);
            return found != nullptr ? (this->*move)(request, *found) : unknown("opportunity");
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
    add_move(Method::del, "", &LeverControl::remove);

    add(Method::get, "/people", [this](const Incoming&, const PathValues&) {
        return http::json_reply(200, all_people(model_));
    });
    add(Method::patch, "/contacts/{id}", [this](const Incoming& request, const PathValues& values) {
        const auto* found = model_.contact(values[0]);
        return found != nullptr ? change_person(request, *found) : unknown("contact");
    });

    add(Method::post, "/postings", [this](const Incoming& r, const PathValues&) { return create_posting(r); });
    add(Method::patch, "/postings/{id}", [this](const Incoming& request, const PathValues& values) {
        const auto* found = model_.posting(values[0]);
        return found != nullptr ? change_posting(request, *found) : unknown("posting");
    });
    add(Method::del, "/postings/{id}", [this](const Incoming&, const PathValues& values) {
        const auto* found = model_.posting(values[0]);
        return found != nullptr ? remove_posting(*found) : unknown("posting");
    });

    add(Method::post, "/delivery", [this](const Incoming& r, const PathValues&) { return set_delivery(r); });
    add(Method::get, "/webhooks", [this](const Incoming& request, const PathValues&) {
        return http::json_reply(200, webhooks_.log(from_of(request.target)));
    });

    add(Method::get, "/lever/requests", [this](const Incoming&, const PathValues&) {
        return http::json_reply(200, api_.log());
    });
    add(Method::post, "/lever/faults", [this](const Incoming& request, const PathValues&) {
        const auto wrong = api_.faults().set(request.body);
        return wrong.empty() ? http::json_reply(200, api_.faults().text())
                             : http::problem(422, "invalid-request", wrong);
    });
    add(Method::del, "/lever/faults", [this](const Incoming&, const PathValues&) {
        api_.faults().clear();
        return http::json_reply(200, api_.faults().text());
    });
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
    if (!what.contact.empty() && model_.contact(what.contact) == nullptr) body->wrong("contact", "is unknown");
    const auto* posting = what.posting ? model_.posting(*what.posting) : nullptr;
    if (what.posting && posting == nullptr) body->wrong("posting", "is unknown");
    if (!is_origin(what.origin)) body->wrong("origin", "is not one of Lever's six");
    if (model_.stage(stage) == nullptr) body->wrong("stage", "is unknown");
    if (what.created_at > wall_clock()) body->wrong("created_at", "lies in the future");
    if (auto refused = body.refusal()) return *refused;

    what.stage = model_.stage(stage)->id;
    what.confidential = confidential.value_or(posting != nullptr && posting->confidential);
    Events events;
    const auto& fresh = model_.create(what, wall_clock(), events);
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

Reply LeverControl::remove(const Incoming&, const Opportunity& opportunity) {
    return moved(opportunity.id, model_.remove(opportunity.id, wall_clock()));
}

Reply LeverControl::change_person(const Incoming& request, const Contact& contact) {
    ControlBody body{request.body};
    const PersonChange change{
        .name = body->optional_text("name"),
        .email = body->optional_text("email"),
        .phone = body->optional_text("phone")};
    if (auto refused = body.refusal()) return *refused;
    return moved(contact.id, model_.change_person(contact.id, change, wall_clock()));
}

Reply LeverControl::create_posting(const Incoming& request) {
    ControlBody body{request.body};
    Posting posting;
    read_posting(*body.operator->(), posting);
    if (posting.text.empty()) body->wrong("text", "is missing");
    if (auto refused = body.refusal()) return *refused;
    const auto& fresh = model_.add_posting(std::move(posting), wall_clock());
    json::Writer out;
    out.begin_object().member("id", fresh.id);
    write_tokens(out, {});
    out.end_object();
    return http::json_reply(201, out.text());
}

Reply LeverControl::change_posting(const Incoming& request, const Posting& posting) {
    ControlBody body{request.body};
    Posting changed = posting;
    read_posting(*body.operator->(), changed);
    if (auto refused = body.refusal()) return *refused;
    model_.change_posting(std::move(changed), wall_clock());
    return moved(posting.id, {});
}

Reply LeverControl::remove_posting(const Posting& posting) {
    const std::string id = posting.id;
    model_.remove_posting(id, wall_clock());
    return moved(id, {});
}

Reply LeverControl::set_delivery(const Incoming& request) {
    ControlBody body{request.body};
    DeliveryFaults faults;
    faults.drop = body->optional_ratio("drop").value_or(0);
    faults.duplicate = body->optional_ratio("duplicate").value_or(0);
    faults.reorder = Milliseconds{body->optional_integer("reorder_ms").value_or(0)};
    faults.corrupt_signature = body->optional_ratio("corrupt_signature").value_or(0);
    if (auto refused = body.refusal()) return *refused;
    webhooks_.set_faults(faults);
    json::Writer out;
    out.begin_object()
        .key("drop")
        .number(faults.drop)
        .key("duplicate")
        .number(faults.duplicate)
        .member("reorder_ms", faults.reorder.count())
        .key("corrupt_signature")
        .number(faults.corrupt_signature)
        .end_object();
    return http::json_reply(200, out.text());
}

}  // namespace hirewire::sandbox
