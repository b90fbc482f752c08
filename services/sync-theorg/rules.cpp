#include "services/sync-theorg/rules.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "common/crypto/hash.hpp"
#include "common/json/value.hpp"
#include "common/json/writer.hpp"
#include "common/sync/judge.hpp"

namespace hirewire::theorg {
namespace {

constexpr std::size_t fingerprint_length = 16;
// So few may vanish at once, whatever part of all jobs they are: a small company has few.
constexpr std::size_t plausible_at_once = 3;

bool is_open(const v1::Posting& posting, const Settings& settings) {
    if (posting.confidential()) return false;
    return posting.state() == "published" || (settings.include_internal && posting.state() == "internal");
}

// Why it cannot be told, or "".
std::string fault_of(const v1::Posting& posting) {
    if (posting.title().empty()) return "no title";
    if (posting.created_at_ms() <= 0) return "no date of creation";
    return {};
}

// Seven members and no eighth: more is not The Org's to know, and what else it has of a job is its users' own.
std::string body_of(const v1::Posting& posting) {
    json::Writer out;
    out.begin_object()
        .member("title", posting.title())
        .member("description", posting.description_html())
        .member("department", posting.department())
        .member("location", posting.location())
        .member("state", posting.state())
        .member("created_at", iso_time(from_ms(posting.created_at_ms())))
        .member("url", posting.url())
        .end_object();
    return out.text();
}

// Another company has been told nothing yet.
std::string fingerprint_of(const std::string& body, const Settings& settings) {
    return crypto::hex(crypto::sha256(settings.company + "\n" + body)).substr(0, fingerprint_length);
}

void decide_put(const std::string& id, const Seen& seen, const Settings& settings, Decision& decision) {
    const auto known = decision.jobs.find(id);
    if (known != decision.jobs.end()) known->second.owed_since_ms = 0;
    if (auto fault = fault_of(*seen.posting); !fault.empty()) {
        decision.unfit.push_back(Unfit{id, std::move(fault)});
        return;
    }
    Put put;
    put.id = id;
    put.body = body_of(*seen.posting);
    put.fingerprint = fingerprint_of(put.body, settings);
    put.written_ms = seen.written_ms;
    Job& job = decision.jobs[id];
    if (job.fingerprint == put.fingerprint) {
        ++decision.unchanged;
        return;
    }
    job.fingerprint.clear();
    decision.puts.push_back(std::move(put));
}

// Lever says of the posting itself that it is not open, or not for everybody; that is no fault of a listing.
bool is_certain(const Seen& seen) {
    return seen.posting.has_value() || seen.gone_for_certain;
}

bool is_implausible(std::size_t vanished, const Postings& postings, const Jobs& sent) {
    if (postings.empty()) return vanished > 0;
    return vanished > plausible_at_once && vanished * 2 > sent.size();
}

std::string path_of_company(const Settings& settings) {
    return "/companies/" + http::percent_encode(settings.company) + "/ats/lever";
}

std::string target_of(const Settings& settings, const std::string& id, const std::string& run_id) {
    return path_of_company(settings) + "/jobs/" + http::percent_encode(id) + "?run=" + http::percent_encode(run_id);
}

bool is_word(std::string_view text) {
    return !text.empty() && text.size() <= 40 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

// The Org's envelope is {"error":{"code":<status>,"reason":"<text>"}}. It ends in outcomes and logs, so a word is all
// that the reason may be.
std::string error_word(const http::Reply& reply) {
    const auto document = json::Document::parse(reply.body);
    if (!document) return {};
    const auto reason = (*document)["error"]["reason"].string();
    return is_word(reason) ? std::string{reason} : sync::problem_code(reply);
}

Judgement success(const http::Reply& reply) {
    Judgement judgement;
    const auto document = json::Document::parse(reply.body);
    const auto outcome = document ? (*document)["outcome"].string() : std::string_view{};
    if (outcome == "unchanged") judgement.outcome = v1::OUTCOME_KIND_UNCHANGED;
    if (outcome == "superseded") {
        judgement.outcome = v1::OUTCOME_KIND_SUPERSEDED;
        judgement.reason = "the destination knows a newer run's state";
    }
    return judgement;
}

Judgement failure(Next next, std::string reason, Milliseconds at_least = Milliseconds{0}) {
    Judgement judgement;
    judgement.next = next;
    judgement.outcome = next == Next::hold ? v1::OUTCOME_KIND_HELD : v1::OUTCOME_KIND_RETRYING;
    judgement.reason = std::move(reason);
    judgement.at_least = at_least;
    return judgement;
}

Judgement done_before(std::string reason) {
    Judgement judgement;
    judgement.outcome = v1::OUTCOME_KIND_UNCHANGED;
    judgement.reason = std::move(reason);
    return judgement;
}

}  // namespace

Decision decide(
    const Postings& postings, const Jobs& sent, const Settings& settings, std::int64_t now_ms, Guard guard) {
    Decision decision;
    decision.jobs = sent;
    for (const auto& [id, seen] : postings) {
        if (!seen.readable) {
            decision.unfit.push_back(Unfit{id, "the record cannot be read"});
            ++decision.unreadable;
        } else if (seen.posting && is_open(*seen.posting, settings)) {
            decide_put(id, seen, settings, decision);
        }
    }
    std::set<std::string> vanished;
    for (const auto& [id, known] : sent) {
        const auto found = postings.find(id);
        const bool there = found != postings.end();
        if (there && !found->second.readable) continue;
        if (there && found->second.posting && is_open(*found->second.posting, settings)) continue;
        auto& since = decision.jobs[id].owed_since_ms;
        if (since == 0) {
            const bool dated = there && found->second.written_ms > 0;
            since = dated ? std::min(found->second.written_ms, now_ms) : now_ms;
        }
        decision.deletes.push_back(id);
        if (!there || !is_certain(found->second)) vanished.insert(id);
    }
    decision.implausible = guard == Guard::on && is_implausible(vanished.size(), postings, sent);
    if (decision.implausible) {
        decision.withheld = vanished.size();
        std::erase_if(decision.deletes, [&](const auto& id) { return vanished.contains(id); });
    }
    return decision;
}

std::int64_t owed_since(const Jobs& jobs) {
    std::int64_t oldest = 0;
    for (const auto& [id, job] : jobs) {
        if (job.owed_since_ms != 0 && (oldest == 0 || job.owed_since_ms < oldest)) oldest = job.owed_since_ms;
    }
    return oldest;
}

http::Request put_job(const Settings& settings, const Put& put, const std::string& run_id) {
    http::Request request;
    request.method = http::Method::put;
    request.target = target_of(settings, put.id, run_id);
    request.body = put.body;
    return request;
}

http::Request delete_job(const Settings& settings, const std::string& id, const std::string& run_id) {
    http::Request request;
    request.method = http::Method::del;
    request.target = target_of(settings, id, run_id);
    return request;
}

http::Request report_import(const Settings& settings, const Tally& tally, const std::string& run_id) {
    json::Writer out;
    out.begin_object()
        .member("complete", tally.complete)
        .member("seen", tally.seen)
        .member("upserted", tally.upserted)
        .member("unchanged", tally.unchanged)
        .member("deleted", tally.deleted)
        .member("failed", tally.failed)
        .end_object();
    http::Request request;
    request.method = http::Method::put;
    request.target = path_of_company(settings) + "/imports/" + http::percent_encode(run_id);
    request.body = out.text();
    return request;
}

Judgement judge(http::Method method, const sync::Answer& answer) {
    if (!answer) return failure(Next::again, answer.error().message());
    const auto& reply = *answer;
    const int status = reply.status;
    if (status >= 200 && status < 300) return success(reply);
    const bool deletes = method == http::Method::del;
    if (deletes && (status == 404 || status == 410)) return done_before("it was not there any more");
    const std::string word = error_word(reply);
    const std::string reason = "answered " + std::to_string(status) + (word.empty() ? "" : " " + word);
    const Milliseconds wish = sync::retry_after(reply).value_or(Milliseconds{0});
    switch (status) {
        case 401:
        case 402:
            return failure(Next::hold, reason);
        case 403:
            return failure(Next::doubtful, reason);
        case 404:
            return failure(Next::doubtful, reason + "; is theorg.company right?");
        case 410: {
            Judgement disconnected = failure(Next::hold, reason + ": the company has disconnected Lever");
            disconnected.outcome = v1::OUTCOME_KIND_DISABLED;
            return disconnected;
        }
        case 408:
        case 412:
        case 425:
        case 428:
        case 429:
            return failure(Next::again, reason, wish);
        case 409:
            if (word == "idempotency-in-flight") return failure(Next::again, reason, wish);
            if (word == "version-conflict") return done_before("an earlier attempt had arrived");
            break;
        case 422:
            if (word == "idempotency-reuse") return done_before("an earlier attempt had arrived");
            break;
        default:
            break;
    }
    if (status >= 500 && status != 501 && status != 505) return failure(Next::again, reason, wish);
    if (status >= 300 && status < 400) {
        return failure(Next::refused, reason + ", a redirect; is the configured URL right?");
    }
    return failure(Next::refused, reason);
}

}  // namespace hirewire::theorg
