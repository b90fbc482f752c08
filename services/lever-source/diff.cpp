#include "services/lever-source/diff.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "common/core/uuid.hpp"

namespace hirewire::source {
namespace {

// A webhook announces a transition that is at most so far from it.
constexpr std::int64_t announced_within_ms = 60'000;
// Emitted later than this after the transition, it is no news any more.
constexpr std::int64_t live_within_ms = 15 * 60'000;
// Lever is given the benefit of the doubt for so long after a webhook.
constexpr std::int64_t catching_up_ms = 5 * 60'000;

// The order of what happens in one millisecond, and the low bits of the version.
int rank(v1::ChangeKind kind) {
    switch (kind) {
        case v1::CHANGE_KIND_UNARCHIVED:
            return 0;
        case v1::CHANGE_KIND_UNHIRED:
            return 1;
        case v1::CHANGE_KIND_APPLIED:
            return 2;
        case v1::CHANGE_KIND_STAGE_CHANGED:
            return 3;
        case v1::CHANGE_KIND_ARCHIVED:
            return 4;
        case v1::CHANGE_KIND_HIRED:
            return 5;
        case v1::CHANGE_KIND_DETAILS_CHANGED:
            return 6;
        case v1::CHANGE_KIND_ANONYMIZED:
            return 7;
        case v1::CHANGE_KIND_DELETED:
            return 8;
        default:
            return 15;
    }
}

struct Transition {
    v1::ChangeKind kind = v1::CHANGE_KIND_UNSPECIFIED;
    std::int64_t at_ms = 0;
    std::string anchor{};
    std::string stage_id{};                     // stage_changed
    std::optional<lever::Archived> archived{};  // archived, hired
};

bool is_archived(const v1::Mark& mark) {
    return mark.archived_at_ms() != 0;
}

std::string archive_anchor(std::int64_t at_ms, const std::string& reason) {
    return std::to_string(at_ms) + "/" + reason;
}

bool is_hire(const lever::Archived& archived, const lever::Vocabulary& vocabulary) {
    const auto reason = vocabulary.archive_reasons.find(archived.reason_id);
    return reason != vocabulary.archive_reasons.end() && reason->second.hired;
}

bool already_counted(const lever::StageChange& change, const v1::Mark& mark) {
    if (change.at_ms != mark.stage_changed_at_ms()) return change.at_ms < mark.stage_changed_at_ms();
    const auto& at_that_moment = mark.stages_at_that_moment();
    return std::find(at_that_moment.begin(), at_that_moment.end(), change.stage_id) != at_that_moment.end();
}

void count(const lever::StageChange& change, v1::Mark& mark) {
    if (change.at_ms != mark.stage_changed_at_ms()) {
        mark.set_stage_changed_at_ms(change.at_ms);
        mark.clear_stages_at_that_moment();
    }
    mark.add_stages_at_that_moment(change.stage_id);
    mark.set_stage_id(change.stage_id);
}

// The un-archiving itself is nowhere in Lever's state: the webhook that told of it has its time, else the first move
// after it, else the record's last update.
std::int64_t unarchived_at(const v1::Mark& mark, const lever::Opportunity& o, const Moment& moment) {
    std::int64_t best = 0;
    for (const auto& hint : moment.hints) {
        if (hint.event == "candidateArchiveChange" && hint.triggered_at > mark.archived_at_ms()) {
            best = std::max(best, hint.triggered_at);
        }
    }
    if (best != 0) return best;
    for (const auto& change : o.stage_changes) {
        if (!already_counted(change, mark)) return std::max(change.at_ms, mark.archived_at_ms() + 1);
    }
    return o.updated_at_ms > mark.archived_at_ms() ? o.updated_at_ms : moment.now_ms;
}

std::vector<Transition> transitions(const v1::Change* last, const Facts& facts, const Moment& moment) {
    const auto& o = facts.opportunity;
    const v1::Mark mark = last != nullptr ? last->mark() : v1::Mark{};
    std::vector<Transition> found;
    if (o.application && o.application->id != mark.application_id()) {
        const auto at = o.application->created_at_ms != 0 ? o.application->created_at_ms : o.created_at_ms;
        found.push_back({.kind = v1::CHANGE_KIND_APPLIED, .at_ms = at, .anchor = o.application->id});
    }
    for (std::size_t i = 0; i < o.stage_changes.size(); ++i) {
        const auto& change = o.stage_changes[i];
        if (already_counted(change, mark)) continue;
        found.push_back(
            {.kind = v1::CHANGE_KIND_STAGE_CHANGED,
             .at_ms = change.at_ms,
             .anchor = std::to_string(change.at_ms) + "/" + change.stage_id,
             .stage_id = change.stage_id});
    }
    const lever::Archived ended{.reason_id = mark.archive_reason_id(), .at_ms = mark.archived_at_ms()};
    const auto end_of_archive = [&](v1::ChangeKind kind, std::int64_t at) {
        found.push_back({.kind = kind, .at_ms = at, .anchor = archive_anchor(ended.at_ms, ended.reason_id)});
    };
    if (o.archived && *o.archived != ended) {
        const bool hire = is_hire(*o.archived, facts.vocabulary);
        if (is_archived(mark) && last->hired() && !hire) end_of_archive(v1::CHANGE_KIND_UNHIRED, o.archived->at_ms);
        found.push_back(
            {.kind = hire ? v1::CHANGE_KIND_HIRED : v1::CHANGE_KIND_ARCHIVED,
             .at_ms = o.archived->at_ms,
             .anchor = archive_anchor(o.archived->at_ms, o.archived->reason_id),
             .archived = o.archived});
    } else if (!o.archived && is_archived(mark)) {
        end_of_archive(
            last->hired() ? v1::CHANGE_KIND_UNHIRED : v1::CHANGE_KIND_UNARCHIVED, unarchived_at(mark, o, moment));
    }
    if (o.anonymized && !mark.anonymized()) {
        const auto at = o.updated_at_ms != 0 ? o.updated_at_ms : moment.now_ms;
        found.push_back({.kind = v1::CHANGE_KIND_ANONYMIZED, .at_ms = at});
    }
    std::stable_sort(found.begin(), found.end(), [](const Transition& a, const Transition& b) {
        return std::pair{a.at_ms, rank(a.kind)} < std::pair{b.at_ms, rank(b.kind)};
    });
    return found;
}

v1::Status stage_status(const std::string& id, const lever::Vocabulary& vocabulary) {
    v1::Status status;
    if (id.empty()) return status;
    status.set_kind(v1::STATUS_KIND_STAGE);
    status.set_id(id);
    const auto stage = vocabulary.stages.find(id);
    if (stage != vocabulary.stages.end()) status.set_name(stage->second.name);
    return status;
}

v1::Status effective_status(const v1::Mark& mark, const lever::Vocabulary& vocabulary) {
    if (!is_archived(mark)) return stage_status(mark.stage_id(), vocabulary);
    v1::Status status;
    status.set_kind(v1::STATUS_KIND_ARCHIVE_REASON);
    status.set_id(mark.archive_reason_id());
    const auto reason = vocabulary.archive_reasons.find(mark.archive_reason_id());
    if (reason != vocabulary.archive_reasons.end()) status.set_name(reason->second.name);
    return status;
}

void set_archived(v1::Mark& mark, const std::optional<lever::Archived>& archived) {
    mark.set_archived_at_ms(archived ? archived->at_ms : 0);
    mark.set_archive_reason_id(archived ? archived->reason_id : std::string{});
}

bool announced(std::int64_t at_ms, const std::vector<Hint>& hints) {
    return std::any_of(hints.begin(), hints.end(), [&](const Hint& hint) {
        return hint.triggered_at != 0 && std::llabs(hint.triggered_at - at_ms) <= announced_within_ms;
    });
}

// The webhook nearest to the transition, else whatever made us look.
void set_cause(v1::Change& change, const Moment& moment) {
    const Hint* nearest = nullptr;
    for (const auto& hint : moment.hints) {
        if (nearest == nullptr || std::llabs(hint.triggered_at - change.occurred_at_ms()) <
                                      std::llabs(nearest->triggered_at - change.occurred_at_ms())) {
            nearest = &hint;
        }
    }
    change.mutable_cause()->set_kind(nearest != nullptr ? nearest->cause_kind : "sweep");
    if (nearest != nullptr) change.mutable_cause()->set_id(nearest->cause_id);
}

bool may_be_live(v1::ChangeKind kind) {
    return kind != v1::CHANGE_KIND_DETAILS_CHANGED && kind != v1::CHANGE_KIND_ANONYMIZED &&
           kind != v1::CHANGE_KIND_DELETED;
}

// Identity, version and cause: what every change gets last.
void seal(v1::Change& change, std::int64_t last_version, std::string anchor, const Moment& moment) {
    const auto at = change.occurred_at_ms();
    change.set_version(std::max(last_version + 1, at * 16 + rank(change.kind())));
    if (change.kind() == v1::CHANGE_KIND_DETAILS_CHANGED) anchor = std::to_string(change.version());
    change.set_account(moment.account);
    change.set_change_id(uuid_v5({moment.account, change.opportunity_id(), name_of(change.kind()), anchor}));
    change.set_live(
        may_be_live(change.kind()) && announced(at, moment.hints) && moment.now_ms - at <= live_within_ms);
    set_cause(change, moment);
}

void set_facts(v1::Change& change, const Facts& facts) {
    const auto& o = facts.opportunity;
    change.set_opportunity_id(o.id);
    change.set_contact_id(o.contact_id);
    change.set_origin(o.origin);
    change.set_confidential(o.confidential || (facts.posting && facts.posting->confidential));
    if (facts.posting) {
        auto& p = *change.mutable_posting();
        p.set_id(facts.posting->id);
        p.set_title(facts.posting->title);
        p.set_department(facts.posting->department);
        p.set_location(facts.posting->location);
        p.set_state(facts.posting->state);
        p.set_external(facts.posting->external);
        p.set_confidential(facts.posting->confidential);
    }
    if (auto link = cluster_link(o.links, facts.cluster_link_prefix)) *change.mutable_cluster() = std::move(*link);
}

bool details_differ(const v1::Change& last, const v1::Change& now) {
    return last.start_date() != now.start_date() || last.contact_id() != now.contact_id() ||
           last.posting().id() != now.posting().id() || last.posting().title() != now.posting().title() ||
           last.posting().department() != now.posting().department() || last.confidential() != now.confidential() ||
           last.cluster().job_id() != now.cluster().job_id() ||
           last.cluster().candidate_id() != now.cluster().candidate_id();
}

}  // namespace

std::string_view name_of(v1::ChangeKind kind) {
    switch (kind) {
        case v1::CHANGE_KIND_APPLIED:
            return "applied";
        case v1::CHANGE_KIND_STAGE_CHANGED:
            return "stage_changed";
        case v1::CHANGE_KIND_ARCHIVED:
            return "archived";
        case v1::CHANGE_KIND_UNARCHIVED:
            return "unarchived";
        case v1::CHANGE_KIND_HIRED:
            return "hired";
        case v1::CHANGE_KIND_UNHIRED:
            return "unhired";
        case v1::CHANGE_KIND_DETAILS_CHANGED:
            return "details_changed";
        case v1::CHANGE_KIND_ANONYMIZED:
            return "anonymized";
        case v1::CHANGE_KIND_DELETED:
            return "deleted";
        default:
            return "unspecified";
    }
}

bool vocabulary_covers(const lever::Opportunity& o, const lever::Vocabulary& vocabulary) {
    if (o.archived && !vocabulary.archive_reasons.contains(o.archived->reason_id)) return false;
    if (!o.stage_id.empty() && !vocabulary.stages.contains(o.stage_id)) return false;
    return true;
}

std::optional<v1::ClusterLink> cluster_link(const std::vector<std::string>& links, std::string_view prefix) {
    if (prefix.empty()) return std::nullopt;
    for (const std::string_view link : links) {
        if (!link.starts_with(prefix)) continue;
        auto rest = link.substr(prefix.size());
        constexpr std::string_view jobs = "jobs/";
        constexpr std::string_view candidates = "/candidates/";
        if (!rest.starts_with(jobs)) continue;
        rest.remove_prefix(jobs.size());
        const auto middle = rest.find(candidates);
        if (middle == std::string_view::npos) continue;
        const auto job = rest.substr(0, middle);
        auto candidate = rest.substr(middle + candidates.size());
        candidate = candidate.substr(0, candidate.find_first_of("/?#"));
        if (job.empty() || candidate.empty() || job.find('/') != std::string_view::npos) continue;
        // Candidates write links too: none of theirs may climb out of the path that it becomes a part of.
        const auto climbs = [](std::string_view id) { return id == "." || id == ".."; };
        if (climbs(job) || climbs(candidate)) continue;
        v1::ClusterLink found;
        found.set_job_id(std::string{job});
        found.set_candidate_id(std::string{candidate});
        return found;
    }
    return std::nullopt;
}

std::vector<v1::Change> diff(const v1::Change* last, const Facts& facts, const Moment& moment) {
    const auto& o = facts.opportunity;
    if (last != nullptr && last->mark().deleted()) return {};
    v1::Change template_change;
    set_facts(template_change, facts);

    std::vector<v1::Change> changes;
    v1::Mark mark = last != nullptr ? last->mark() : v1::Mark{};
    v1::Status status = last != nullptr ? last->status() : v1::Status{};
    bool hired = last != nullptr && last->hired();
    std::optional<v1::Status> before_unhiring;
    const auto emit = [&](v1::ChangeKind kind, std::int64_t at_ms, const std::string& anchor) {
        v1::Change change = template_change;
        change.set_kind(kind);
        change.set_occurred_at_ms(at_ms);
        if (!status.id().empty()) *change.mutable_previous_status() = status;
        status = effective_status(mark, facts.vocabulary);
        *change.mutable_status() = status;
        change.set_hired(hired);
        if (hired) {
            change.set_hired_at_ms(mark.archived_at_ms());
            change.set_start_date(facts.start_date);
        }
        mark.set_updated_at_ms(o.updated_at_ms);
        *change.mutable_mark() = mark;
        const std::int64_t before = !changes.empty()  ? changes.back().version()
                                    : last != nullptr ? last->version()
                                                      : 0;
        seal(change, before, anchor, moment);
        changes.push_back(std::move(change));
    };

    for (const auto& t : transitions(last, facts, moment)) {
        switch (t.kind) {
            case v1::CHANGE_KIND_APPLIED:
                mark.set_application_id(t.anchor);
                // The stage that an application begins in is entered in the same moment or before.
                for (const auto& change : o.stage_changes) {
                    if (change.at_ms <= t.at_ms && !already_counted(change, mark)) count(change, mark);
                }
                if (mark.stage_id().empty()) {
                    mark.set_stage_id(o.stage_changes.empty() ? o.stage_id : o.stage_changes.front().stage_id);
                }
                emit(t.kind, t.at_ms, t.anchor);
                break;
            case v1::CHANGE_KIND_STAGE_CHANGED: {
                const lever::StageChange change{.stage_id = t.stage_id, .at_ms = t.at_ms};
                if (already_counted(change, mark)) break;
                const bool same_stage = mark.stage_id() == t.stage_id;
                count(change, mark);
                // An archived opportunity can move and stays archived: its effective status does not change. Nor does
                // it when the stage is the one that applying began in.
                if (is_archived(mark) || same_stage) break;
                emit(t.kind, t.at_ms, t.anchor);
                break;
            }
            case v1::CHANGE_KIND_ARCHIVED:
            case v1::CHANGE_KIND_HIRED:
                set_archived(mark, t.archived);
                hired = t.kind == v1::CHANGE_KIND_HIRED;
                if (before_unhiring) status = *std::exchange(before_unhiring, std::nullopt);
                emit(t.kind, t.at_ms, t.anchor);
                break;
            case v1::CHANGE_KIND_UNARCHIVED:
            case v1::CHANGE_KIND_UNHIRED:
                // Archived anew under another reason: the state goes straight to it.
                set_archived(mark, o.archived);
                if (!o.archived && mark.stage_id().empty()) mark.set_stage_id(o.stage_id);
                hired = false;
                before_unhiring = status;
                emit(t.kind, t.at_ms, t.anchor);
                // The archiving that follows in the same moment is the news; two would ask a candidate twice.
                if (o.archived) changes.back().set_live(false);
                break;
            case v1::CHANGE_KIND_ANONYMIZED:
                mark.set_anonymized(true);
                emit(t.kind, t.at_ms, t.anchor);
                break;
            default:
                break;
        }
    }

    if (!o.stage_id.empty() && mark.stage_id() != o.stage_id) {
        // Lever's own state is the truth, also where its history does not tell how it came about.
        mark.set_stage_id(o.stage_id);
        const auto known = std::max(o.updated_at_ms, mark.stage_changed_at_ms());
        const auto at = known != 0 ? known : moment.now_ms;
        if (!is_archived(mark)) {
            emit(v1::CHANGE_KIND_STAGE_CHANGED, at, "state/" + std::to_string(at) + "/" + o.stage_id);
        }
    }
    if (changes.empty() && last != nullptr) {
        v1::Change now = template_change;
        now.set_start_date(hired ? facts.start_date : std::string{});
        // Name and addresses are in no record, so that they have changed is known from the contact's webhook only; it
        // matters where they were sent, for a standing hire.
        const bool person_changed = hired && std::any_of(moment.hints.begin(), moment.hints.end(), [](const Hint& h) {
                                        return h.cause_kind == "contact";
                                    });
        if (person_changed || details_differ(*last, now)) {
            emit(v1::CHANGE_KIND_DETAILS_CHANGED, moment.now_ms, {});
            // The status is the one it was, so what was before it still is.
            auto& change = changes.back();
            change.clear_previous_status();
            if (last->has_previous_status()) *change.mutable_previous_status() = last->previous_status();
        }
    }
    if (last == nullptr && !changes.empty()) {
        // Seen for the first time. What lies before anything announced is history: its sum is enough.
        const auto news = std::find_if(changes.begin(), changes.end(), [&](const v1::Change& change) {
            return announced(change.occurred_at_ms(), moment.hints);
        });
        changes.erase(changes.begin(), news != changes.end() ? news : std::prev(changes.end()));
    }
    return changes;
}

std::optional<v1::Change> deletion(const v1::Change* last, std::int64_t deleted_at_ms, const Moment& moment) {
    if (last == nullptr || last->mark().deleted()) return std::nullopt;
    v1::Change change = *last;
    change.set_kind(v1::CHANGE_KIND_DELETED);
    change.set_occurred_at_ms(deleted_at_ms != 0 ? deleted_at_ms : moment.now_ms);
    *change.mutable_previous_status() = last->status();
    change.set_hired(false);
    change.clear_hired_at_ms();
    change.clear_start_date();
    change.mutable_mark()->set_deleted(true);
    seal(change, last->version(), {}, moment);
    return change;
}

bool caught_up(const v1::Change* last, const lever::Opportunity& o, const Moment& moment) {
    std::vector<std::int64_t> times{o.created_at_ms};
    for (const auto& change : o.stage_changes) times.push_back(change.at_ms);
    if (o.archived) times.push_back(o.archived->at_ms);
    if (o.application) times.push_back(o.application->created_at_ms);
    // What has no moment in Lever's state; details and anonymizing have none of Lever's at all.
    const bool moved =
        last != nullptr && (last->kind() == v1::CHANGE_KIND_UNARCHIVED || last->kind() == v1::CHANGE_KIND_UNHIRED ||
                            last->kind() == v1::CHANGE_KIND_STAGE_CHANGED);
    if (moved) times.push_back(last->occurred_at_ms());
    return std::all_of(moment.hints.begin(), moment.hints.end(), [&](const Hint& hint) {
        const bool announces = hint.event == "candidateStageChange" || hint.event == "candidateArchiveChange" ||
                               hint.event == "candidateHired" || hint.event == "applicationCreated";
        if (!announces || moment.now_ms - hint.triggered_at > catching_up_ms) return true;
        return std::any_of(times.begin(), times.end(), [&](std::int64_t at) {
            return std::llabs(at - hint.triggered_at) <= announced_within_ms;
        });
    });
}

}  // namespace hirewire::source
