#include "services/sync-cluster/rules.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/json/writer.hpp"
#include "common/sync/judge.hpp"

namespace hirewire::cluster {
namespace {

sync::Plan skip(std::string reason) {
    return {sync::Settle{.outcome = v1::OUTCOME_KIND_SKIPPED, .reason = std::move(reason)}};
}

std::string status_body(
    const v1::Change& change, const sync::Situation& situation, const std::optional<std::string>& mapped) {
    json::Writer out;
    out.begin_object();
    out.member("opportunity_id", change.opportunity_id());
    out.key("posting_id");
    change.posting().id().empty() ? out.null() : out.string(change.posting().id());
    out.key("status");
    sync::write_status(out, change.status(), mapped);
    out.key("previous_status");
    sync::write_status(out, change.previous_status());
    out.member("occurred_at", iso_time(from_ms(change.occurred_at_ms())));
    out.member("hired", change.hired());
    out.member("backfill", situation.backfill);
    out.end_object();
    return out.text();
}

// Nothing in it says whether the job is a draft: that is for Cluster's users to decide.
std::string posting_body(const v1::Posting& posting) {
    json::Writer out;
    out.begin_object()
        .member("title", posting.title())
        .member("department", posting.department())
        .member("location", posting.location())
        .member("state", posting.state())
        .member("url", posting.url())
        .member("description", posting.description_html())
        .end_object();
    return out.text();
}

// Open to applicants, inside the company at least.
bool is_active(const v1::Posting& posting) {
    return posting.state() == "published" || posting.state() == "internal";
}

}  // namespace

bool is_connected(const Settings& settings, std::string_view job) {
    const auto& jobs = settings.jobs;
    return std::any_of(jobs.begin(), jobs.end(), [job](const JobLink& link) { return link.id == job; });
}

bool is_imported(const Settings& settings, std::string_view posting) {
    const auto& chosen = settings.import_postings;
    return std::find(chosen.begin(), chosen.end(), posting) != chosen.end();
}

sync::Plan put_ats_status(const v1::Change& change, const sync::Situation& situation, const Settings& settings) {
    if (!change.has_cluster()) return skip("not a candidate of Cluster's");
    if (change.mark().deleted() || change.mark().anonymized()) return skip("deleted or anonymized in Lever");
    if (!is_connected(settings, change.cluster().job_id())) return skip("the job is not connected");
    if (change.status().id().empty()) return skip("no status");
    const auto mapped = sync::mapped(settings.status_map, change.status(), settings.status_names);
    http::Request request;
    request.method = http::Method::put;
    request.target = "/jobs/" + http::percent_encode(change.cluster().job_id()) + "/candidates/" +
                     http::percent_encode(change.cluster().candidate_id()) + "/ats-status";
    request.body = status_body(change, situation, mapped);
    const bool first_sync = situation.first_sync;
    return {sync::Send{.request = std::move(request), .then = [first_sync](const sync::Answer& answer) {
                           return sync::judge(answer, first_sync);
                       }}};
}

sync::Plan put_posting(const sync::PostingNews& news, const Settings& settings) {
    if (!is_imported(settings, news.id)) return skip("cluster.import_postings does not name the posting");
    if (!news.posting) return skip("the posting is gone, or not to be seen");
    if (!is_active(*news.posting)) return skip("the posting is not active");
    if (news.posting->title().empty()) return skip("the posting has no title");
    http::Request request;
    request.method = http::Method::put;
    request.target = "/ats/lever/postings/" + http::percent_encode(news.id);
    request.body = posting_body(*news.posting);
    return {sync::Send{.request = std::move(request), .then = [](const sync::Answer& answer) {
                           return sync::judge(answer, false);
                       }}};
}

}  // namespace hirewire::cluster
