#include "services/sync-clinch/rules.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "common/core/uuid.hpp"
#include "common/json/value.hpp"
#include "common/json/writer.hpp"
#include "common/sync/judge.hpp"
#include "services/sync-clinch/fold.hpp"
#include "services/sync-clinch/states.hpp"

namespace hirewire::clinch {
namespace {

const std::string records = "/candidate_outcomes";
const std::string record_type = "candidate_outcome";
const std::string reverted = "reverted";

// Both bound the steps of one attempt.
constexpr std::size_t most_emails = 5;
constexpr std::size_t most_versions = 5;

// A record as it is sent.
struct Draft {
    std::string id{};
    std::string outcome{};
    std::string state{};
    std::string ats_status{};
    std::string occurred_at{};
    std::string candidate{};
    std::string job{};
};

// What beside the record decides over what an answer means.
struct Terms {
    std::string email_filter{};
    bool client_ids = true;
    bool first_sync = false;
};

// A record as Clinch has it.
struct Recorded {
    std::string outcome{};
    std::string candidate{};
    std::string job{};
};

sync::Plan settle(v1::OutcomeKind outcome, std::string reason = {}) {
    return {sync::Settle{.outcome = outcome, .reason = std::move(reason)}};
}

sync::Plan skip(std::string reason) {
    return settle(v1::OUTCOME_KIND_SKIPPED, std::move(reason));
}

sync::Plan fail(pipeline::Verdict verdict) {
    return {sync::Fail{.verdict = std::move(verdict)}};
}

sync::Plan get(std::string target, std::function<sync::Plan(const sync::Answer&)> then) {
    http::Request request;
    request.target = std::move(target);
    return {sync::Send{.request = std::move(request), .then = std::move(then)}};
}

StateLists lists_of(const Settings& settings) {
    return {.success = parse_states(settings.success_states), .failure = parse_states(settings.failure_states)};
}

// PageUp's class of the status.
std::string ats_status(const v1::Change& change, Standing standing) {
    if (change.hired()) return "Hired";
    if (change.status().kind() != v1::STATUS_KIND_ARCHIVE_REASON) return "Active";
    return standing == Standing::failure ? "Rejected" : "Archived";
}

Draft draft_of(const v1::Change& change, Standing standing) {
    Draft draft;
    draft.id = record_id(change.opportunity_id(), change.version());
    draft.outcome = reverted;
    if (standing == Standing::success) draft.outcome = "success";
    if (standing == Standing::failure) draft.outcome = "failure";
    draft.state = lower_case(change.status().name());
    if (draft.state.empty()) draft.state = change.status().id();
    draft.ats_status = ats_status(change, standing);
    draft.occurred_at = iso_time(from_ms(change.occurred_at_ms()));
    draft.job = change.posting().id();
    return draft;
}

void write_relationship(json::Writer& out, std::string_view type, const std::string& id) {
    out.key(type).begin_object().key("data").begin_object();
    out.member("type", type).member("id", id);
    out.end_object().end_object();
}

std::string body(const Draft& draft, bool client_ids) {
    json::Writer out;
    out.begin_object().key("data").begin_object();
    out.member("type", record_type);
    if (client_ids) out.member("id", draft.id);
    out.key("attributes").begin_object();
    out.member("outcome", draft.outcome).member("state", draft.state);
    out.member("ats_status", draft.ats_status).member("occurred_at", draft.occurred_at);
    out.end_object();
    out.key("relationships").begin_object();
    write_relationship(out, "candidate", draft.candidate);
    write_relationship(out, "job", draft.job);
    out.end_object();
    out.end_object().end_object();
    return out.text();
}

// The first of JSON:API's errors. Both texts end in outcomes and logs, so a word and a path are all that they may be.
struct Problem {
    std::string code{};
    std::string pointer{};
};

std::string if_made_of(std::string_view text, std::string_view punctuation) {
    const bool good = text.size() <= 80 && std::all_of(text.begin(), text.end(), [&](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                 punctuation.find(c) != std::string_view::npos;
                      });
    return good ? std::string{text} : std::string{};
}

Problem read_problem(const http::Reply& reply) {
    Problem problem;
    const auto document = json::Document::parse(reply.body);
    if (!document) return problem;
    const auto errors = (*document)["errors"].items();
    if (errors.empty()) return problem;
    problem.code = if_made_of(errors.front()["code"].string(), "-_");
    problem.pointer = if_made_of(errors.front()["source"]["pointer"].string(), "-_/");
    return problem;
}

// JSON:API: 403 is the answer to a client-made id where such are not taken.
bool wants_its_own_ids(const http::Reply& reply) {
    const auto text = lower_case(reply.body);
    return text.find("client-generated id") != std::string::npos ||
           text.find("client generated id") != std::string::npos;
}

std::optional<Recorded> read_record(const http::Reply& reply, const std::string& id) {
    const auto document = json::Document::parse(reply.body);
    if (!document) return std::nullopt;
    const auto data = (*document)["data"];
    if (data["type"].string() != record_type || data["id"].string() != id) return std::nullopt;
    Recorded recorded;
    recorded.outcome = data["attributes"]["outcome"].string();
    recorded.candidate = data["relationships"]["candidate"]["data"]["id"].string();
    recorded.job = data["relationships"]["job"]["data"]["id"].string();
    return recorded;
}

// An answer that is not what was asked for: nothing was done, whatever the status says.
sync::Plan judge_read(const sync::Answer& answer) {
    if (answer && answer->status < 300) return fail(pipeline::Retry{.reason = "the answer cannot be read"});
    return sync::judge(answer, false);
}

// After a conflict: it is about our id, which is there since an earlier attempt, or about something else.
sync::Plan look_whether_recorded(const Draft& draft) {
    return get(records + "/" + draft.id, [draft](const sync::Answer& answer) -> sync::Plan {
        if (answer && answer->status == 404) {
            return fail(pipeline::Refused{.reason = "a conflict, and not about our id"});
        }
        if (!answer || answer->status != 200) return judge_read(answer);
        const auto recorded = read_record(*answer, draft.id);
        if (!recorded) return judge_read(answer);
        if (recorded->outcome == draft.outcome) {
            return settle(v1::OUTCOME_KIND_UNCHANGED, "an earlier attempt had arrived");
        }
        return fail(pipeline::Refused{.reason = "recorded before with another outcome"});
    });
}

sync::Plan judge_write(const sync::Answer& answer, const Draft& draft, const Terms& terms) {
    if (!answer) return sync::judge(answer, terms.first_sync);
    const int status = answer->status;
    const auto problem = read_problem(*answer);
    if (status == 403 && wants_its_own_ids(*answer)) {
        return fail(
            pipeline::Hold{.reason = "answered 403: Clinch makes its own ids, set clinch.client_ids to false"});
    }
    if (status == 409 && problem.code == "idempotency-in-flight") {
        const auto wish = sync::retry_after(*answer).value_or(Milliseconds{0});
        return fail(pipeline::Retry{.reason = "answered 409", .at_least = wish});
    }
    const bool repeated = problem.code == "idempotency-reuse" || problem.code == "version-conflict";
    if (status == 409 || (status == 422 && repeated)) {
        if (terms.client_ids) return look_whether_recorded(draft);
        if (repeated) return settle(v1::OUTCOME_KIND_UNCHANGED, "an earlier attempt had arrived");
    }
    if (status == 404 && !terms.first_sync && !problem.code.empty()) {
        return fail(pipeline::NotYet{.reason = problem.code});
    }
    if (status == 400 || status == 409 || status == 422) {
        std::string reason = "answered " + std::to_string(status);
        if (!problem.pointer.empty()) reason += " about " + problem.pointer;
        return fail(pipeline::Refused{.reason = std::move(reason)});
    }
    return sync::judge(answer, terms.first_sync);
}

sync::Plan post(const Draft& draft, const Terms& terms) {
    http::Request request;
    request.method = http::Method::post;
    request.target = records;
    request.body = body(draft, terms.client_ids);
    return {sync::Send{.request = std::move(request), .then = [draft, terms](const sync::Answer& answer) {
                           return judge_write(answer, draft, terms);
                       }}};
}

// Who is not asked for may come as well: a filter that Clinch does not know, or that looks for parts of an address.
std::vector<std::string> candidates_with(const json::Value& candidates, const std::string& email) {
    std::vector<std::string> ids;
    for (const auto& candidate : candidates.items()) {
        if (comparable(candidate["attributes"]["email"].string()) != comparable(email)) continue;
        std::string id{candidate["id"].string()};
        if (!id.empty() && std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(std::move(id));
    }
    return ids;
}

sync::Plan find_candidate(
    const Draft& draft, const std::vector<std::string>& emails, std::size_t index, const Terms& terms) {
    auto then = [draft, emails, index, terms](const sync::Answer& answer) -> sync::Plan {
        if (!answer || answer->status != 200) return judge_read(answer);
        const auto document = json::Document::parse(answer->body);
        if (!document || !(*document)["data"].is_array()) return judge_read(answer);
        const auto ids = candidates_with((*document)["data"], emails[index]);
        if (ids.size() > 1) {
            return fail(pipeline::Refused{.reason = "ambiguous: several candidates have this address"});
        }
        if (ids.size() == 1) {
            Draft whole = draft;
            whole.candidate = ids.front();
            return post(whole, terms);
        }
        if (index + 1 < emails.size()) return find_candidate(draft, emails, index + 1, terms);
        if (terms.first_sync) return skip("the destination does not know this person");
        const bool others = (*document)["data"].size() > 0;
        return fail(pipeline::NotYet{
            .reason =
                others ? "unknown-candidate; others came, is clinch.email_filter right?" : "unknown-candidate"});
    };
    const std::string filter = http::percent_encode(terms.email_filter) + "=" + http::percent_encode(emails[index]);
    return get("/candidates?" + filter, std::move(then));
}

std::vector<std::string> addresses(const sync::Person& person) {
    std::vector<std::string> emails;
    std::vector<std::string> seen;
    for (const auto& email : person.emails) {
        const auto begin = email.find_first_not_of(" \t\r\n");
        if (begin == std::string::npos || emails.size() == most_emails) continue;
        auto form = comparable(email);
        if (std::find(seen.begin(), seen.end(), form) != seen.end()) continue;
        seen.push_back(std::move(form));
        emails.push_back(email.substr(begin, email.find_last_not_of(" \t\r\n") - begin + 1));
    }
    return emails;
}

// Who it is, is asked at the moment of the attempt: topics hold no address.
sync::Plan post_of_person(const Draft& draft, const Terms& terms) {
    if (draft.job.empty()) return skip("no posting: an outcome belongs to a job");
    return {sync::AskPerson{.then = [draft, terms](const std::optional<sync::Person>& person) -> sync::Plan {
        if (!person) return settle(v1::OUTCOME_KIND_NOT_VISIBLE, "Lever does not show this person");
        const auto emails = addresses(*person);
        if (emails.empty()) return skip("no e-mail in Lever by which Clinch could know this person");
        return find_candidate(draft, emails, 0, terms);
    }}};
}

// Looks from the newest change to the oldest for the last one that made a record, and takes that record back.
sync::Plan take_back(const Draft& draft, const std::vector<std::string>& ids, std::size_t index, const Terms& terms) {
    if (index == ids.size()) {
        // The ledger moves on: what an older change still has to say, it says too late.
        return settle(v1::OUTCOME_KIND_UNCHANGED, "neither success nor failure, and nothing recorded to take back");
    }
    return get(records + "/" + ids[index], [draft, ids, index, terms](const sync::Answer& answer) -> sync::Plan {
        if (answer && answer->status == 404) return take_back(draft, ids, index + 1, terms);
        if (!answer || answer->status != 200) return judge_read(answer);
        const auto recorded = read_record(*answer, ids[index]);
        if (!recorded) return judge_read(answer);
        if (recorded->outcome == reverted) return settle(v1::OUTCOME_KIND_UNCHANGED, "taken back before");
        if (recorded->candidate.empty() || recorded->job.empty()) {
            return fail(pipeline::Refused{.reason = "the record names no candidate or no job"});
        }
        // About the very candidate and job that it takes back; nobody need be asked who that is.
        Draft whole = draft;
        whole.candidate = recorded->candidate;
        whole.job = recorded->job;
        return post(whole, terms);
    });
}

// Neither success nor failure: nothing is sent, unless that takes back what was recorded before.
sync::Plan leave(
    const v1::Change& change, const sync::Situation& situation, const StateLists& lists, const Terms& terms) {
    const auto counts = [&](const v1::Status& status) { return standing_of(status, lists) != Standing::neither; };
    std::vector<std::string> ids;
    bool left_one = counts(change.previous_status());
    for (auto it = situation.older.rbegin(); it != situation.older.rend(); ++it) {
        left_one = left_one || counts(it->status()) || counts(it->previous_status());
        // Never settled, but its request may have arrived.
        if (counts(it->status()) && ids.size() < most_versions) {
            ids.push_back(record_id(change.opportunity_id(), it->version()));
        }
    }
    if (situation.applied_version > 0) ids.push_back(record_id(change.opportunity_id(), situation.applied_version));
    if (!left_one && ids.empty()) return skip("neither success nor failure");

    const Draft draft = draft_of(change, Standing::neither);
    if (terms.client_ids) return take_back(draft, ids, 0, terms);
    // Clinch's ids are not known here: what was left has to do as evidence.
    if (!left_one || situation.applied_version == 0 || situation.first_sync) {
        return settle(v1::OUTCOME_KIND_UNCHANGED, "neither success nor failure, and nothing known to take back");
    }
    return post_of_person(draft, terms);
}

class Clinch final : public sync::Destination {
public:
    [[nodiscard]] std::string_view name() const override { return "clinch"; }
    [[nodiscard]] std::uint16_t default_admin_port() const override { return 9115; }

    void declare(config::Section& section) override {
        // The second list is checked against the first as it has just been read, in the file or by its default.
        const auto success = std::make_shared<std::string>();
        const auto check_success = [success](const std::string& list) -> std::string {
            *success = list;
            return fault_of(list);
        };
        const auto check_failure = [success](const std::string& list) -> std::string {
            if (auto fault = fault_of(list); !fault.empty()) return fault;
            const auto both = claimed_by_both(*success, list);
            return both.empty() ? "" : "other states than in clinch.success_states (both have \"" + both + "\")";
        };
        section
            .text(
                "success_states",
                settings_.success_states,
                "Stages and archive reasons that count as success: names, \"ideally in lowercase and separated by "
                "commas\", or id:<id>. What counts is your own practice; a hire does only if it is in here.",
                check_success)
            .text(
                "failure_states",
                settings_.failure_states,
                "Those that count as failure. What is in neither list is not told; what is in both is refused.",
                check_failure)
            .text(
                "email_filter",
                settings_.email_filter,
                "The query parameter of GET /candidates by which a candidate is found by e-mail.",
                [](const std::string& value) -> std::string {
                    return value.empty() ? "the name of a parameter, such as \"filter[email]\"" : "";
                })
            .flag(
                "client_ids",
                settings_.client_ids,
                "Whether records have ids of ours. Off, for a server that makes its own: a repeat is then told by "
                "its Idempotency-Key alone.")
            .text(
                "signature",
                settings_.signature,
                "method_first, as Clinch documents it, or without_method, as its older client signs.",
                config::one_of({"method_first", "without_method"}))
            .flag(
                "content_md5",
                settings_.content_md5,
                "Whether bodies get a Content-MD5. Without it the signature does not cover them.");
    }

    [[nodiscard]] sync::Plan plan(const v1::Change& change, const sync::Situation& situation) const override {
        return record_outcome(change, situation, settings_);
    }

    [[nodiscard]] bool asks_for_people() const override { return true; }
    [[nodiscard]] std::string_view media_type() const override { return "application/vnd.api+json"; }
    [[nodiscard]] sync::Proof proof() const override { return sync::Proof::signature; }

    void authorize(
        http::Request& request,
        const sync::Credential& credential,
        std::string_view base_path,
        Timestamp now) const override {
        Signing signing;
        signing.content_md5 = settings_.content_md5;
        if (settings_.signature == "without_method") signing.text = SignedText::without_method;
        sign(request, credential, base_path, now, signing);
    }

    [[nodiscard]] std::string why_refused(const http::Reply& reply, Timestamp now) const override {
        return reply.status == 401 ? clock_fault(reply, now) : std::string{};
    }

    // Who comes from a state that counts and is on the way to another that does not: the newer change no longer tells
    // that there is something to take back.
    [[nodiscard]] bool must_be_told(const v1::Change& change, const v1::Change& newer) const override {
        const StateLists lists = lists_of(settings_);
        return standing_of(change.previous_status(), lists) != Standing::neither &&
               standing_of(newer.status(), lists) == Standing::neither;
    }

private:
    Settings settings_;
};

}  // namespace

sync::Plan record_outcome(const v1::Change& change, const sync::Situation& situation, const Settings& settings) {
    if (change.mark().deleted() || change.mark().anonymized()) return skip("deleted or anonymized in Lever");
    // Clinch publishes: no opt-in reaches here.
    if (change.confidential() || change.posting().confidential()) return skip("confidential");
    if (change.status().id().empty()) return skip("no status");
    Terms terms;
    terms.email_filter = settings.email_filter;
    terms.client_ids = settings.client_ids;
    terms.first_sync = situation.first_sync;
    const StateLists lists = lists_of(settings);
    const Standing standing = standing_of(change.status(), lists);
    if (standing == Standing::neither) return leave(change, situation, lists, terms);
    return post_of_person(draft_of(change, standing), terms);
}

std::string record_id(const std::string& opportunity, std::int64_t version) {
    return uuid_v5({"clinch", opportunity, std::to_string(version)});
}

std::unique_ptr<sync::Destination> make_destination() {
    return std::make_unique<Clinch>();
}

}  // namespace hirewire::clinch
