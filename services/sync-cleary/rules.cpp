#include "services/sync-cleary/rules.hpp"

#include <vector>

#include "common/json/value.hpp"
#include "common/json/writer.hpp"
#include "common/sync/judge.hpp"

namespace hirewire::cleary {
namespace {

const std::string core_schema = "urn:ietf:params:scim:schemas:core:2.0:User";
const std::string enterprise_schema = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
// The namespace that is reserved for examples, until the project controls one.
const std::string preboarding_schema = "urn:example:params:scim:schemas:extension:preboarding:1.0:User";
const std::string patch_schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
constexpr std::string_view preboarding = "Preboarding";
constexpr std::chrono::hours provider_config_is_good_for{1};

// What we want the user to be.
struct Wanted {
    std::string external_id{};
    std::string user_name{};
    Name name{};
    std::string title{};
    std::string email{};
    std::string department{};
    std::string start_date{};
    std::string hired_at{};
    std::string opportunity_id{};
};

// What the server can do (RFC 7643 section 5).
struct Provider {
    bool patch = true;
    bool etag = false;
};

// What the user is.
struct Found {
    std::string id{};
    std::string external_id{};
    std::string user_type{};
    std::string etag{};
    Wanted values{};
};

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

std::string filter_target(std::string_view attribute, const std::string& value) {
    // SCIM strings are JSON strings: quotes in a value must not end it.
    json::Writer quoted;
    quoted.string(value);
    return "/Users?filter=" + http::percent_encode(std::string{attribute} + " eq " + quoted.text());
}

Found read_user(const json::Value& user) {
    Found found;
    const auto text = [](const json::Value& v) { return std::string{v.string()}; };
    found.id = text(user["id"]);
    found.external_id = text(user["externalId"]);
    found.user_type = text(user["userType"]);
    found.etag = text(user["meta"]["version"]);
    auto& v = found.values;
    v.external_id = found.external_id;
    v.user_name = text(user["userName"]);
    v.name.given = text(user["name"]["givenName"]);
    v.name.family = text(user["name"]["familyName"]);
    v.title = text(user["title"]);
    for (const auto& email : user["emails"].items()) {
        if (email["type"].string() == "home") v.email = text(email["value"]);
    }
    v.department = text(user[enterprise_schema]["department"]);
    const auto extension = user[preboarding_schema];
    v.start_date = text(extension["startDate"]);
    v.hired_at = text(extension["hiredAt"]);
    v.opportunity_id = text(extension["leverOpportunityId"]);
    return found;
}

std::string create_body(const Wanted& w) {
    json::Writer out;
    out.begin_object();
    out.key("schemas").begin_array();
    out.string(core_schema).string(enterprise_schema).string(preboarding_schema).end_array();
    out.member("externalId", w.external_id);
    out.member("userName", w.user_name);
    out.key("name").begin_object();
    out.member("givenName", w.name.given).member("familyName", w.name.family).end_object();
    if (!w.title.empty()) out.member("title", w.title);
    out.member("userType", preboarding);
    out.member("active", false);
    out.key("emails").begin_array().begin_object();
    out.member("value", w.email).member("type", "home").end_object().end_array();
    if (!w.department.empty()) {
        out.key(enterprise_schema).begin_object().member("department", w.department).end_object();
    }
    out.key(preboarding_schema).begin_object();
    if (!w.start_date.empty()) out.member("startDate", w.start_date);
    out.member("hiredAt", w.hired_at).member("leverOpportunityId", w.opportunity_id).end_object();
    out.end_object();
    return out.text();
}

struct Operation {
    std::string path{};
    std::string value{};  // empty = remove
};

// Only what we own and what differs.
std::vector<Operation> operations(const Wanted& is, const Wanted& wanted) {
    std::vector<Operation> result;
    const auto compare = [&result](const std::string& a, const std::string& b, std::string path) {
        if (a != b) result.push_back({.path = std::move(path), .value = b});
    };
    compare(is.name.given, wanted.name.given, "name.givenName");
    compare(is.name.family, wanted.name.family, "name.familyName");
    compare(is.title, wanted.title, "title");
    compare(is.email, wanted.email, "emails[type eq \"home\"].value");
    compare(is.department, wanted.department, enterprise_schema + ":department");
    compare(is.start_date, wanted.start_date, preboarding_schema + ":startDate");
    compare(is.hired_at, wanted.hired_at, preboarding_schema + ":hiredAt");
    compare(is.opportunity_id, wanted.opportunity_id, preboarding_schema + ":leverOpportunityId");
    return result;
}

std::string patch_body(const std::vector<Operation>& operations) {
    json::Writer out;
    out.begin_object();
    out.key("schemas").begin_array().string(patch_schema).end_array();
    out.key("Operations").begin_array();
    for (const auto& operation : operations) {
        out.begin_object();
        out.member("op", operation.value.empty() ? "remove" : "replace").member("path", operation.path);
        if (!operation.value.empty()) out.member("value", operation.value);
        out.end_object();
    }
    out.end_array().end_object();
    return out.text();
}

// The record just read, with our attributes changed: for servers without PATCH. Members of others stay as they are.
std::string put_body(const json::Value& user, const Wanted& w) {
    json::Writer out;
    out.begin_object();
    for (const auto& [name, value] : user.members()) {
        if (name == "meta" || name == "name" || name == "title" || name == "emails" || name == enterprise_schema ||
            name == preboarding_schema) {
            continue;
        }
        out.key(name).value(value);
    }
    out.key("name").begin_object();
    out.member("givenName", w.name.given).member("familyName", w.name.family).end_object();
    if (!w.title.empty()) out.member("title", w.title);
    out.key("emails").begin_array();
    for (const auto& email : user["emails"].items()) {
        if (email["type"].string() != "home") out.value(email);
    }
    out.begin_object().member("value", w.email).member("type", "home").end_object().end_array();
    out.key(enterprise_schema).begin_object();
    for (const auto& [name, value] : user[enterprise_schema].members()) {
        if (name != "department") out.key(name).value(value);
    }
    if (!w.department.empty()) out.member("department", w.department);
    out.end_object();
    out.key(preboarding_schema).begin_object();
    if (!w.start_date.empty()) out.member("startDate", w.start_date);
    out.member("hiredAt", w.hired_at).member("leverOpportunityId", w.opportunity_id).end_object();
    out.end_object();
    return out.text();
}

// Not the list that was asked for: nothing was done, whatever the status says.
sync::Plan judge_read(const sync::Answer& answer) {
    if (answer && answer->status < 300) return fail(pipeline::Retry{.reason = "the list of users is not there"});
    return sync::judge(answer, false);
}

// 409 and 412 mean that somebody else was quicker: the whole sequence again, from the look-up.
sync::Plan judge_write(const sync::Answer& answer) {
    if (!answer) return sync::judge(answer, false);
    if (answer->status == 412 || answer->status == 404 || answer->status == 409) {
        return fail(pipeline::Retry{.reason = "changed meanwhile, answered " + std::to_string(answer->status)});
    }
    if (answer->status == 400 && sync::problem_code(*answer) == "mutability") {
        return settle(v1::OUTCOME_KIND_HANDED_OVER, "the HRIS owns this user now");
    }
    return sync::judge(answer, false);
}

sync::Plan guarded(sync::Plan plan, const Found& found, const Provider& provider) {
    if (provider.etag && !found.etag.empty()) {
        std::get<sync::Send>(plan.step).request.headers.push_back({"If-Match", found.etag});
    }
    return plan;
}

sync::Plan update(const json::Value& user, const Wanted& wanted, const Provider& provider) {
    const Found found = read_user(user);
    if (found.user_type != preboarding) {
        return settle(v1::OUTCOME_KIND_HANDED_OVER, "the user is not in pre-boarding any more");
    }
    // A person can have several opportunities; the newest hire governs. ISO times compare as texts.
    if (found.values.opportunity_id != wanted.opportunity_id && found.values.hired_at > wanted.hired_at) {
        return settle(v1::OUTCOME_KIND_SKIPPED, "not governing: a newer hire of this person is");
    }
    const auto changes = operations(found.values, wanted);
    if (changes.empty()) return settle(v1::OUTCOME_KIND_UNCHANGED);
    const std::string target = "/Users/" + http::percent_encode(found.id);
    sync::Plan plan = provider.patch ? send(http::Method::patch, target, patch_body(changes), judge_write)
                                     : send(http::Method::put, target, put_body(user, wanted), judge_write);
    return guarded(std::move(plan), found, provider);
}

// A 409 though the externalId was not there: the userName is taken. Adopt what is ours, never what is not.
sync::Plan settle_conflict(const Wanted& wanted, const Provider& provider) {
    return send(
        http::Method::get,
        filter_target("userName", wanted.user_name),
        {},
        [wanted, provider](const sync::Answer& a) {
            if (!a || a->status != 200) return judge_read(a);
            const auto document = json::Document::parse(a->body);
            const auto users = document ? (*document)["Resources"].items() : std::vector<json::Value>{};
            if (users.empty()) return fail(pipeline::Retry{.reason = "a conflict with nobody to be found"});
            if (users.front()["externalId"].string() != wanted.external_id) {
                return settle(v1::OUTCOME_KIND_NEEDS_MERGE, "the user name belongs to somebody else's record");
            }
            return update(users.front(), wanted, provider);
        });
}

sync::Plan create(const Wanted& wanted, const Provider& provider) {
    return send(http::Method::post, "/Users", create_body(wanted), [wanted, provider](const sync::Answer& a) {
        if (a && a->status == 409 && sync::problem_code(*a) == "uniqueness") return settle_conflict(wanted, provider);
        // Silence or a 5xx: the user may be there. The next attempt begins with the look-up again.
        return sync::judge(a, false);
    });
}

sync::Plan find(const Wanted& wanted, const Provider& provider) {
    return send(
        http::Method::get,
        filter_target("externalId", wanted.external_id),
        {},
        [wanted, provider](const sync::Answer& a) {
            if (!a || a->status != 200) return judge_read(a);
            const auto document = json::Document::parse(a->body);
            if (!document || !(*document)["totalResults"].is_integer()) {
                return fail(pipeline::Retry{.reason = "the list of users cannot be read"});
            }
            const auto users = (*document)["Resources"].items();
            if (users.size() > 1)
                return fail(pipeline::Refused{.reason = "ambiguous: several users have this person's id"});
            return users.empty() ? create(wanted, provider) : update(users.front(), wanted, provider);
        });
}

sync::Plan ask_provider(std::function<sync::Plan(const Provider&)> then) {
    sync::Plan plan =
        send(http::Method::get, "/ServiceProviderConfig", {}, [then = std::move(then)](const sync::Answer& a) {
            Provider provider;
            if (!a || a->status >= 500 || a->status == 401 || a->status == 403 || a->status == 429) {
                return sync::judge(a, false);
            }
            const auto document = json::Document::parse(a->body);
            if (a->status == 200 && document) {
                provider.patch = (*document)["patch"]["supported"].boolean(true);
                provider.etag = (*document)["etag"]["supported"].boolean(false);
            }
            return then(provider);
        });
    std::get<sync::Send>(plan.step).remember = provider_config_is_good_for;
    return plan;
}

sync::Plan with_person(
    const v1::Change& change, const Settings& settings, const std::optional<sync::Person>& person) {
    if (!person) return settle(v1::OUTCOME_KIND_NOT_VISIBLE, "Lever does not show this person");
    Wanted wanted;
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
    return ask_provider([wanted](const Provider& provider) { return find(wanted, provider); });
}

// Nothing is ever deleted. Opted in, a user still in pre-boarding loses the start date and stays inactive.
sync::Plan find_and_deactivate(
    const std::string& external_id, const std::string& opportunity_id, const Provider& provider) {
    return send(
        http::Method::get,
        filter_target("externalId", external_id),
        {},
        [opportunity_id, provider](const sync::Answer& a) {
            if (!a || a->status != 200) return judge_read(a);
            const auto document = json::Document::parse(a->body);
            const auto users = document ? (*document)["Resources"].items() : std::vector<json::Value>{};
            if (users.empty()) return settle(v1::OUTCOME_KIND_SKIPPED, "un-hired, and not known there");
            const Found found = read_user(users.front());
            if (found.values.opportunity_id != opportunity_id || found.user_type != preboarding) {
                return settle(v1::OUTCOME_KIND_SKIPPED, "un-hired, and not ours to change");
            }
            json::Writer out;
            out.begin_object();
            out.key("schemas").begin_array().string(patch_schema).end_array();
            out.key("Operations").begin_array();
            out.begin_object().member("op", "replace").member("path", "active").member("value", false).end_object();
            out.begin_object().member("op", "remove").member("path", preboarding_schema + ":startDate").end_object();
            out.end_array().end_object();
            return guarded(
                send(http::Method::patch, "/Users/" + http::percent_encode(found.id), out.text(), judge_write),
                found,
                provider);
        });
}

sync::Plan deactivate(const v1::Change& change) {
    return ask_provider([external_id = "lever:contact:" + change.contact_id(),
                         opportunity_id = change.opportunity_id()](const Provider& provider) {
        return find_and_deactivate(external_id, opportunity_id, provider);
    });
}

class Cleary final : public sync::Destination {
public:
    [[nodiscard]] std::string_view name() const override { return "cleary"; }
    [[nodiscard]] std::uint16_t default_admin_port() const override { return 9113; }

    void declare(config::Section& section) override {
        section
            .text(
                "hired_since",
                settings_.hired_since,
                "A date. Who was hired before it is never created: the day on which Hirewire took over.",
                config::a_date(),
                config::Need::required)
            .text(
                "user_name",
                settings_.user_name,
                "opaque or personal_email.",
                config::one_of({"opaque", "personal_email"}))
            .flag(
                "deactivate_unhired",
                settings_.deactivate_unhired,
                "Whether an un-hired person loses the start date. Off: it is reported only.");
    }

    [[nodiscard]] std::string resource(const v1::Change& change) const override {
        return change.contact_id().empty() ? change.opportunity_id() : change.contact_id();
    }

    [[nodiscard]] sync::Plan plan(const v1::Change& change, const sync::Situation&) const override {
        return bring_to_preboarding(change, settings_);
    }

    [[nodiscard]] bool asks_for_people() const override { return true; }
    [[nodiscard]] std::string_view media_type() const override { return "application/scim+json"; }

private:
    Settings settings_;
};

}  // namespace

Name split_name(std::string_view whole) {
    const auto end = whole.find_last_not_of(' ');
    if (end == std::string_view::npos) return {};
    whole = whole.substr(whole.find_first_not_of(' '), end - whole.find_first_not_of(' ') + 1);
    const auto split = whole.rfind(' ');
    if (split == std::string_view::npos) return {};
    auto given = whole.substr(0, split);
    given = given.substr(0, given.find_last_not_of(' ') + 1);
    return {.given = std::string{given}, .family = std::string{whole.substr(split + 1)}};
}

sync::Plan bring_to_preboarding(const v1::Change& change, const Settings& settings) {
    if (change.mark().deleted() || change.mark().anonymized()) {
        return settle(v1::OUTCOME_KIND_SKIPPED, "deleted or anonymized in Lever");
    }
    if (!change.hired()) {
        // By the state and not by the kind: a later change may have overtaken the un-hiring itself.
        if (settings.deactivate_unhired && !change.contact_id().empty()) return deactivate(change);
        return settle(
            v1::OUTCOME_KIND_SKIPPED,
            change.kind() == v1::CHANGE_KIND_UNHIRED ? "un-hired: reported, nothing changed" : "not hired");
    }
    if (iso_date(from_ms(change.hired_at_ms())) < settings.hired_since) {
        return settle(v1::OUTCOME_KIND_SKIPPED, "hired before cleary.hired_since");
    }
    if (change.contact_id().empty()) return fail(pipeline::Refused{.reason = "the change names no contact"});
    return {sync::AskPerson{.then = [change, settings](const std::optional<sync::Person>& person) {
        return with_person(change, settings, person);
    }}};
}

std::unique_ptr<sync::Destination> make_destination() {
    return std::make_unique<Cleary>();
}

}  // namespace hirewire::cleary
