#include "tools/sandbox/lever_api.hpp"

#include <optional>
#include <utility>

#include "tools/sandbox/lever_json.hpp"
#include "tools/sandbox/lever_query.hpp"

namespace hirewire::sandbox {
namespace {

template <typename Write>
http::Reply single(Write write) {
    json::Writer out;
    out.begin_object().key("data");
    write(out);
    out.end_object();
    return http::json_reply(200, out.text());
}

template <typename Item, typename Write>
http::Reply list(const LeverQuery& query, const Page<Item>& page, Write write) {
    if (query.refusal()) return *query.refusal();
    json::Writer out;
    out.begin_object().key("data").begin_array();
    for (const auto* item : page.items) write(out, *item);
    out.end_array().member("hasNext", !page.next.empty());
    if (!page.next.empty()) out.member("next", page.next);
    out.end_object();
    return http::json_reply(200, out.text());
}

// Lists leave out what is confidential unless asked.
bool admits_confidential(const LeverQuery& query, bool confidential) {
    const auto wanted = query.value("confidentiality").value_or("non-confidential");
    return wanted == "all" || wanted == (confidential ? "confidential" : "non-confidential");
}

bool matches(const LeverQuery& query, const Shown& shown) {
    const auto& o = shown.opportunity;
    // A time that is null lies in no range.
    const auto known = [&](std::string_view member, Moment at) {
        return shown.nulls.contains(member) ? std::optional<Moment>{} : std::optional{at};
    };
    const auto archived_at = o.archived ? std::optional{o.archived->at} : std::nullopt;
    return admits_confidential(query, o.confidential) && query.admits("contact_id", o.contact) &&
           query.admits("posting_id", o.application ? o.application->posting : "") &&
           query.admits("stage_id", o.stage) &&
           query.admits("archive_reason_id", o.archived ? o.archived->reason : "") &&
           query.admits("email", shown.contact.person.email) && query.admits("origin", o.origin) &&
           query.admits("archived", o.archived ? "true" : "false") &&
           query.in_range("created_at", known("createdAt", o.created_at)) &&
           query.in_range("updated_at", known("updatedAt", o.updated_at)) &&
           query.in_range("archived_at", archived_at);
}

constexpr auto everything = [](const auto&) { return true; };

}  // namespace

void LeverApi::add_routes(std::vector<http::Route>& routes) {
    using http::Method;
    const auto add = [&](Method method, std::string_view path, Answer answer) {
        auto handle = http::answer([this, answer](const http::Incoming& request, const http::PathValues& values) {
            const Call call{.target = request.target, .values = values};
            return (this->*answer)(call);
        });
        routes.push_back(gate_.route(method, path, std::move(handle)));
    };
    add(Method::get, "/opportunities", &LeverApi::opportunities);
    add(Method::get, "/opportunities/deleted", &LeverApi::deleted_opportunities);
    add(Method::get, "/opportunities/{id}", &LeverApi::opportunity);
    add(Method::get, "/opportunities/{id}/offers", &LeverApi::offers);
    add(Method::get, "/opportunities/{id}/applications", &LeverApi::applications);
    add(Method::get, "/contacts/{id}", &LeverApi::contact);
    add(Method::get, "/stages", &LeverApi::stages);
    add(Method::get, "/stages/{id}", &LeverApi::stage);
    add(Method::get, "/archive_reasons", &LeverApi::reasons);
    add(Method::get, "/archive_reasons/{id}", &LeverApi::reason);
    add(Method::get, "/postings", &LeverApi::postings);
    add(Method::get, "/postings/deleted", &LeverApi::deleted_postings);
    add(Method::get, "/postings/{id}", &LeverApi::posting);
    add(Method::get, "/disposition_stages", &LeverApi::disposition);
    for (const auto method : {Method::get, Method::post, Method::put, Method::patch, Method::del}) {
        add(method, "/{*}", &LeverApi::nothing_here);
    }
}

http::Reply LeverApi::opportunity(const Call& call) {
    LeverQuery query{call.target, {"expand"}};
    const Expand expand = query.expand();
    if (query.refusal()) return *query.refusal();
    return of_opportunity(call.values[0], [&](const Shown& shown) {
        return single([&](json::Writer& out) { write_opportunity(out, model_, shown, expand); });
    });
}

http::Reply LeverApi::of_opportunity(const std::string& id, const OnShown& answer) const {
    const auto shown = sight_.opportunity(id, wall_clock());
    if (!shown) return lever_not_found("opportunities", id);
    if (shown->opportunity.confidential && !gate_.grants().confidential) return forbidden("confidential");
    return answer(*shown);
}

http::Reply LeverApi::opportunities(const Call& call) {
    LeverQuery query{
        call.target,
        {"expand",
         "contact_id",
         "posting_id",
         "stage_id",
         "archive_reason_id",
         "email",
         "origin",
         "confidentiality",
         "archived",
         "created_at_start",
         "created_at_end",
         "updated_at_start",
         "updated_at_end",
         "archived_at_start",
         "archived_at_end"}};
    const Expand expand = query.expand();
    const Moment now = wall_clock();
    const auto page = query.page(model_.opportunities(), [&](const Opportunity& real) {
        const auto shown = sight_.shown(real, now);
        return shown && !shown->opportunity.deleted_at && matches(query, *shown);
    });
    return list(query, page, [&](json::Writer& out, const Opportunity& real) {
        write_opportunity(out, model_, *sight_.shown(real, now), expand);
    });
}

http::Reply LeverApi::deleted_opportunities(const Call& call) {
    LeverQuery query{call.target, {"deleted_at_start", "deleted_at_end"}};
    const Moment now = wall_clock();
    const auto page = query.page(model_.opportunities(), [&](const Opportunity& real) {
        const auto shown = sight_.shown(real, now);
        const auto deleted_at = shown ? shown->opportunity.deleted_at : std::nullopt;
        return deleted_at && query.in_range("deleted_at", deleted_at);
    });
    return list(query, page, [](json::Writer& out, const Opportunity& o) { write_deleted(out, o); });
}

http::Reply LeverApi::offers(const Call& call) {
    LeverQuery query{call.target, {}};
    return of_opportunity(call.values[0], [&](const Shown& shown) {
        Page<Opportunity> page;
        if (shown.opportunity.offer) page.items.push_back(&shown.opportunity);
        return list(query, page, [&](json::Writer& out, const Opportunity&) { write_offer(out, model_, shown); });
    });
}

http::Reply LeverApi::applications(const Call& call) {
    LeverQuery query{call.target, {}};
    return of_opportunity(call.values[0], [&](const Shown& shown) {
        Page<Opportunity> page;
        if (shown.opportunity.application) page.items.push_back(&shown.opportunity);
        return list(query, page, [&](json::Writer& out, const Opportunity&) { write_application(out, shown); });
    });
}

http::Reply LeverApi::contact(const Call& call) {
    const auto* found = sight_.contact(call.values[0], wall_clock());
    if (found == nullptr) return lever_not_found("contacts", call.values[0]);
    return single([&](json::Writer& out) { write_contact(out, *found); });
}

http::Reply LeverApi::stage(const Call& call) {
    const auto* found = model_.stage(call.values[0]);
    if (found == nullptr || found->id != call.values[0]) return lever_not_found("stages", call.values[0]);
    return single([&](json::Writer& out) { write_stage(out, *found); });
}

http::Reply LeverApi::stages(const Call& call) {
    LeverQuery query{call.target, {}};
    return list(query, query.page(model_.stages(), everything), write_stage);
}

http::Reply LeverApi::reason(const Call& call) {
    const auto* found = model_.reason(call.values[0]);
    if (found == nullptr || found->id != call.values[0]) return lever_not_found("archive_reasons", call.values[0]);
    return single([&](json::Writer& out) { write_reason(out, *found); });
}

http::Reply LeverApi::reasons(const Call& call) {
    LeverQuery query{call.target, {"type"}};
    const auto page = query.page(model_.reasons(), [&](const ArchiveReason& r) {
        return query.admits("type", r.hired ? "hired" : "non-hired");
    });
    return list(query, page, write_reason);
}

http::Reply LeverApi::posting(const Call& call) {
    const auto* found = model_.posting(call.values[0]);
    if (found == nullptr) return lever_not_found("postings", call.values[0]);
    if (found->confidential && !gate_.grants().confidential) return forbidden("confidential");
    return single([&](json::Writer& out) { write_posting(out, *found); });
}

http::Reply LeverApi::postings(const Call& call) {
    LeverQuery query{call.target, {"state", "confidentiality", "updated_at_start", "updated_at_end"}};
    const auto page = query.page(model_.postings(), [&](const Posting& p) {
        return !p.deleted_at && admits_confidential(query, p.confidential) && query.admits("state", p.state) &&
               query.in_range("updated_at", p.updated_at);
    });
    return list(query, page, write_posting);
}

http::Reply LeverApi::deleted_postings(const Call& call) {
    LeverQuery query{call.target, {"deleted_at_start", "deleted_at_end"}};
    const auto page = query.page(model_.postings(), [&](const Posting& p) {
        return p.deleted_at && query.in_range("deleted_at", *p.deleted_at);
    });
    return list(query, page, [](json::Writer& out, const Posting& p) {
        out.begin_object().member("id", p.id).member("deletedAt", *p.deleted_at).end_object();
    });
}

http::Reply LeverApi::disposition(const Call&) {
    return single([&](json::Writer& out) { write_disposition(out, model_); });
}

http::Reply LeverApi::nothing_here(const Call& call) {
    return lever_error(404, "ResourceNotFound", std::string{http::path_of(call.target)} + " does not exist");
}

}  // namespace hirewire::sandbox
