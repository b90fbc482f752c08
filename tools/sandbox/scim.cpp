#include "tools/sandbox/scim.hpp"

#include <algorithm>
#include <array>

#include "common/core/time.hpp"

namespace hirewire::sandbox::scim {
namespace {

constexpr std::string_view core_urn = "urn:ietf:params:scim:schemas:core:2.0:User";
constexpr std::string_view enterprise_urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
constexpr std::string_view preboarding_urn = "urn:example:params:scim:schemas:extension:preboarding:1.0:User";
constexpr std::string_view patch_urn = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

enum class Kind { text, date, time };
enum class Removable { no, yes };

struct Attribute {
    std::string_view path{};
    std::string User::*field = nullptr;
    Kind kind = Kind::text;
    Removable removable = Removable::no;
};

// What a client of ours may change: all else belongs to the HRIS or to the administrator.
const std::array<Attribute, 8> attributes{{
    {.path = "name.givenName", .field = &User::given_name},
    {.path = "name.familyName", .field = &User::family_name},
    {.path = "title", .field = &User::title, .removable = Removable::yes},
    {.path = "emails[type eq \"home\"].value", .field = &User::home_email},
    {.path = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
     .field = &User::department,
     .removable = Removable::yes},
    {.path = "urn:example:params:scim:schemas:extension:preboarding:1.0:User:startDate",
     .field = &User::start_date,
     .kind = Kind::date,
     .removable = Removable::yes},
    {.path = "urn:example:params:scim:schemas:extension:preboarding:1.0:User:hiredAt",
     .field = &User::hired_at,
     .kind = Kind::time},
    {.path = "urn:example:params:scim:schemas:extension:preboarding:1.0:User:leverOpportunityId",
     .field = &User::opportunity},
}};

void read_schemas(StrictObject& body, std::vector<std::string_view> required, std::string_view optional) {
    const auto list = body.array("schemas").items();
    for (const auto& item : list) {
        const bool known =
            item.string() == optional || std::find(required.begin(), required.end(), item.string()) != required.end();
        if (!known) body.wrong("schemas", "names a schema that the contract does not have");
    }
    for (const auto urn : required) {
        const bool there =
            std::any_of(list.begin(), list.end(), [&](const json::Value& v) { return v.string() == urn; });
        if (!there) body.wrong("schemas", "must name " + std::string{urn});
    }
}

void read_emails(StrictObject& body, User& user, Wrongs& wrongs) {
    const auto emails = body.array("emails").items();
    if (emails.size() != 1) {
        body.wrong("emails", "must hold exactly one address");
        return;
    }
    StrictObject email{emails[0], "emails[0]", wrongs};
    user.home_email = email.text("value");
    email.one_of("type", {"home"});
    email.finish();
    if (user.home_email.find('@') == std::string::npos) email.wrong("value", "is not an address");
}

std::string read_value(StrictObject& operation, Kind kind) {
    switch (kind) {
        case Kind::date:
            return operation.date("value");
        case Kind::time:
            return operation.time("value");
        case Kind::text:
            break;
    }
    return operation.text("value");
}

// The first home address: a filter would find nothing to replace.
std::string read_first_address(StrictObject& operation, const User& user, Wrongs& wrongs) {
    const auto emails = operation.array("value").items();
    if (!user.home_email.empty()) operation.wrong("path", "would add a second home address");
    if (emails.size() != 1) {
        operation.wrong("value", "must hold exactly one address");
        return {};
    }
    StrictObject email{emails[0], "emails[0]", wrongs};
    auto address = email.text("value");
    email.one_of("type", {"home"});
    email.finish();
    return address;
}

std::optional<Change> read_operation(json::Value value, std::string where, const User& user, Wrongs& wrongs) {
    StrictObject operation{value, std::move(where), wrongs};
    const auto op = operation.one_of("op", {"add", "replace", "remove"});
    const auto path = operation.text("path");
    if (op == "add" && path == "emails") {
        auto address = read_first_address(operation, user, wrongs);
        operation.finish();
        return Change{.field = &User::home_email, .value = std::move(address)};
    }
    std::optional<Change> change;
    const auto found =
        std::find_if(attributes.begin(), attributes.end(), [&](const Attribute& a) { return a.path == path; });
    if (path == "active") {
        // Taking access away is allowed; it never was there, so nothing changes.
        if (operation.boolean("value")) operation.wrong("value", "must be false");
    } else if (found == attributes.end()) {
        operation.wrong("path", "is not an attribute that the client owns");
        operation.optional_object("value");
    } else if (op == "remove") {
        if (found->removable == Removable::no) operation.wrong("path", "cannot be removed");
        change = Change{.field = found->field};
    } else {
        change = Change{.field = found->field, .value = read_value(operation, found->kind)};
    }
    operation.finish();
    return change;
}

// An attribute that belongs to somebody else goes back as it came.
void must_stay(StrictObject& object, std::string_view name, const std::string& is) {
    const auto came = object.optional_text(name).value_or("");
    if (came != is) object.wrong(name, "belongs to somebody else and must stay as it is");
}

std::string read_kept_emails(StrictObject& object, const User& user, Wrongs& wrongs) {
    std::string home;
    std::string company;
    for (const auto& value : object.array("emails").items()) {
        StrictObject email{value, "emails", wrongs};
        auto address = email.text("value");
        const auto type = email.one_of("type", {"home", "work"});
        const bool primary = email.optional_boolean("primary").value_or(false);
        email.finish();
        if (primary != (type == "work")) email.wrong("primary", "must stay as it is");
        auto& place = type == "home" ? home : company;
        if (!place.empty()) email.wrong("type", "comes twice");
        place = std::move(address);
    }
    if (company != user.primary_email) object.wrong("emails", "must keep the company's address as it is");
    return home;
}

void write_if(json::Writer& out, std::string_view name, std::string_view value) {
    if (!value.empty()) out.member(name, value);
}

}  // namespace

User read_user(json::Value body, Wrongs& wrongs) {
    StrictObject object{body, "", wrongs};
    User user;
    read_schemas(object, {core_urn, preboarding_urn}, enterprise_urn);
    user.external_id = object.text("externalId");
    if (!user.external_id.starts_with(contact_prefix) || user.external_id.size() == contact_prefix.size()) {
        object.wrong("externalId", "must be lever:contact:<id>");
    }
    user.user_name = object.text("userName");
    StrictObject name{object.object("name"), "name", wrongs};
    user.given_name = name.text("givenName");
    user.family_name = name.text("familyName");
    name.finish();
    user.title = object.optional_text("title").value_or("");
    object.one_of("userType", {"Preboarding"});
    if (object.boolean("active")) object.wrong("active", "must be false");
    read_emails(object, user, wrongs);
    if (const auto value = object.optional_object(enterprise_urn); !value.is_null()) {
        StrictObject enterprise{value, "enterprise", wrongs};
        user.department = enterprise.optional_text("department").value_or("");
        enterprise.finish();
    }
    StrictObject preboarding{object.object(preboarding_urn), "preboarding", wrongs};
    user.start_date = preboarding.optional_date("startDate").value_or("");
    user.hired_at = preboarding.time("hiredAt");
    user.opportunity = preboarding.text("leverOpportunityId");
    preboarding.finish();
    object.finish();
    return user;
}

std::vector<Change> read_put(json::Value body, const User& user, Wrongs& wrongs) {
    StrictObject object{body, "", wrongs};
    std::vector<Change> changes;
    const auto set = [&changes](std::string User::*field, std::string value) {
        changes.push_back(Change{.field = field, .value = std::move(value)});
    };
    read_schemas(object, {core_urn, preboarding_urn}, enterprise_urn);
    must_stay(object, "id", user.id);
    must_stay(object, "externalId", user.external_id);
    must_stay(object, "userName", user.user_name);
    must_stay(object, "userType", user.user_type);
    if (user.active) object.wrong("active", "is true by now: this record may not be replaced");
    if (object.boolean("active")) object.wrong("active", "must be false");
    StrictObject name{object.object("name"), "name", wrongs};
    set(&User::given_name, name.text("givenName"));
    set(&User::family_name, name.text("familyName"));
    name.finish();
    set(&User::title, object.optional_text("title").value_or(""));
    set(&User::home_email, read_kept_emails(object, user, wrongs));
    std::string department;
    if (const auto value = object.optional_object(enterprise_urn); !value.is_null()) {
        StrictObject enterprise{value, "enterprise", wrongs};
        department = enterprise.optional_text("department").value_or("");
        enterprise.finish();
    }
    set(&User::department, std::move(department));
    StrictObject preboarding{object.object(preboarding_urn), "preboarding", wrongs};
    set(&User::start_date, preboarding.optional_date("startDate").value_or(""));
    set(&User::hired_at, preboarding.time("hiredAt"));
    set(&User::opportunity, preboarding.text("leverOpportunityId"));
    preboarding.finish();
    object.finish();
    return changes;
}

std::vector<Change> read_patch(json::Value body, const User& user, Wrongs& wrongs) {
    StrictObject object{body, "", wrongs};
    read_schemas(object, {patch_urn}, patch_urn);
    std::vector<Change> changes;
    const auto operations = object.array("Operations").items();
    if (operations.empty()) object.wrong("Operations", "must not be empty");
    for (std::size_t i = 0; i < operations.size(); ++i) {
        auto change = read_operation(operations[i], "Operations[" + std::to_string(i) + "]", user, wrongs);
        if (change) changes.push_back(std::move(*change));
    }
    object.finish();
    return changes;
}

bool apply(const std::vector<Change>& changes, User& user) {
    bool changed = false;
    for (const auto& change : changes) {
        auto& field = user.*change.field;
        const std::string value = change.value.value_or("");
        changed = changed || field != value;
        field = value;
    }
    return changed;
}

std::optional<Filter> read_filter(std::string_view text) {
    const auto space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    Filter filter{.attribute = std::string{text.substr(0, space)}};
    text.remove_prefix(space);
    if (!text.starts_with(" eq \"") || !text.ends_with('"')) return std::nullopt;
    const auto value = json::Document::parse(text.substr(4));
    if (!value || !value->root().is_string()) return std::nullopt;
    filter.value = value->root().string();
    return filter;
}

std::string etag_of(const User& user) {
    return "W/\"" + std::to_string(user.revision) + "\"";
}

void write_user(json::Writer& out, const User& user, std::string_view location) {
    out.begin_object().key("schemas").begin_array().string(core_urn).string(enterprise_urn).string(preboarding_urn);
    out.end_array().member("id", user.id);
    write_if(out, "externalId", user.external_id);
    out.member("userName", user.user_name).key("name").begin_object();
    write_if(out, "givenName", user.given_name);
    write_if(out, "familyName", user.family_name);
    out.end_object();
    write_if(out, "title", user.title);
    out.member("userType", user.user_type).member("active", user.active);
    if (!user.home_email.empty() || !user.primary_email.empty()) {
        out.key("emails").begin_array();
        if (!user.primary_email.empty()) {
            out.begin_object().member("value", user.primary_email).member("type", "work").member("primary", true);
            out.end_object();
        }
        if (!user.home_email.empty()) {
            out.begin_object().member("value", user.home_email).member("type", "home").end_object();
        }
        out.end_array();
    }
    if (!user.department.empty()) {
        out.key(enterprise_urn).begin_object().member("department", user.department).end_object();
    }
    out.key(preboarding_urn).begin_object();
    write_if(out, "startDate", user.start_date);
    write_if(out, "hiredAt", user.hired_at);
    write_if(out, "leverOpportunityId", user.opportunity);
    out.end_object()
        .key("meta")
        .begin_object()
        .member("resourceType", "User")
        .member("created", iso_time(from_ms(user.created_at)))
        .member("lastModified", iso_time(from_ms(user.updated_at)))
        .member("location", location)
        .member("version", etag_of(user))
        .end_object()
        .end_object();
}

std::string service_provider_config(const Support& support) {
    const auto say = [](json::Writer& out, std::string_view name, bool supported) {
        out.key(name).begin_object().member("supported", supported).end_object();
    };
    json::Writer out;
    out.begin_object()
        .key("schemas")
        .begin_array()
        .string("urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig")
        .end_array();
    say(out, "patch", support.patch);
    out.key("bulk").begin_object().member("supported", false).member("maxOperations", 0).member("maxPayloadSize", 0);
    out.end_object()
        .key("filter")
        .begin_object()
        .member("supported", support.filter)
        .member("maxResults", 200)
        .end_object();
    say(out, "changePassword", false);
    say(out, "sort", false);
    say(out, "etag", support.etag);
    out.key("authenticationSchemes")
        .begin_array()
        .begin_object()
        .member("type", "oauthbearertoken")
        .member("name", "Bearer token")
        .member("description", "A token in the Authorization header.")
        .end_object()
        .end_array()
        .end_object();
    return out.text();
}

std::string error_body(int status, std::string_view code, std::string_view detail) {
    constexpr std::array<std::string_view, 7> scim_types{
        "invalidFilter", "invalidPath", "invalidSyntax", "invalidValue", "mutability", "noTarget", "uniqueness"};
    const bool is_scim_type = std::find(scim_types.begin(), scim_types.end(), code) != scim_types.end();
    json::Writer out;
    out.begin_object()
        .key("schemas")
        .begin_array()
        .string("urn:ietf:params:scim:api:messages:2.0:Error")
        .end_array()
        .member("status", std::to_string(status))
        .member(is_scim_type ? "scimType" : "code", code)
        .member("detail", detail)
        .end_object();
    return out.text();
}

}  // namespace hirewire::sandbox::scim
