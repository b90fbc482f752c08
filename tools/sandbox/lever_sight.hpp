#pragma once
// What /v1 shows of the model: each move only some time after it was made, and null what a test wants to be null.
// The model itself always holds the truth.
#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "tools/sandbox/lever_model.hpp"

namespace hirewire::sandbox {

// Members of an opportunity, by Lever's names.
using Nulls = std::set<std::string, std::less<>>;
inline constexpr std::array<std::string_view, 10> nullable_members{
    "updatedAt",
    "stage",
    "contact",
    "origin",
    "applications",
    "stageChanges",
    "archived",
    "links",
    "confidentiality",
    "createdAt"};

// An opportunity and its person as they are shown together.
struct Shown {
    const Opportunity& opportunity;
    const Contact& contact;
    const Nulls& nulls;
};

// What things were before the moves that do not show yet. Moves of one thing become visible in turn.
template <typename Thing>
class Late {
public:
    // `before` is what was there before the move; nothing = the move made the thing.
    void hold(const std::string& id, std::optional<Thing> before, Moment now, Milliseconds delay);
    // `real`, or what it was before; null as long as it was not there.
    const Thing* shown(const Thing& real, Moment now) const;

private:
    struct Held {
        std::optional<Thing> before{};
        Moment until = 0;  // never before the one that was held earlier
    };
    std::unordered_map<std::string, std::deque<Held>> held_;
};

class LeverSight {
public:
    explicit LeverSight(const LeverModel& model) : model_{model} {}

    // Of the moves from now on.
    void set_delay(Milliseconds delay) { delay_ = delay; }

    // Every move is told of when it is made, with what was there before; nothing = the move made it.
    void hold_opportunity(const std::string& id, std::optional<Opportunity> before, Moment now);
    void hold_contact(const std::string& id, std::optional<Contact> before, Moment now);
    // A move of a contact, which moves all its opportunities: told of before it is made.
    void hold_person(const Contact& contact, Moment now);

    void set_nulls(const std::string& opportunity, Nulls members);

    // Nothing when it is unknown, deleted, or not to be seen yet.
    [[nodiscard]] std::optional<Shown> opportunity(std::string_view id, Moment now) const;
    [[nodiscard]] const Contact* contact(std::string_view id, Moment now) const;
    // One of the model's opportunities; what is shown may be a deleted one.
    [[nodiscard]] std::optional<Shown> shown(const Opportunity& real, Moment now) const;

private:
    const LeverModel& model_;
    Milliseconds delay_{0};
    Late<Opportunity> opportunities_;
    Late<Contact> contacts_;
    std::unordered_map<std::string, Nulls> nulls_;
};

template <typename Thing>
void Late<Thing>::hold(const std::string& id, std::optional<Thing> before, Moment now, Milliseconds delay) {
    auto& held = held_[id];
    while (!held.empty() && held.front().until <= now) held.pop_front();
    const Moment until = std::max(now + delay.count(), held.empty() ? now : held.back().until);
    if (until > now) held.push_back({.before = std::move(before), .until = until});
    if (held.empty()) held_.erase(id);
}

template <typename Thing>
const Thing* Late<Thing>::shown(const Thing& real, Moment now) const {
    const auto found = held_.find(real.id);
    if (found == held_.end()) return &real;
    for (const auto& held : found->second) {
        if (held.until > now) return held.before ? &*held.before : nullptr;
    }
    return &real;
}

}  // namespace hirewire::sandbox
