#pragma once
// Lever's webhook subscriptions as values: what is expected, what is there, and how the two compare. Lever has one
// object per event and address, accepts several of the same, and tells nobody when one is gone. Pure.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/value.hpp"

namespace hirewire::lever {

struct Subscription {
    std::string id{};
    std::string event{};
    std::string url{};
    std::string conditions{};  // JSON as Lever has it, empty for none: which candidates it tells of
    friend bool operator==(const Subscription&, const Subscription&) = default;
};
// Nothing when the id, the event or the address is not there.
std::optional<Subscription> read_subscription(const json::Value& data);

// The events that Hirewire acts on.
std::vector<std::string> default_events();

struct Expected {
    std::string url{};  // the receiver's address as Lever sees it; empty = nothing is expected
    std::vector<std::string> events = default_events();
};
// What is wrong with it, in one sentence; empty when nothing is.
std::string fault_of(const Expected& expected);

enum class Standing {
    ok,        // one, with our address
    missing,   // none at all
    doubled,   // more than one with our address: everything comes twice
    elsewhere  // none with our address, but one with another
};
std::string_view name_of(Standing standing);

struct Finding {
    std::string event{};
    Standing standing = Standing::missing;
    std::vector<std::string> ids{};  // of those that the standing speaks of
    friend bool operator==(const Finding&, const Finding&) = default;
};
// One finding for each expected event, in their order. Addresses are the same when they differ in nothing but a
// slash at the end.
std::vector<Finding> audit(const Expected& expected, const std::vector<Subscription>& found);
bool same_url(std::string_view a, std::string_view b);

}  // namespace hirewire::lever
