#pragma once
// The words in which Clinch's rules speak, and what JSON:API's answers say that the shared contract's would say in
// another form.
#include <functional>
#include <string>

#include "common/sync/plan.hpp"

namespace hirewire::clinch {

sync::Plan settle(v1::OutcomeKind outcome, std::string reason = {});
sync::Plan skip(std::string reason);
sync::Plan fail(pipeline::Verdict verdict);
sync::Plan get(std::string target, std::function<sync::Plan(const sync::Answer&)> then);

// The first of JSON:API's errors. Both texts end in outcomes and logs, so a word and a path are all that they may be.
struct Problem {
    std::string code{};
    std::string pointer{};
};
Problem read_problem(const http::Reply& reply);

// JSON:API: 403 is the answer to a client-made id where such are not taken.
bool wants_its_own_ids(const http::Reply& reply);

// The same request is under way; it is repeated.
bool is_in_flight(const http::Reply& reply, const Problem& problem);
sync::Plan after_in_flight(const http::Reply& reply);
// 409 or 422 whose code says that the request, or one of its version, came before.
bool came_before(const http::Reply& reply, const Problem& problem);

// Dead letter at once, with the field that the answer points to.
sync::Plan refused(const http::Reply& reply, const Problem& problem);

// An answer to a reading that is not what was asked for: nothing was done, whatever the status says.
sync::Plan judge_read(const sync::Answer& answer);

}  // namespace hirewire::clinch
