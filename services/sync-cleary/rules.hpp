#pragma once
// Cleary: a pre-boarding user for every hire, by SCIM 2.0 (RFC 7643, RFC 7644): find, then create or patch. Never
// active, never a work address, never primary: access is granted by the HRIS or an administrator, not by us. The
// contract is this project's own (README.md beside this).
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/sync/destination.hpp"
#include "services/sync-cleary/user.hpp"

namespace hirewire::cleary {

struct Settings {
    // ISO date; hires before it are never created.
    std::string hired_since{};
    // IANA name: whose midnight makes a first day future or past.
    std::string time_zone{};
    // "HH:MM" there: when the daily run begins.
    std::string daily_at = "06:00";
    // Where somebody shows whose first day is today: "action_needed" or "preboarding".
    std::string today_is = "action_needed";
    // Whether a live hire is told at once. Else the runs alone tell of hires.
    bool at_once = true;
    // "opaque" (stable, tells nothing) or "personal_email".
    std::string user_name = "opaque";
    // Whether an un-hired person who is still in pre-boarding is deactivated. Else it is reported only.
    bool deactivate_unhired = false;
};

// How the ids begin under which the runs have hires told (agenda.hpp): no other replay is one of them.
inline constexpr std::string_view run_prefix = "cleary-";

sync::Plan bring_to_preboarding(const v1::Change& change, const sync::Situation& situation, const Settings& settings);

// Whether somebody who was hired at that moment is ours to create, by the date in UTC.
bool is_hired_since(std::int64_t hired_at_ms, const Settings& settings);

std::unique_ptr<sync::Destination> make_destination();

}  // namespace hirewire::cleary
