#include "tools/sandbox/theorg.hpp"

#include <algorithm>

#include "common/crypto/hash.hpp"
#include "common/json/writer.hpp"
#include "tools/sandbox/control_body.hpp"
#include "tools/sandbox/control_reply.hpp"
#include "tools/sandbox/or_null.hpp"

namespace hirewire::sandbox {
namespace {

using http::Incoming;
using http::Method;
using http::Reply;

constexpr std::size_t most_per_second = 15;
constexpr Moment second = 1'000;

// A text that is there and may be empty.
std::string any_text(StrictObject& object, std::string_view name) {
    const auto value = object.object(name);
    if (!value.is_null() && !value.is_string()) object.wrong(name, "must be a text");
    return std::string{value.string()};
}

std::int64_t count(StrictObject& object, std::string_view name) {
    if (!object.has(name)) object.wrong(name, "is missing");
    return object.optional_integer(name).value_or(0);
}

// The run's id, when the query is ?run=<id> and nothing else.
std::string run_of(std::string_view target) {
    const auto query = target.substr(std::min(target.size(), target.find('?')));
    if (!query.starts_with("?run=") || query.find('&') != std::string_view::npos) return {};
    return http::query_value(target, "run").value_or("");
}

}  // namespace

Theorg::Theorg(std::string api_key, Dice& dice)
    : Destination{"theorg", {}, "application/json", dice}, api_key_{std::move(api_key)} {
    serve_company(Method::put, "/ats/lever/jobs/{id}", Access::write, &Theorg::put_job);
    serve_company(Method::del, "/ats/lever/jobs/{id}", Access::erase, &Theorg::delete_job);
    serve_company(Method::put, "/ats/lever/imports/{run}", Access::write, &Theorg::report_import);
    control_at(Method::post, "/manager", [this](const Incoming& r) { return place(r); });
}

void Theorg::serve_company(Method method, std::string path, Access access, Answer answer) {
    auto checked = [this, answer](const DestinationCall& call) {
        if (is_too_fast()) return violation(429, "rate-limited", "More than 15 requests in a second.");
        if (call.values[0] != company) return error(404, "unknown-company", "There is no such company here.");
        return (this->*answer)(call);
    };
    serve_at({.method = method, .path = "/companies/{company}" + path, .access = access, .answer = checked});
}

bool Theorg::is_too_fast() {
    const auto now = wall_clock();
    while (!recent_.empty() && recent_.front() <= now - second) recent_.pop_front();
    recent_.push_back(now);
    return recent_.size() > most_per_second;
}

// The Org's own envelope.
Reply Theorg::error(int status, std::string_view code, std::string_view) const {
    json::Writer out;
    out.begin_object().key("error").begin_object().member("code", status).member("reason", code);
    out.end_object().end_object();
    return http::json_reply(status, out.text());
}

std::optional<Reply> Theorg::check_credential(const Incoming& request) {
    const auto key = request.header("X-Api-Key");
    if (key.empty()) return violation(401, "unauthorized", "X-Api-Key is missing.");
    // A wrong key is a matter of configuration, not of the contract.
    if (!crypto::equal(key, api_key_)) return error(401, "unauthorized", "The key is not valid.");
    return std::nullopt;
}

Reply Theorg::put_job(const DestinationCall& call) {
    Wrongs wrongs;
    StrictObject body{call.body, "", wrongs};
    Facts facts;
    facts.title = body.text("title");
    facts.description = any_text(body, "description");
    facts.department = any_text(body, "department");
    facts.location = any_text(body, "location");
    facts.state = body.one_of("state", {"published", "internal"});
    facts.created_at = body.time("created_at");
    facts.url = any_text(body, "url");
    body.finish();
    const auto run = run_of(call.incoming->target);
    if (run.empty()) wrongs.emplace_back("the query must be ?run=<run id>");
    if (!wrongs.empty()) return violation(400, "invalid-request", joined(wrongs));

    const std::string& id = call.values[1];
    if (auto known = unless_newer(versions_.order_of(id, call.version, call.incoming->body))) return *known;
    ++runs_[run].puts;
    versions_.applied(id, call.version, call.incoming->body);
    const bool is_new = !jobs_.contains(id);
    Job& job = jobs_[id];
    const bool changed = is_new || !(job.facts == facts);
    job.facts = std::move(facts);
    job.effects += changed ? 1 : 0;
    if (is_new) return outcome(201, "created");
    return outcome(200, changed ? "updated" : "unchanged");
}

Reply Theorg::delete_job(const DestinationCall& call) {
    const auto run = run_of(call.incoming->target);
    if (run.empty()) return violation(400, "invalid-request", "the query must be ?run=<run id>");
    const std::string& id = call.values[1];
    const auto order = versions_.order_of(id, call.version, call.incoming->body);
    if (order == VersionGuard::Order::older) return outcome(200, "superseded");
    if (order == VersionGuard::Order::conflict) {
        return violation(409, "version-conflict", "This version was put before.");
    }
    ++runs_[run].deletes;
    versions_.applied(id, call.version, call.incoming->body);
    if (jobs_.erase(id) == 0) return error(404, "unknown-job", "There is no such job.");
    Reply reply;
    reply.status = 204;
    return reply;
}

Reply Theorg::report_import(const DestinationCall& call) {
    Wrongs wrongs;
    StrictObject body{call.body, "", wrongs};
    const std::string& id = call.values[1];
    Run run = runs_[id];
    run.complete = body.boolean("complete");
    run.seen = count(body, "seen");
    run.upserted = count(body, "upserted");
    run.unchanged = count(body, "unchanged");
    run.deleted = count(body, "deleted");
    run.failed = count(body, "failed");
    body.finish();
    if (run.complete && run.failed > 0) body.wrong("complete", "must be false when something failed");
    if (run.upserted > run.puts) body.wrong("upserted", "is more than this run has put");
    if (run.deleted > run.deletes) body.wrong("deleted", "is more than this run has deleted");
    if (!wrongs.empty()) return violation(400, "invalid-request", joined(wrongs));

    const bool is_first = run.reports++ == 0;
    const bool mailed = std::find(mails_.begin(), mails_.end(), id) != mails_.end();
    if (run.complete && !mailed) mails_.push_back(id);
    runs_[id] = run;
    return outcome(is_first ? 201 : 200, run.complete ? "complete" : "incomplete");
}

// {"posting", "manager"}: somebody at the company adds a manager to a job, "" takes it out of the chart again.
Reply Theorg::place(const Incoming& request) {
    ControlBody body{request.body};
    const auto posting = body->text("posting");
    const auto manager = any_text(*body.operator->(), "manager");
    if (auto refused = body.refusal()) return *refused;
    const auto found = jobs_.find(posting);
    if (found == jobs_.end()) return unknown("job");
    found->second.manager = manager;
    json::Writer out;
    out.begin_object().member("posting", posting).member("manager", manager).end_object();
    return http::json_reply(200, out.text());
}

std::string Theorg::state() const {
    json::Writer out;
    out.begin_object().key("jobs").begin_object();
    for (const auto& [id, job] : jobs_) {
        const auto& facts = job.facts;
        out.key(id)
            .begin_object()
            .member("title", facts.title)
            .member("description", facts.description)
            .member("department", facts.department)
            .member("location", facts.location)
            .member("state", facts.state)
            .member("created_at", facts.created_at)
            .member("url", facts.url);
        write_or_null(out, "manager", job.manager);
        out.member("version", versions_.version_of(id)).member("effects", job.effects).end_object();
    }
    out.end_object().key("imports").begin_object();
    for (const auto& [id, run] : runs_) {
        if (run.reports == 0) continue;
        out.key(id)
            .begin_object()
            .member("complete", run.complete)
            .member("seen", run.seen)
            .member("upserted", run.upserted)
            .member("unchanged", run.unchanged)
            .member("deleted", run.deleted)
            .member("failed", run.failed)
            .member("reports", run.reports)
            .end_object();
    }
    out.end_object().key("mails").begin_array();
    for (const auto& run : mails_) out.string(run);
    out.end_array().end_object();
    return out.text();
}

}  // namespace hirewire::sandbox
