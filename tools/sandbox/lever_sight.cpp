#include "tools/sandbox/lever_sight.hpp"

namespace hirewire::sandbox {

void LeverSight::hold_opportunity(const std::string& id, std::optional<Opportunity> before, Moment now) {
    opportunities_.hold(id, std::move(before), now, delay_);
}

void LeverSight::hold_contact(const std::string& id, std::optional<Contact> before, Moment now) {
    contacts_.hold(id, std::move(before), now, delay_);
}

void LeverSight::hold_person(const Contact& contact, Moment now) {
    hold_contact(contact.id, contact, now);
    for (const auto& opportunity : model_.opportunities()) {
        if (opportunity.contact != contact.id || opportunity.deleted_at) continue;
        hold_opportunity(opportunity.id, opportunity, now);
    }
}

void LeverSight::set_nulls(const std::string& opportunity, Nulls members) {
    if (members.empty()) {
        nulls_.erase(opportunity);
    } else {
        nulls_[opportunity] = std::move(members);
    }
}

std::optional<Shown> LeverSight::opportunity(std::string_view id, Moment now) const {
    const auto* real = model_.known_opportunity(id);
    if (real == nullptr) return std::nullopt;
    auto seen = shown(*real, now);
    if (seen && seen->opportunity.deleted_at) return std::nullopt;
    return seen;
}

const Contact* LeverSight::contact(std::string_view id, Moment now) const {
    const auto* real = model_.contact(id);
    return real != nullptr ? contacts_.shown(*real, now) : nullptr;
}

std::optional<Shown> LeverSight::shown(const Opportunity& real, Moment now) const {
    static const Nulls none;
    const auto* seen = opportunities_.shown(real, now);
    if (seen == nullptr) return std::nullopt;
    const auto& person = *model_.contact(real.contact);
    const auto* person_seen = contacts_.shown(person, now);
    const auto nulls = nulls_.find(real.id);
    return Shown{
        .opportunity = *seen,
        .contact = person_seen != nullptr ? *person_seen : person,
        .nulls = nulls != nulls_.end() ? nulls->second : none};
}

}  // namespace hirewire::sandbox
