#include "services/sync-cleary/user.hpp"

#include <algorithm>
#include <initializer_list>

#include "common/core/time.hpp"
#include "common/json/writer.hpp"

namespace hirewire::cleary {
namespace {

const std::string core_schema = "urn:ietf:params:scim:schemas:core:2.0:User";
const std::string enterprise_schema = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
// The namespace that is reserved for examples, until the project controls one.
const std::string preboarding_schema = "urn:example:params:scim:schemas:extension:preboarding:1.0:User";
const std::string patch_schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const std::string home_address = "emails[type eq \"home\"].value";

std::string text_of(const json::Value& value) {
    return std::string{value.string()};
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_address(const std::string& a, const std::string& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

// A server may write the same moment in its own way.
bool same_moment(const std::string& a, const std::string& b) {
    const auto first = parse_iso(a);
    const auto second = parse_iso(b);
    return first && second ? *first == *second : a == b;
}

void write_preboarding(json::Writer& out, const Profile& wanted) {
    if (!wanted.start_date.empty()) out.member("startDate", wanted.start_date);
    out.member("hiredAt", wanted.hired_at).member("leverOpportunityId", wanted.opportunity_id);
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// All members of an object but these.
void write_others(json::Writer& out, const json::Value& object, std::initializer_list<std::string_view> but) {
    for (const auto& [name, value] : object.members()) {
        if (!is_one_of(name, but)) out.key(name).value(value);
    }
}

// The schemas that the record names, and those of which it gets attributes.
void write_schemas(json::Writer& out, const json::Value& user, const Profile& wanted) {
    std::vector<std::string> schemas;
    for (const auto& schema : user["schemas"].items()) schemas.push_back(text_of(schema));
    const auto add = [&schemas](const std::string& schema) {
        if (std::find(schemas.begin(), schemas.end(), schema) == schemas.end()) schemas.push_back(schema);
    };
    add(core_schema);
    if (!wanted.department.empty() || user[enterprise_schema].size() > 0) add(enterprise_schema);
    add(preboarding_schema);
    out.key("schemas").begin_array();
    for (const auto& schema : schemas) out.string(schema);
    out.end_array();
}

void write_emails(json::Writer& out, const json::Value& user, const Profile& wanted) {
    out.key("emails").begin_array();
    for (const auto& email : user["emails"].items()) {
        if (email["type"].string() != "home") out.value(email);
    }
    if (!wanted.email.empty()) {
        out.begin_object().member("value", wanted.email).member("type", "home").end_object();
    }
    out.end_array();
}

void begin_patch(json::Writer& out) {
    out.begin_object();
    out.key("schemas").begin_array().string(patch_schema).end_array();
    out.key("Operations").begin_array();
}

// There is nothing yet that a filter on the addresses could find.
void write_first_address(json::Writer& out, const std::string& address) {
    out.begin_object().member("op", "add").member("path", "emails").key("value").begin_array();
    out.begin_object().member("value", address).member("type", "home").end_object();
    out.end_array().end_object();
}

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

Found read_user(const json::Value& user) {
    Found found;
    found.id = text_of(user["id"]);
    found.user_type = text_of(user["userType"]);
    found.etag = text_of(user["meta"]["version"]);
    found.active = user["active"].boolean();
    auto& is = found.profile;
    is.external_id = text_of(user["externalId"]);
    is.user_name = text_of(user["userName"]);
    is.name.given = text_of(user["name"]["givenName"]);
    is.name.family = text_of(user["name"]["familyName"]);
    is.title = text_of(user["title"]);
    for (const auto& email : user["emails"].items()) {
        if (email["type"].string() == "home") is.email = text_of(email["value"]);
    }
    is.department = text_of(user[enterprise_schema]["department"]);
    const auto extension = user[preboarding_schema];
    is.start_date = text_of(extension["startDate"]);
    is.hired_at = text_of(extension["hiredAt"]);
    is.opportunity_id = text_of(extension["leverOpportunityId"]);
    return found;
}

bool is_later(const std::string& a, const std::string& b) {
    const auto first = parse_iso(a);
    const auto second = parse_iso(b);
    return first && second ? *first > *second : a > b;
}

std::string create_body(const Profile& wanted) {
    json::Writer out;
    out.begin_object();
    out.key("schemas").begin_array();
    out.string(core_schema).string(enterprise_schema).string(preboarding_schema).end_array();
    out.member("externalId", wanted.external_id);
    out.member("userName", wanted.user_name);
    out.key("name").begin_object();
    out.member("givenName", wanted.name.given).member("familyName", wanted.name.family).end_object();
    if (!wanted.title.empty()) out.member("title", wanted.title);
    out.member("userType", preboarding);
    out.member("active", false);
    out.key("emails").begin_array().begin_object();
    out.member("value", wanted.email).member("type", "home").end_object().end_array();
    if (!wanted.department.empty()) {
        out.key(enterprise_schema).begin_object().member("department", wanted.department).end_object();
    }
    out.key(preboarding_schema).begin_object();
    write_preboarding(out, wanted);
    out.end_object().end_object();
    return out.text();
}

std::vector<Operation> differences(const Profile& is, const Profile& wanted) {
    std::vector<Operation> result;
    const auto compare = [&result](bool same, std::string path, const std::string& value) {
        if (!same) result.push_back({.path = std::move(path), .value = value});
    };
    compare(is.name.given == wanted.name.given, "name.givenName", wanted.name.given);
    compare(is.name.family == wanted.name.family, "name.familyName", wanted.name.family);
    compare(is.title == wanted.title, "title", wanted.title);
    compare(same_address(is.email, wanted.email), home_address, wanted.email);
    compare(is.department == wanted.department, enterprise_schema + ":department", wanted.department);
    compare(is.start_date == wanted.start_date, preboarding_schema + ":startDate", wanted.start_date);
    compare(same_moment(is.hired_at, wanted.hired_at), preboarding_schema + ":hiredAt", wanted.hired_at);
    compare(
        is.opportunity_id == wanted.opportunity_id,
        preboarding_schema + ":leverOpportunityId",
        wanted.opportunity_id);
    return result;
}

std::string patch_body(const std::vector<Operation>& operations, const Profile& is) {
    json::Writer out;
    begin_patch(out);
    for (const auto& operation : operations) {
        if (operation.path == home_address && is.email.empty()) {
            write_first_address(out, operation.value);
            continue;
        }
        out.begin_object();
        out.member("op", operation.value.empty() ? "remove" : "replace").member("path", operation.path);
        if (!operation.value.empty()) out.member("value", operation.value);
        out.end_object();
    }
    out.end_array().end_object();
    return out.text();
}

std::string put_body(const json::Value& user, const Profile& wanted) {
    json::Writer out;
    out.begin_object();
    write_schemas(out, user, wanted);
    write_others(
        out,
        user,
        {"schemas", "meta", "groups", "active", "name", "title", "emails", enterprise_schema, preboarding_schema});
    out.member("active", false);
    out.key("name").begin_object();
    write_others(out, user["name"], {"givenName", "familyName", "formatted"});
    out.member("givenName", wanted.name.given).member("familyName", wanted.name.family).end_object();
    if (!wanted.title.empty()) out.member("title", wanted.title);
    write_emails(out, user, wanted);
    if (!wanted.department.empty() || user[enterprise_schema].size() > 0) {
        out.key(enterprise_schema).begin_object();
        write_others(out, user[enterprise_schema], {"department"});
        if (!wanted.department.empty()) out.member("department", wanted.department);
        out.end_object();
    }
    out.key(preboarding_schema).begin_object();
    write_others(out, user[preboarding_schema], {"startDate", "hiredAt", "leverOpportunityId"});
    write_preboarding(out, wanted);
    out.end_object().end_object();
    return out.text();
}

std::string deactivation_body(const Profile& is) {
    json::Writer out;
    begin_patch(out);
    out.begin_object().member("op", "replace").member("path", "active").member("value", false).end_object();
    if (!is.start_date.empty()) {
        out.begin_object().member("op", "remove").member("path", preboarding_schema + ":startDate").end_object();
    }
    out.end_array().end_object();
    return out.text();
}

}  // namespace hirewire::cleary
