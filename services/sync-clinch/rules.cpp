#include "services/sync-clinch/rules.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "common/json/value.hpp"
#include "common/sync/judge.hpp"
#include "services/sync-clinch/fold.hpp"
#include "services/sync-clinch/plans.hpp"
#include "services/sync-clinch/record.hpp"

namespace hirewire::clinch {
namespace {

// Both bound the steps of one attempt.
constexpr std::size_t most_emails = 5;
constexpr std::size_t most_versions = 5;

// What beside the record decides over what an answer means.
struct Terms {
    std::string email_filter{};
    bool client_ids = true;
    bool first_sync = false;
};

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
    if (is_in_flight(*answer, problem)) return after_in_flight(*answer);
    const bool repeated = came_before(*answer, problem);
    if (status == 409 || repeated) {
        if (terms.client_ids) return look_whether_recorded(draft);
        if (repeated) return settle(v1::OUTCOME_KIND_UNCHANGED, "an earlier attempt had arrived");
    }
    if (status == 404 && !terms.first_sync && !problem.code.empty()) {
        return fail(pipeline::NotYet{.reason = problem.code});
    }
    if (status == 400 || status == 409 || status == 422) return refused(*answer, problem);
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
        // Never settled, but its request may have arrived: a success or failure, or what took one back already.
        if (ids.size() < most_versions) ids.push_back(record_id(change.opportunity_id(), it->version()));
    }
    if (!left_one && situation.applied_version == 0) return skip("neither success nor failure");
    if (situation.applied_version > 0) ids.push_back(record_id(change.opportunity_id(), situation.applied_version));

    const Draft draft = draft_of(change, Standing::neither);
    if (terms.client_ids) return take_back(draft, ids, 0, terms);
    // Clinch's ids are not known here: what was left has to do as evidence.
    if (!left_one || situation.applied_version == 0 || situation.first_sync) {
        return settle(v1::OUTCOME_KIND_UNCHANGED, "neither success nor failure, and nothing known to take back");
    }
    return post_of_person(draft, terms);
}

}  // namespace

StateLists lists_of(const Settings& settings, const Learnt& learnt) {
    StateLists lists;
    lists.success = parse_states(settings.success_states);
    lists.failure = parse_states(settings.failure_states);
    lists.success_known = learnt.success;
    lists.failure_known = learnt.failure;
    return lists;
}

sync::Plan record_outcome(
    const v1::Change& change, const sync::Situation& situation, const Settings& settings, const Learnt& learnt) {
    if (change.mark().deleted() || change.mark().anonymized()) return skip("deleted or anonymized in Lever");
    // Clinch publishes: no opt-in reaches here.
    if (change.confidential() || change.posting().confidential()) return skip("confidential");
    if (change.status().id().empty()) return skip("no status");
    Terms terms;
    terms.email_filter = settings.email_filter;
    terms.client_ids = settings.client_ids;
    terms.first_sync = situation.first_sync;
    const StateLists lists = lists_of(settings, learnt);
    const Standing standing = standing_of(change.status(), lists);
    if (standing == Standing::neither) return leave(change, situation, lists, terms);
    return post_of_person(draft_of(change, standing), terms);
}

}  // namespace hirewire::clinch
