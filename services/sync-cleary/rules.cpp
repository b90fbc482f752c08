#include "services/sync-cleary/rules.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/json/value.hpp"
#include "common/json/writer.hpp"
#include "common/sync/judge.hpp"

namespace hirewire::cleary {
namespace {

constexpr std::chrono::hours provider_config_is_good_for{1};
// How often one attempt begins anew because somebody else was quicker; then the whole attempt is made again later.
constexpr int most_looks_again = 3;

const char* const ambiguous =
    "ambiguous: several users have this person's externalId; merge them in Cleary's Users page, then redrive this";
const char* const no_filter =
    "the server does not look users up by externalId, and without that nobody may be created or changed; does it "
    "support the filter externalId eq?";

// What the server can do (RFC 7643 section 5).
struct Provider {
    bool patch = true;
    bool etag = false;
};

// One attempt: what is wanted, with what, and what it may still do.
struct Course {
    Profile wanted{};
    Provider provider{};
    int looks_left = most_looks_again;
    bool had_conflict = false;
};
using Next = sync::Plan (*)(const Course&);

sync::Plan settle(v1::OutcomeKind outcome, std::string reason = {}) {
    return {sync::Settle{.outcome = outcome, .reason = std::move(reason)}};
}

template <typename Verdict>
sync::Plan fail(Verdict verdict) {
    return {sync::Fail{.verdict = std::move(verdict)}};
}

sync::Plan send(
    http::Method method, std::string target, std::string body, std::function<sync::Plan(const sync::Answer&)> then) {
    http::Request request;
    request.method = method;
    request.target = std::move(target);
    request.body = std::move(body);
    return {sync::Send{.request = std::move(request), .then = std::move(then)}};
}

sync::Plan guarded(sync::Plan plan, const Found& found, const Provider& provider) {
    if (provider.etag && !found.etag.empty()) {
        std::get<sync::Send>(plan.step).request.headers.push_back({"If-Match", found.etag});
    }
    return plan;
}

std::string filter_target(std::string_view attribute, const std::string& value) {
    // SCIM strings are JSON strings: quotes in a value must not end it.
    json::Writer quoted;
    quoted.string(value);
    return "/Users?filter=" + http::percent_encode(std::string{attribute} + " eq " + quoted.text());
}

std::string target_of(const Found& found) {
    return "/Users/" + http::percent_encode(found.id);
}

// What the server did, when it did something.
sync::Plan with_effect(sync::Plan plan, const char* effect) {
    auto* settled = std::get_if<sync::Settle>(&plan.step);
    if (settled != nullptr && settled->outcome == v1::OUTCOME_KIND_APPLIED) settled->effect = effect;
    return plan;
}

// Not the list that was asked for: nothing was done, whatever the status says.
sync::Plan judge_read(const sync::Answer& answer) {
    if (answer && answer->status < 300) return fail(pipeline::Retry{.reason = "the list of users is not there"});
    return sync::judge(answer, false);
}

// 412 and 404 mean that somebody else was quicker: again from the look-up, but not for ever.
sync::Plan judge_write(const sync::Answer& answer, Course course, Next again) {
    if (!answer) return sync::judge(answer, false);
    const int status = answer->status;
    if (status == 412 || status == 404) {
        if (course.looks_left == 0) {
            return fail(
                pipeline::Retry{.reason = "changed meanwhile again and again, answered " + std::to_string(status)});
        }
        --course.looks_left;
        return again(course);
    }
    if (status == 409) return fail(pipeline::Retry{.reason = "changed meanwhile, answered 409"});
    if (status == 400 && sync::problem_code(*answer) == "mutability") {
        return settle(v1::OUTCOME_KIND_HANDED_OVER, "the HRIS owns this user now");
    }
    return with_effect(sync::judge(answer, false), "updated");
}

// What a look-up by externalId found: the one user, none, or why neither can be said.
struct Looked {
    json::Value user{};
    std::optional<sync::Plan> trouble{};
};
Looked look(const Result<json::Document>& document, const std::string& external_id) {
    Looked looked;
    if (!document || !(*document)["totalResults"].is_integer()) {
        looked.trouble = fail(pipeline::Retry{.reason = "the list of users cannot be read"});
        return looked;
    }
    const auto users = (*document)["Resources"].items();
    const auto total = (*document)["totalResults"].integer();
    const bool others = std::any_of(
        users.begin(), users.end(), [&](const json::Value& u) { return u["externalId"].string() != external_id; });
    if (others) {
        // One of them would be written to in this person's place.
        looked.trouble = fail(pipeline::Refused{.reason = no_filter});
    } else if (users.size() > 1 || total > 1) {
        looked.trouble = fail(pipeline::Refused{.reason = ambiguous});
    } else if (users.empty() && total != 0) {
        looked.trouble = fail(pipeline::Retry{.reason = "the list of users lacks what it counts"});
    } else if (!users.empty()) {
        looked.user = users.front();
    }
    return looked;
}

sync::Plan find(const Course& course);

sync::Plan put(const std::string& body, const Found& found, const Course& course) {
    if (found.active) {
        // To be sent back as it is, `active` would have to be true.
        return settle(
            v1::OUTCOME_KIND_HANDED_OVER, "somebody has let the user in, and the server replaces users whole only");
    }
    sync::Plan plan = send(http::Method::put, target_of(found), body, [course](const sync::Answer& a) {
        return judge_write(a, course, find);
    });
    return guarded(std::move(plan), found, course.provider);
}

// Whatever its configuration says.
bool has_no_patch(const sync::Answer& answer) {
    return answer && (answer->status == 405 || answer->status == 501);
}

Course without_patch(Course course) {
    course.provider.patch = false;
    --course.looks_left;
    return course;
}

sync::Plan patch(std::string body, std::string whole, const Found& found, const Course& course) {
    sync::Plan plan = send(
        http::Method::patch,
        target_of(found),
        std::move(body),
        [course, found, whole = std::move(whole)](const sync::Answer& a) {
            if (!has_no_patch(a) || course.looks_left == 0) return judge_write(a, course, find);
            return put(whole, found, without_patch(course));
        });
    return guarded(std::move(plan), found, course.provider);
}

sync::Plan update(const json::Value& user, const Course& course) {
    const auto& wanted = course.wanted;
    const Found found = read_user(user);
    if (found.user_type != preboarding) {
        return settle(v1::OUTCOME_KIND_HANDED_OVER, "the user is not in pre-boarding any more");
    }
    // A person can have several opportunities; the newest hire governs.
    const auto& is = found.profile;
    if (is.opportunity_id != wanted.opportunity_id && is_later(is.hired_at, wanted.hired_at)) {
        return settle(v1::OUTCOME_KIND_SKIPPED, "not governing: a newer hire of this person is");
    }
    const auto changes = differences(is, wanted);
    if (changes.empty()) return settle(v1::OUTCOME_KIND_UNCHANGED);
    const auto whole = put_body(user, wanted);
    return course.provider.patch ? patch(patch_body(changes, is), whole, found, course) : put(whole, found, course);
}

// The externalId is nobody's, so the userName is taken. Adopt what is ours, never what is not.
sync::Plan find_by_user_name(const Course& course) {
    return send(
        http::Method::get, filter_target("userName", course.wanted.user_name), {}, [course](const sync::Answer& a) {
            if (!a || a->status != 200) return judge_read(a);
            const auto document = json::Document::parse(a->body);
            const auto users = document ? (*document)["Resources"].items() : std::vector<json::Value>{};
            if (users.empty()) return fail(pipeline::Retry{.reason = "a conflict with nobody to be found"});
            for (const auto& user : users) {
                if (user["externalId"].string() == course.wanted.external_id) return update(user, course);
            }
            return settle(
                v1::OUTCOME_KIND_NEEDS_MERGE,
                "the user name belongs to somebody else's record; merge the two in Cleary's Users page");
        });
}

// Looks by externalId; `nobody` goes on when there is no such user.
sync::Plan find_or(const Course& course, sync::Plan (*nobody)(const Course&)) {
    return send(
        http::Method::get,
        filter_target("externalId", course.wanted.external_id),
        {},
        [course, nobody](const sync::Answer& a) {
            if (!a || a->status != 200) return judge_read(a);
            const auto document = json::Document::parse(a->body);
            const auto looked = look(document, course.wanted.external_id);
            if (looked.trouble) return *looked.trouble;
            return looked.user.exists() ? update(looked.user, course) : nobody(course);
        });
}

// A 409: somebody created this person meanwhile, or somebody else has the userName.
sync::Plan settle_conflict(Course course) {
    if (course.had_conflict || course.looks_left == 0) {
        return fail(pipeline::Retry{.reason = "a conflict with somebody who comes and goes"});
    }
    course.had_conflict = true;
    --course.looks_left;
    return find_or(course, find_by_user_name);
}

sync::Plan create(const Course& course) {
    return send(http::Method::post, "/Users", create_body(course.wanted), [course](const sync::Answer& a) {
        if (a && a->status == 409 && sync::problem_code(*a) == "uniqueness") return settle_conflict(course);
        // Silence or a 5xx: the user may be there. The next attempt begins with the look-up again.
        return with_effect(sync::judge(a, false), "created");
    });
}

sync::Plan find(const Course& course) {
    return find_or(course, create);
}

sync::Plan begin(const json::Document& config, Course course, Next next) {
    if (!config["filter"]["supported"].boolean(true)) return fail(pipeline::Refused{.reason = no_filter});
    course.provider.patch = config["patch"]["supported"].boolean(true);
    course.provider.etag = config["etag"]["supported"].boolean(false);
    return next(course);
}

sync::Plan ask_provider(Course course, Next next) {
    sync::Plan plan = send(
        http::Method::get, "/ServiceProviderConfig", {}, [course = std::move(course), next](const sync::Answer& a) {
            // A server that does not say what it can do is taken to have PATCH and no ETag.
            if (a && (a->status == 404 || a->status == 501)) return next(course);
            if (!a || a->status != 200) return judge_read(a);
            const auto config = json::Document::parse(a->body);
            if (!config || !config->root().is_object()) {
                return fail(pipeline::Retry{.reason = "what the server says that it can do cannot be read"});
            }
            return begin(*config, course, next);
        });
    std::get<sync::Send>(plan.step).remember = provider_config_is_good_for;
    return plan;
}

sync::Plan with_person(
    const v1::Change& change, const Settings& settings, const std::optional<sync::Person>& person) {
    if (!person) return settle(v1::OUTCOME_KIND_NOT_VISIBLE, "Lever does not show this person");
    Course course;
    auto& wanted = course.wanted;
    wanted.external_id = "lever:contact:" + change.contact_id();
    wanted.name = split_name(person->name);
    wanted.email = person->emails.empty() ? std::string{} : person->emails.front();
    if (wanted.name.given.empty()) return fail(pipeline::Refused{.reason = "no first and last name in Lever"});
    if (wanted.email.empty()) return fail(pipeline::Refused{.reason = "no personal e-mail in Lever"});
    wanted.user_name = settings.user_name == "personal_email" ? wanted.email : "lever-" + change.contact_id();
    wanted.title = change.posting().title();
    wanted.department = change.posting().department();
    // Read a moment ago: an offer without a date is the truth by now.
    wanted.start_date = person->start_date;
    wanted.hired_at = iso_time(from_ms(change.hired_at_ms()));
    wanted.opportunity_id = change.opportunity_id();
    return ask_provider(std::move(course), find);
}

// Nothing is ever deleted. Opted in, a user still in pre-boarding loses the start date and stays inactive.
sync::Plan find_and_deactivate(const Course& course);

sync::Plan deactivate_by_put(std::string whole, const Found& found, const Course& course) {
    sync::Plan plan = send(http::Method::put, target_of(found), std::move(whole), [course](const sync::Answer& a) {
        return judge_write(a, course, find_and_deactivate);
    });
    return guarded(std::move(plan), found, course.provider);
}

sync::Plan deactivate_by_patch(std::string whole, const Found& found, const Course& course) {
    sync::Plan plan = send(
        http::Method::patch,
        target_of(found),
        deactivation_body(found.profile),
        [course, found, whole = std::move(whole)](const sync::Answer& a) {
            if (!has_no_patch(a) || course.looks_left == 0) return judge_write(a, course, find_and_deactivate);
            return deactivate_by_put(whole, found, without_patch(course));
        });
    return guarded(std::move(plan), found, course.provider);
}

sync::Plan deactivate(const json::Value& user, const Course& course) {
    const Found found = read_user(user);
    if (found.profile.opportunity_id != course.wanted.opportunity_id || found.user_type != preboarding) {
        return settle(v1::OUTCOME_KIND_SKIPPED, "un-hired, and not ours to change");
    }
    if (!found.active && found.profile.start_date.empty()) return settle(v1::OUTCOME_KIND_UNCHANGED);
    Profile without_first_day = found.profile;
    without_first_day.start_date.clear();
    std::string whole = put_body(user, without_first_day);
    return course.provider.patch ? deactivate_by_patch(std::move(whole), found, course)
                                 : deactivate_by_put(std::move(whole), found, course);
}

sync::Plan find_and_deactivate(const Course& course) {
    return send(
        http::Method::get,
        filter_target("externalId", course.wanted.external_id),
        {},
        [course](const sync::Answer& a) {
            if (!a || a->status != 200) return judge_read(a);
            const auto document = json::Document::parse(a->body);
            const auto looked = look(document, course.wanted.external_id);
            if (looked.trouble) return *looked.trouble;
            if (!looked.user.exists()) return settle(v1::OUTCOME_KIND_SKIPPED, "un-hired, and not known there");
            return deactivate(looked.user, course);
        });
}

sync::Plan take_back(const v1::Change& change, const Settings& settings) {
    // By the state and not by the kind: a later change may have overtaken the un-hiring itself.
    if (settings.deactivate_unhired && !change.contact_id().empty()) {
        Course course;
        course.wanted.external_id = "lever:contact:" + change.contact_id();
        course.wanted.opportunity_id = change.opportunity_id();
        return ask_provider(std::move(course), find_and_deactivate);
    }
    return settle(
        v1::OUTCOME_KIND_SKIPPED,
        change.kind() == v1::CHANGE_KIND_UNHIRED ? "un-hired: reported, nothing changed" : "not hired");
}

// A run, or an operator who has a dead letter told once more: that is one of a run's.
bool is_asked_by_run(const sync::Situation& situation) {
    return std::any_of(situation.run_ids.begin(), situation.run_ids.end(), [](const std::string& id) {
        return id.starts_with(run_prefix) || id.starts_with(sync::redrive_prefix);
    });
}

}  // namespace

bool is_hired_since(std::int64_t hired_at_ms, const Settings& settings) {
    return iso_date(from_ms(hired_at_ms)) >= settings.hired_since;
}

sync::Plan bring_to_preboarding(
    const v1::Change& change, const sync::Situation& situation, const Settings& settings) {
    if (change.mark().deleted() || change.mark().anonymized()) {
        return settle(v1::OUTCOME_KIND_SKIPPED, "deleted or anonymized in Lever");
    }
    if (!change.hired()) return take_back(change, settings);
    if (!is_hired_since(change.hired_at_ms(), settings)) {
        return settle(v1::OUTCOME_KIND_SKIPPED, "hired before cleary.hired_since");
    }
    if (change.contact_id().empty()) return fail(pipeline::Refused{.reason = "the change names no contact"});
    if (!settings.at_once && !is_asked_by_run(situation)) {
        return settle(v1::OUTCOME_KIND_SKIPPED, "left to the daily run");
    }
    return {sync::AskPerson{.then = [change, settings](const std::optional<sync::Person>& person) {
        return with_person(change, settings, person);
    }}};
}

}  // namespace hirewire::cleary
