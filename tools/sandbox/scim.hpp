#pragma once
// A pre-boarding user as SCIM 2.0 (RFC 7643, 7644) carries it, and what a client of ours may say about one: read as
// strictly as the contract is meant, stricter than SCIM itself.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/writer.hpp"
#include "tools/sandbox/lever_model.hpp"
#include "tools/sandbox/strict_object.hpp"

namespace hirewire::sandbox::scim {

inline constexpr std::string_view media_type = "application/scim+json";
inline constexpr std::string_view contact_prefix = "lever:contact:";

struct User {
    std::string id{};
    std::string external_id{};
    std::string user_name{};
    std::string given_name{};
    std::string family_name{};
    std::string title{};
    std::string user_type = "Preboarding";
    bool active = false;
    std::string home_email{};
    std::string primary_email{};  // of the company; an administrator's or the HRIS's, never ours to write
    std::string department{};
    std::string start_date{};
    std::string hired_at{};
    std::string opportunity{};
    Moment created_at = 0;
    Moment updated_at = 0;
    std::int64_t revision = 1;
    bool managed = false;  // handed over to the HRIS: not ours to write any more
};

// The body of POST /Users. active must be false, the one address is a home one, nothing is primary.
User read_user(json::Value body, Wrongs& wrongs);

// One operation of a PATCH; no value removes.
struct Change {
    std::string User::*field = nullptr;
    std::optional<std::string> value{};
};
// The body of PATCH /Users/{id}: only attributes that the client owns. `user`: as the server has it.
std::vector<Change> read_patch(json::Value body, const User& user, Wrongs& wrongs);
// The body of PUT /Users/{id}: the whole record as it was read, with only attributes changed that the client owns.
std::vector<Change> read_put(json::Value body, const User& user, Wrongs& wrongs);
// Whether anything is different afterwards.
bool apply(const std::vector<Change>& changes, User& user);

// `attribute eq "value"`
struct Filter {
    std::string attribute{};
    std::string value{};
};
std::optional<Filter> read_filter(std::string_view text);

std::string etag_of(const User& user);
void write_user(json::Writer& out, const User& user, std::string_view location);
// What the server can do beside creating and finding.
struct Support {
    bool patch = true;
    bool etag = true;
    bool filter = true;
    bool config = true;  // whether it says so at all
};
std::string service_provider_config(const Support& support);
std::string error_body(int status, std::string_view code, std::string_view detail);

}  // namespace hirewire::sandbox::scim
