#include "services/sync-clinch/jobs.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

#include "common/json/writer.hpp"
#include "common/sync/judge.hpp"
#include "services/sync-clinch/fold.hpp"
#include "services/sync-clinch/plans.hpp"

namespace hirewire::clinch {
namespace {

const std::string jobs = "/jobs";
const std::string job_type = "job";

// How long the ledger remembers what was told (common/redis/store.hpp).
constexpr std::int64_t memory_ms = Milliseconds{std::chrono::hours{24 * 120}}.count();

// A job's whole state, or that it is not to be shown.
struct Write {
    std::string id{};
    std::string body{};
};

// Where applicants come from. Lever's own URL when it is this company's, since not every account is on jobs.lever.co.
std::string url_of(const v1::Posting& posting, const std::string& id, const std::string& company_code) {
    const std::string path = "/" + company_code + "/" + id;
    if (posting.url().starts_with("https://") && posting.url().ends_with(path)) return posting.url();
    return "https://jobs.lever.co" + path;
}

void write_text(json::Writer& out, std::string_view name, const std::string& text) {
    // All is replaced: what Lever has no more, Clinch has no more.
    if (text.empty()) {
        out.key(name).null();
    } else {
        out.member(name, text);
    }
}

Write whole(const v1::Posting& posting, const std::string& id, const std::string& company_code) {
    json::Writer out;
    out.begin_object().key("data").begin_object().member("type", job_type).member("id", id);
    out.key("attributes").begin_object();
    out.member("title", posting.title());
    write_text(out, "description", posting.description_html());
    write_text(out, "department", posting.department());
    out.member("location", posting.location());
    out.member("url", url_of(posting, id, company_code));
    out.member("page_status", posting.state() == "published" ? "published" : "unpublished");
    out.end_object().end_object().end_object();
    return {.id = id, .body = out.text()};
}

Write hidden(const std::string& id) {
    json::Writer out;
    out.begin_object().key("data").begin_object().member("type", job_type).member("id", id);
    out.key("attributes").begin_object().member("page_status", "unpublished");
    out.end_object().end_object().end_object();
    return {.id = id, .body = out.text()};
}

sync::Plan done(std::string effect) {
    return {sync::Settle{.outcome = v1::OUTCOME_KIND_APPLIED, .effect = std::move(effect)}};
}

// What an answer means that asks for no other step.
sync::Plan judge_job(const sync::Answer& answer, const std::string& effect) {
    if (!answer) return sync::judge(answer, false);
    const int status = answer->status;
    if (status >= 200 && status < 300) return done(effect);
    const auto problem = read_problem(*answer);
    if (is_in_flight(*answer, problem)) return after_in_flight(*answer);
    if (came_before(*answer, problem)) return settle(v1::OUTCOME_KIND_UNCHANGED, "an earlier attempt had arrived");
    if (status == 403 && wants_its_own_ids(*answer)) {
        return fail(pipeline::Hold{
            .reason = "answered 403: Clinch does not take the ids of Lever's postings, set clinch.jobs to false"});
    }
    if (status == 400 || status == 409 || status == 422) return refused(*answer, problem);
    return sync::judge(answer, false);
}

sync::Plan send(
    http::Method method,
    std::string target,
    const std::string& body,
    std::function<sync::Plan(const sync::Answer&)> then) {
    http::Request request;
    request.method = method;
    request.target = std::move(target);
    request.body = body;
    return {sync::Send{.request = std::move(request), .then = std::move(then)}};
}

std::string target_of(const Write& write) {
    return jobs + "/" + http::percent_encode(write.id);
}

// Somebody else made it between our two questions: now it can be replaced.
sync::Plan replace_after_all(const Write& write) {
    return send(http::Method::patch, target_of(write), write.body, [](const sync::Answer& answer) -> sync::Plan {
        if (answer && answer->status == 404) {
            return fail(pipeline::Retry{.reason = "the job is there for one call and not for the other"});
        }
        return judge_job(answer, "updated");
    });
}

sync::Plan create(const Write& write) {
    return send(http::Method::post, jobs, write.body, [write](const sync::Answer& answer) -> sync::Plan {
        if (answer && answer->status == 409) {
            const auto problem = read_problem(*answer);
            if (!is_in_flight(*answer, problem) && !came_before(*answer, problem)) return replace_after_all(write);
        }
        return judge_job(answer, "created");
    });
}

sync::Plan replace(const Write& write) {
    return send(http::Method::patch, target_of(write), write.body, [write](const sync::Answer& answer) -> sync::Plan {
        if (answer && answer->status == 404) return create(write);
        return judge_job(answer, "updated");
    });
}

// Nothing but the page goes: Clinch keeps the job, and what it knows of its candidates.
sync::Plan hide(const Write& write) {
    return send(http::Method::patch, target_of(write), write.body, [](const sync::Answer& answer) -> sync::Plan {
        if (answer && answer->status == 404) {
            return settle(v1::OUTCOME_KIND_UNCHANGED, "not to be shown, and not there");
        }
        return judge_job(answer, "updated");
    });
}

// Lever has it as a free text.
bool has_location(const v1::Posting& posting) {
    return !lower_case(posting.location()).empty();
}

// Whether Clinch was never told of it, for certain. What is remembered may be no more than that it was decided on;
// what an older record may have sent, and what is older than the ledger's memory, is not known.
bool never_told(const v1::Posting& posting, const sync::Situation& situation) {
    if (situation.applied_version > 0 || !situation.older.empty()) return false;
    return posting.updated_at_ms() - posting.created_at_ms() < memory_ms;
}

}  // namespace

sync::Plan tell_job(const sync::PostingNews& news, const sync::Situation& situation, const Settings& settings) {
    if (!settings.jobs) return skip("clinch.jobs is off");
    // Clinch publishes: no opt-in lets anything confidential through.
    if (!news.posting || news.posting->confidential()) return hide(hidden(news.id));
    const auto& posting = *news.posting;
    if (has_location(posting)) return replace(whole(posting, news.id, settings.company_code));
    // Decided all the same, so that an older record which is tried again later does not tell of it.
    if (never_told(posting, situation)) return settle(v1::OUTCOME_KIND_UNCHANGED, "no location in Lever: not told");
    return hide(hidden(news.id));
}

std::string fault_of_company_code(const std::string& code) {
    const bool good = std::all_of(code.begin(), code.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               c == '.';
    });
    return good ? "" : "the company code alone: the \"acme\" of https://jobs.lever.co/acme/...";
}

}  // namespace hirewire::clinch
