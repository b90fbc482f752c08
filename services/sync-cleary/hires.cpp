#include "services/sync-cleary/hires.hpp"

#include <tuple>
#include <utility>

namespace hirewire::cleary {
namespace {

Hire hire_of(const v1::Change& change) {
    Hire hire;
    hire.opportunity_id = change.opportunity_id();
    hire.contact_id = change.contact_id();
    hire.version = change.version();
    hire.hired_at_ms = change.hired_at_ms();
    hire.start_date = change.start_date();
    hire.title = change.posting().title();
    hire.department = change.posting().department();
    hire.confidential = change.confidential();
    return hire;
}

bool is_newer(const Hire& a, const Hire& b) {
    return std::tie(a.hired_at_ms, a.version) > std::tie(b.hired_at_ms, b.version);
}

}  // namespace

void Hires::add(const v1::Change& change) {
    const bool gone = change.mark().deleted() || change.mark().anonymized();
    const bool stands = change.hired() && !gone;
    const auto known = states_.find(change.opportunity_id());
    if (known == states_.end()) {
        // Who was never hired is not remembered.
        if (!change.hired() && change.kind() != v1::CHANGE_KIND_UNHIRED) return;
    } else if (change.version() <= known->second.hire.version) {
        return;
    }
    State& state = states_[change.opportunity_id()];
    const bool taken_back = state.stands || change.kind() == v1::CHANGE_KIND_UNHIRED;
    state.hire = hire_of(change);
    if (stands || gone) {
        state.unhired_at_ms = 0;
    } else if (taken_back) {
        state.unhired_at_ms = change.occurred_at_ms();
    }
    state.stands = stands;
}

std::vector<Hire> Hires::standing() const {
    std::vector<Hire> all;
    for (const auto& [id, state] : states_) {
        if (state.stands) all.push_back(state.hire);
    }
    return all;
}

std::int64_t Hires::unhired_since(std::int64_t ms) const {
    std::int64_t count = 0;
    for (const auto& [id, state] : states_) {
        if (!state.stands && state.unhired_at_ms > ms) ++count;
    }
    return count;
}

std::set<std::string> Selection::opportunities() const {
    std::set<std::string> ids;
    for (const auto& hire : governing) ids.insert(hire.opportunity_id);
    return ids;
}

Selection select(const std::vector<Hire>& standing, const Settings& settings) {
    Selection selection;
    std::map<std::string, Hire> newest;
    for (const auto& hire : standing) {
        if (!is_hired_since(hire.hired_at_ms, settings)) {
            ++selection.hired_before;
            continue;
        }
        // A hire of nobody known is told of as it is, so that the report has its failure.
        const auto& person = hire.contact_id.empty() ? hire.opportunity_id : hire.contact_id;
        const auto [place, is_first] = newest.try_emplace(person, hire);
        if (is_first) continue;
        ++selection.not_governing;
        if (is_newer(hire, place->second)) place->second = hire;
    }
    for (auto& [person, hire] : newest) selection.governing.push_back(std::move(hire));
    return selection;
}

}  // namespace hirewire::cleary
