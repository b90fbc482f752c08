#pragma once
// Asking lever-source's internal API who somebody is, and what it tells of a person, as rules read it. Pure.
#include <optional>
#include <string>

#include "common/sync/plan.hpp"

namespace hirewire::sync {

// Who the candidate of an opportunity is. What has time says so: Lever's budget is for what is live first.
http::Request person_request(const std::string& opportunity, const std::string& token, bool has_time);

struct PersonAnswer {
    std::optional<Person> person{};  // nothing when Lever does not show the person
    std::string trouble{};           // why that is not known, without a full stop; "" = it is
};
PersonAnswer read_person_answer(const Answer& answer);

// Of the answer's body; nothing when it cannot be read.
std::optional<Person> read_person(const std::string& body);

}  // namespace hirewire::sync
