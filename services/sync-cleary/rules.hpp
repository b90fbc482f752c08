#pragma once
// Cleary: a pre-boarding user for every hire, by SCIM 2.0 (RFC 7643, RFC 7644): find, then create or patch. Never
// active, never a work address, never primary: access is granted by the HRIS or an administrator, not by us. The
// contract is this project's own (README.md beside this).
#include <memory>
#include <string>

#include "common/sync/destination.hpp"

namespace hirewire::cleary {

struct Settings {
    // ISO date; hires before it are never created.
    std::string hired_since{};
    // "opaque" (stable, tells nothing) or "personal_email".
    std::string user_name = "opaque";
    // Whether an un-hired person who is still in pre-boarding is deactivated. Else it is reported only.
    bool deactivate_unhired = false;
};

sync::Plan bring_to_preboarding(const v1::Change& change, const Settings& settings);

// A name in two parts, the last word being the family name. Empty parts when there are not two words.
struct Name {
    std::string given{};
    std::string family{};
};
Name split_name(std::string_view whole);

std::unique_ptr<sync::Destination> make_destination();

}  // namespace hirewire::cleary
