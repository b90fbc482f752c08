#include "tools/sandbox/lever_api.hpp"

#include <algorithm>

#include "common/core/sleep.hpp"
#include "common/crypto/hash.hpp"
#include "tools/sandbox/lever_json.hpp"
#include "tools/sandbox/lever_query.hpp"

namespace hirewire::sandbox {
namespace {

constexpr std::size_t remembered_requests = 20'000;

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

constexpr auto everything = [](const auto&) { return true; };

}  // namespace

LeverApi::LeverApi(const LeverModel& model, LeverApiSettings settings, Dice& dice)
    : model_{model},
      settings_{std::move(settings)},
      authorization_{"Basic " + crypto::base64(settings_.api_key + ":")},
      faults_{dice},
      tokens_{settings_.burst},
      refilled_at_{SystemClock{}.monotonic()} {}

void LeverApi::add_routes(std::vector<http::Route>& routes) {
    using http::Method;
    const auto add = [&](Method method, std::string path, Answer answer) {
        auto handle = [this, answer](const http::Incoming& request, http::PathValues values) {
            return serve(request, std::move(values), answer);
        };
        routes.push_back({.method = method, .path = "/v1" + path, .handle = std::move(handle)});
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

boost::asio::awaitable<http::Reply> LeverApi::serve(
    const http::Incoming& request, http::PathValues values, Answer answer) {
    const Moment at = wall_clock();
    const Fault fault = faults_.next();
    if (fault.latency.count() > 0) co_await sleep_for(fault.latency);

    http::Reply reply;
    if (fault.reset) {
        reply = no_answer();
    } else if (auto refused = turn_away(request)) {
        reply = std::move(*refused);
    } else if (fault.status) {
        reply = lever_error(*fault.status, "SandboxFault", "The sandbox was told to answer so.");
        if (!fault.retry_after.empty()) reply.headers.push_back({"Retry-After", fault.retry_after});
    } else {
        const Call call{.target = request.target, .values = std::move(values)};
        reply = (this->*answer)(call);
    }
    if (fault.lose_response) reply = no_answer();

    ++count_;
    seen_.push_back(
        {.at = at,
         .method = std::string{http::name_of(request.method)},
         .target = std::string{request.target},
         .status = reply.status});
    if (seen_.size() > remembered_requests) seen_.pop_front();
    co_return reply;
}

std::optional<http::Reply> LeverApi::turn_away(const http::Incoming& request) {
    if (!crypto::equal(request.header("Authorization"), authorization_)) {
        return lever_error(401, "UnauthorizedError", "The request requires authentication.");
    }
    if (settings_.rate_limit && !take_token()) {
        return lever_error(429, "TooManyRequestsError", "You have exceeded the rate limit.");
    }
    return std::nullopt;
}

bool LeverApi::take_token() {
    const auto now = SystemClock{}.monotonic();
    const std::chrono::duration<double> passed = now - refilled_at_;
    refilled_at_ = now;
    tokens_ = std::min(settings_.burst, tokens_ + passed.count() * settings_.per_second);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
}

http::Reply LeverApi::opportunity(const Call& call) {
    LeverQuery query{call.target, {"expand"}};
    const Expand expand = query.expand();
    if (query.refusal()) return *query.refusal();
    const auto* found = model_.opportunity(call.values[0]);
    if (found == nullptr) return lever_not_found("opportunities", call.values[0]);
    return single([&](json::Writer& out) { write_opportunity(out, model_, *found, expand); });
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
    const bool by_archival = query.value("archived_at_start") || query.value("archived_at_end");
    const auto page = query.page(model_.opportunities(), [&](const Opportunity& o) {
        return !o.deleted_at && admits_confidential(query, o.confidential) && query.admits("contact_id", o.contact) &&
               query.admits("posting_id", o.application ? o.application->posting : "") &&
               query.admits("stage_id", o.stage) &&
               query.admits("archive_reason_id", o.archived ? o.archived->reason : "") &&
               query.admits("email", model_.contact(o.contact)->person.email) && query.admits("origin", o.origin) &&
               query.admits("archived", o.archived ? "true" : "false") &&
               query.in_range("created_at", o.created_at) && query.in_range("updated_at", o.updated_at) &&
               (!by_archival || (o.archived && query.in_range("archived_at", o.archived->at)));
    });
    return list(
        query, page, [&](json::Writer& out, const Opportunity& o) { write_opportunity(out, model_, o, expand); });
}

http::Reply LeverApi::deleted_opportunities(const Call& call) {
    LeverQuery query{call.target, {"deleted_at_start", "deleted_at_end"}};
    const auto page = query.page(model_.opportunities(), [&](const Opportunity& o) {
        return o.deleted_at && query.in_range("deleted_at", *o.deleted_at);
    });
    return list(query, page, [](json::Writer& out, const Opportunity& o) { write_deleted(out, o); });
}

http::Reply LeverApi::offers(const Call& call) {
    LeverQuery query{call.target, {}};
    const auto* found = model_.opportunity(call.values[0]);
    if (found == nullptr) return lever_not_found("opportunities", call.values[0]);
    Page<Opportunity> page;
    if (found->offer) page.items.push_back(found);
    return list(query, page, [&](json::Writer& out, const Opportunity& o) { write_offer(out, model_, o); });
}

http::Reply LeverApi::applications(const Call& call) {
    LeverQuery query{call.target, {}};
    const auto* found = model_.opportunity(call.values[0]);
    if (found == nullptr) return lever_not_found("opportunities", call.values[0]);
    Page<Opportunity> page;
    if (found->application) page.items.push_back(found);
    return list(query, page, [&](json::Writer& out, const Opportunity& o) { write_application(out, model_, o); });
}

http::Reply LeverApi::contact(const Call& call) {
    const auto* found = model_.contact(call.values[0]);
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

std::string LeverApi::log() const {
    json::Writer out;
    out.begin_object().member("count", count_).key("requests").begin_array();
    for (const auto& seen : seen_) {
        out.begin_object()
            .member("at", seen.at)
            .member("method", seen.method)
            .member("path", seen.target)
            .member("status", seen.status)
            .end_object();
    }
    out.end_array().end_object();
    return out.text();
}

}  // namespace hirewire::sandbox
