#pragma once
// A destination: its own settings, what it keeps in order, and a pure function from a change to a plan. All five sync
// daemons are one of these over the same daemon.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/config/schema.hpp"
#include "common/core/time.hpp"
#include "common/sync/plan.hpp"

namespace hirewire::sync {

// What the rules may know beside the change itself.
struct Situation {
    // Not announced by a webhook in time: a first sync, a sweep, a replay. Nobody may be notified because of it.
    bool backfill = false;
    // A snapshot, or what was there when this installation began: who the destination does not know is no matter.
    bool first_sync = false;
    // Too old to bother a person, or older than our memory of what was done.
    bool late = false;
};

class Destination {
public:
    virtual ~Destination() = default;
    [[nodiscard]] virtual std::string_view name() const = 0;
    // Where its daemon's admin pages are unless configured otherwise.
    [[nodiscard]] virtual std::uint16_t default_admin_port() const = 0;
    // Its keys in the section of its name, beside the shared base_url, token, admin_port and confidential.
    virtual void declare(config::Section& section) = 0;
    // What is kept in order; one request at a time for each.
    [[nodiscard]] virtual std::string resource(const v1::Change& change) const { return change.opportunity_id(); }
    [[nodiscard]] virtual Plan plan(const v1::Change& change, const Situation& situation) const = 0;
    // Whether its plans ask who somebody is. Without that, it is not given the token that tells.
    [[nodiscard]] virtual bool asks_for_people() const { return false; }
    // Media type of what is sent and taken.
    [[nodiscard]] virtual std::string_view media_type() const { return "application/json"; }
};

}  // namespace hirewire::sync
