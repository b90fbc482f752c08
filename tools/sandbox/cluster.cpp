#include "tools/sandbox/cluster.hpp"

#include <algorithm>
#include <utility>

#include "tools/sandbox/control_body.hpp"
#include "tools/sandbox/control_reply.hpp"

namespace hirewire::sandbox {
namespace {

using http::Incoming;
using http::Method;
using http::Reply;

constexpr std::int64_t largest_page = 1'000;

// A text that is there and may be empty.
std::string any_text(StrictObject& object, std::string_view name) {
    const auto value = object.object(name);
    if (!value.is_null() && !value.is_string()) object.wrong(name, "must be a text");
    return std::string{value.string()};
}

// What is wrong with ?with_email=true[&cursor=…], which is all that may be asked for; "" = nothing.
std::string fault_of_query(std::string_view target) {
    auto query = target.substr(std::min(target.size(), target.find('?')));
    if (http::query_value(target, "with_email").value_or("") != "true") return "with_email must be true.";
    while (!query.empty()) {
        query.remove_prefix(1);
        const auto part = query.substr(0, query.find('&'));
        query.remove_prefix(part.size());
        const auto name = part.substr(0, part.find('='));
        if (name != "with_email" && name != "cursor") return "The query may have with_email and cursor only.";
    }
    return {};
}

}  // namespace

Cluster::Cluster(std::string token, Dice& dice) : StatusDestination{"cluster", std::move(token), dice} {
    serve_job(Method::put, "/candidates/{candidate}/ats-status", Access::write, &Cluster::put_status);
    serve_job(Method::get, "/candidates", Access::read, &Cluster::list_candidates);
    serve_job(Method::put, "/candidates/{candidate}/ats-presence", Access::write, &Cluster::put_presence);
    serve_job(Method::del, "/ats-link", Access::erase, &Cluster::delete_link);
    serve_at(
        {.method = Method::put,
         .path = "/ats/lever/postings/{posting}",
         .access = Access::write,
         .answer = [this](const DestinationCall& call) { return put_posting(call); }});
    control("/candidates", &Cluster::add_candidate);
    control("/connected", &Cluster::set_connected);
    control("/page-size", &Cluster::set_page_size);
    control("/publish", &Cluster::publish);
}

// A job that is not connected takes nothing.
void Cluster::serve_job(Method method, std::string path, Access access, Answer answer) {
    auto checked = [this, answer](const DestinationCall& call) {
        if (disconnected_.contains(call.values[0])) {
            return error(410, "not-connected", "This job is not connected to an ATS.");
        }
        return (this->*answer)(call);
    };
    serve_at({.method = method, .path = "/jobs/{job}" + path, .access = access, .answer = std::move(checked)});
}

void Cluster::control(std::string path, Control answer) {
    control_at(Method::post, std::move(path), [this, answer](const Incoming& r) { return (this->*answer)(r); });
}

Reply Cluster::put_status(const DestinationCall& call) {
    Wrongs wrongs;
    StrictObject body{call.body, "", wrongs};
    const auto update = read_status_update(body, wrongs);
    const auto opportunity = body.text("opportunity_id");
    body.finish();
    if (!wrongs.empty()) return violation(400, "invalid-request", joined(wrongs));

    return put(call, opportunity, update, [&](const StatusUpdate*) -> std::optional<Reply> {
        links_[opportunity] = {.job = call.values[0], .candidate = call.values[1]};
        return std::nullopt;
    });
}

// The cursor is the last candidate of the page before. Who has no address is not listed.
Reply Cluster::list_candidates(const DestinationCall& call) {
    const auto& target = call.incoming->target;
    if (const auto fault = fault_of_query(target); !fault.empty()) return violation(400, "invalid-request", fault);
    const auto known = candidates_.find(call.values[0]);
    const std::map<std::string, Candidate> none;
    const auto& all = known == candidates_.end() ? none : known->second;
    const auto cursor = http::query_value(target, "cursor").value_or("");
    if (!cursor.empty() && !all.contains(cursor)) {
        return violation(400, "invalid-request", "The cursor is none that was given.");
    }
    json::Writer out;
    out.begin_object().key("data").begin_array();
    std::int64_t listed = 0;
    std::string last;
    std::string next;
    for (auto one = cursor.empty() ? all.begin() : all.upper_bound(cursor); one != all.end(); ++one) {
        const auto& [id, candidate] = *one;
        if (candidate.emails.empty()) continue;
        if (listed++ == page_size_) {
            next = last;
            break;
        }
        last = id;
        out.begin_object().member("id", id).key("emails").begin_array();
        for (const auto& email : candidate.emails) out.string(email);
        out.end_array().member("already_in_ats", !candidate.opportunity.empty()).end_object();
    }
    out.end_array().key("next");
    next.empty() ? out.null() : out.string(next);
    out.end_object();
    return http::json_reply(200, out.text());
}

Reply Cluster::put_presence(const DestinationCall& call) {
    Wrongs wrongs;
    StrictObject body{call.body, "", wrongs};
    const bool already = body.boolean("already_in_ats");
    if (!already) body.wrong("already_in_ats", "must be true: nobody is unmarked");
    body.one_of("matched_on", {"email"});
    const auto opportunity = body.text("opportunity_id");
    body.finish();
    if (!wrongs.empty()) return violation(400, "invalid-request", joined(wrongs));

    auto& all = candidates_[call.values[0]];
    const auto found = all.find(call.values[1]);
    if (found == all.end()) return error(404, "unknown-candidate", "There is no such candidate in this job.");
    auto& candidate = found->second;
    if (candidate.emails.empty()) {
        return violation(422, "invalid-request", "A candidate without an e-mail address cannot match.");
    }
    const std::string resource = call.values[0] + "\n" + call.values[1];
    if (auto known = unless_newer(presence_.order_of(resource, call.version, call.incoming->body))) return *known;
    presence_.applied(resource, call.version, call.incoming->body);
    const bool changed = std::exchange(candidate.opportunity, opportunity) != opportunity;
    candidate.effects += changed ? 1 : 0;
    return outcome(200, changed ? "updated" : "unchanged");
}

// Whether it is a draft is never Lever's to say: a member that says so is none of the contract's.
Reply Cluster::put_posting(const DestinationCall& call) {
    Wrongs wrongs;
    StrictObject body{call.body, "", wrongs};
    Facts facts;
    facts.title = body.text("title");
    facts.department = any_text(body, "department");
    facts.location = any_text(body, "location");
    facts.state = body.one_of("state", {"published", "internal"});
    facts.url = any_text(body, "url");
    facts.description = any_text(body, "description");
    body.finish();
    if (!wrongs.empty()) return violation(400, "invalid-request", joined(wrongs));

    const std::string& id = call.values[0];
    if (auto known = unless_newer(imports_.order_of(id, call.version, call.incoming->body))) return *known;
    imports_.applied(id, call.version, call.incoming->body);
    const bool is_new = !drafts_.contains(id);
    Draft& draft = drafts_[id];
    const bool changed = is_new || !(draft.facts == facts);
    draft.facts = std::move(facts);
    draft.effects += changed ? 1 : 0;
    if (is_new) return outcome(201, "created");
    return outcome(200, changed ? "updated" : "unchanged");
}

Reply Cluster::delete_link(const DestinationCall& call) {
    const std::string& job = call.values[0];
    purge(job);
    ++purges_[job];
    disconnected_.insert(job);
    Reply reply;
    reply.status = 204;
    return reply;
}

void Cluster::purge(const std::string& job) {
    for (auto link = links_.begin(); link != links_.end();) {
        if (link->second.job != job) {
            ++link;
            continue;
        }
        forget(link->first);
        link = links_.erase(link);
    }
    for (auto& [id, candidate] : candidates_[job]) {
        candidate.opportunity.clear();
        presence_.forget(job + "\n" + id);
    }
}

// {"job", "candidate", "emails": [...]}: somebody at Cluster adds a candidate, or changes the addresses of one.
Reply Cluster::add_candidate(const Incoming& request) {
    ControlBody body{request.body};
    const auto job = body->text("job");
    const auto id = body->text("candidate");
    std::vector<std::string> emails;
    for (const auto& email : body->array("emails").items()) {
        if (!email.is_string()) body->wrong("emails", "must be a list of texts");
        emails.emplace_back(email.string());
    }
    if (auto refused = body.refusal()) return *refused;
    candidates_[job][id].emails = std::move(emails);
    json::Writer out;
    out.begin_object().member("job", job).member("candidate", id).end_object();
    return http::json_reply(200, out.text());
}

// {"job", "connected": bool}: one of Cluster's users connects the job to a posting, or disconnects it in the modal,
// which removes all Lever data in the same way.
Reply Cluster::set_connected(const Incoming& request) {
    ControlBody body{request.body};
    const auto job = body->text("job");
    const bool connected = body->boolean("connected");
    if (auto refused = body.refusal()) return *refused;
    if (connected) {
        disconnected_.erase(job);
    } else {
        purge(job);
        disconnected_.insert(job);
    }
    json::Writer out;
    out.begin_object().member("job", job).member("connected", connected).end_object();
    return http::json_reply(200, out.text());
}

Reply Cluster::set_page_size(const Incoming& request) {
    ControlBody body{request.body};
    const auto size = body->optional_integer("size").value_or(0);
    if (size < 1 || size > largest_page) body->wrong("size", "must be from 1 to 1000");
    if (auto refused = body.refusal()) return *refused;
    page_size_ = size;
    json::Writer out;
    out.begin_object().member("size", size).end_object();
    return http::json_reply(200, out.text());
}

// {"posting"}: one of Cluster's users publishes the draft.
Reply Cluster::publish(const Incoming& request) {
    ControlBody body{request.body};
    const auto posting = body->text("posting");
    if (auto refused = body.refusal()) return *refused;
    const auto found = drafts_.find(posting);
    if (found == drafts_.end()) return unknown("draft");
    found->second.draft = false;
    json::Writer out;
    out.begin_object().member("posting", posting).member("draft", false).end_object();
    return http::json_reply(200, out.text());
}

void Cluster::write_own(json::Writer& out, const std::string& opportunity) const {
    const auto& link = links_.at(opportunity);
    out.member("job", link.job).member("candidate", link.candidate);
}

// None of these members has a status, which tells them from opportunities.
void Cluster::write_more(json::Writer& out) const {
    if (!candidates_.empty()) write_candidates(out);
    if (!drafts_.empty()) write_drafts(out);
    if (!purges_.empty()) {
        out.key("purges").begin_object();
        for (const auto& [job, count] : purges_) out.member(job, count);
        out.end_object();
    }
    if (!disconnected_.empty()) {
        out.key("disconnected").begin_array();
        for (const auto& job : disconnected_) out.string(job);
        out.end_array();
    }
}

void Cluster::write_candidates(json::Writer& out) const {
    out.key("candidates").begin_object();
    for (const auto& [job, all] : candidates_) {
        out.key(job).begin_object();
        for (const auto& [id, candidate] : all) {
            out.key(id).begin_object().member("already_in_ats", !candidate.opportunity.empty());
            if (!candidate.opportunity.empty()) out.member("opportunity_id", candidate.opportunity);
            out.member("effects", candidate.effects).end_object();
        }
        out.end_object();
    }
    out.end_object();
}

void Cluster::write_drafts(json::Writer& out) const {
    out.key("drafts").begin_object();
    for (const auto& [id, draft] : drafts_) {
        const auto& facts = draft.facts;
        out.key(id)
            .begin_object()
            .member("draft", draft.draft)
            .member("title", facts.title)
            .member("department", facts.department)
            .member("location", facts.location)
            .member("state", facts.state)
            .member("url", facts.url)
            .member("description", facts.description)
            .member("version", imports_.version_of(id))
            .member("effects", draft.effects)
            .end_object();
    }
    out.end_object();
}

}  // namespace hirewire::sandbox
