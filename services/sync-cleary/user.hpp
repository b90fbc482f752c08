#pragma once
// A pre-boarding user as SCIM 2.0 carries it (RFC 7643): what the user is to be, what the server says that it is, and
// the bodies of the writes (RFC 7644). Pure. What is written is inactive, has the one home address, and is nobody's
// primary: access is granted by the HRIS or an administrator.
#include <string>
#include <string_view>
#include <vector>

#include "common/json/value.hpp"

namespace hirewire::cleary {

inline constexpr std::string_view preboarding = "Preboarding";

// A name in two parts, the last word being the family name. Empty parts when there are not two words.
struct Name {
    std::string given{};
    std::string family{};
};
Name split_name(std::string_view whole);

// What the connector owns of a user, and nothing beyond that.
struct Profile {
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

// A user as the server has it.
struct Found {
    std::string id{};
    std::string user_type{};
    std::string etag{};
    bool active = false;
    Profile profile{};
};
Found read_user(const json::Value& user);

// Whether `a` is a later moment than `b`, both as SCIM writes times.
bool is_later(const std::string& a, const std::string& b);

// POST /Users
std::string create_body(const Profile& wanted);

struct Operation {
    std::string path{};
    std::string value{};  // empty = remove
};
// Only what we own and what differs.
std::vector<Operation> differences(const Profile& is, const Profile& wanted);
// PATCH /Users/{id}. `is` tells whether there is an address to be replaced.
std::string patch_body(const std::vector<Operation>& operations, const Profile& is);

// PUT /Users/{id}, for servers without PATCH: the record just read with our attributes changed, since what a PUT
// leaves out may be deleted (RFC 7644 section 3.5.1). So the addresses and attributes of others go back as they came.
// Left out are the read-only meta and groups, which a server ignores, and name.formatted, which would contradict the
// new name; the id stays, since some servers want it. `active` is always false: whoever is active must not be PUT.
std::string put_body(const json::Value& user, const Profile& wanted);

// PATCH for somebody who is not hired any more: no access, no first day.
std::string deactivation_body(const Profile& is);

}  // namespace hirewire::cleary
