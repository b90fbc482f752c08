#pragma once
// Lever's state for tests, in few words.
#include <string>
#include <utility>
#include <vector>

#include "common/lever/model.hpp"

namespace hirewire::testing {

inline const std::string hired_reason = "reason-hired";
inline const std::string rejected_reason = "reason-underqualified";
inline const std::string withdrew_reason = "reason-withdrew";

// The stages lead-new, applicant-new, screen, onsite, offer, and three archive reasons, one of them the hire.
inline lever::Vocabulary vocabulary() {
    lever::Vocabulary words;
    for (const auto& [id, name] : std::vector<std::pair<std::string, std::string>>{
             {"lead-new", "New lead"},
             {"applicant-new", "New applicant"},
             {"screen", "Recruiter screen"},
             {"onsite", "On-site interview"},
             {"offer", "Offer"}}) {
        words.stages[id] = lever::Stage{.id = id, .name = name};
    }
    for (const auto& [id, name] : std::vector<std::pair<std::string, std::string>>{
             // The texts lie on purpose: only the type says what a hire is.
             {hired_reason, "Joined us"},
             {rejected_reason, "Underqualified"},
             {withdrew_reason, "Hired elsewhere"}}) {
        words.archive_reasons[id] = lever::ArchiveReason{.id = id, .name = name, .hired = id == hired_reason};
    }
    return words;
}

// An opportunity that acts as Lever's does.
struct LeverOpportunity {
    lever::Opportunity state{};

    LeverOpportunity& created(std::int64_t at, const std::string& stage = "applicant-new") {
        state.id = "opportunity-1";
        state.contact_id = "contact-1";
        state.created_at_ms = at;
        state.updated_at_ms = at;
        state.stage_id = stage;
        state.stage_changes.push_back(lever::StageChange{.stage_id = stage, .at_ms = at});
        return *this;
    }
    LeverOpportunity& applied(std::int64_t at, const std::string& id = "application-1") {
        state.application = lever::Application{.id = id, .posting_id = "posting-1", .created_at_ms = at};
        state.updated_at_ms = at;
        return *this;
    }
    LeverOpportunity& moved(std::int64_t at, const std::string& stage) {
        state.stage_id = stage;
        state.stage_changes.push_back(lever::StageChange{.stage_id = stage, .at_ms = at});
        state.updated_at_ms = at;
        return *this;
    }
    LeverOpportunity& archived(std::int64_t at, const std::string& reason) {
        state.archived = lever::Archived{.reason_id = reason, .at_ms = at};
        state.updated_at_ms = at;
        return *this;
    }
    LeverOpportunity& unarchived(std::int64_t at) {
        state.archived.reset();
        state.updated_at_ms = at;
        return *this;
    }
};

}  // namespace hirewire::testing
