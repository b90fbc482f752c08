#pragma once
// What an answer means: the shared contract of all destinations. In one line: a 4xx changes nothing and repeating it
// cannot help; 5xx and silence are to be repeated, same bytes, same key. The exceptions are rows of the table in
// judge.cpp. A destination overrides only its quirks.
#include <optional>
#include <string>

#include "common/sync/plan.hpp"

namespace hirewire::sync {

// Settle or Fail. `first_sync`: somebody the destination does not know is then no matter.
Plan judge(const Answer& answer, bool first_sync);

// RFC 9110 Retry-After, seconds or a date; a date counts from the answer's own Date, so that clocks need not agree.
std::optional<Milliseconds> retry_after(const http::Reply& reply);

// The problem body's `code` (or SCIM's `scimType`), "" when there is none, or it is not a word.
std::string problem_code(const http::Reply& reply);

}  // namespace hirewire::sync
