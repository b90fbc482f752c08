#include "services/sync-clinch/plans.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/json/value.hpp"
#include "common/sync/judge.hpp"
#include "services/sync-clinch/fold.hpp"

namespace hirewire::clinch {
namespace {

std::string if_made_of(std::string_view text, std::string_view punctuation) {
    const bool good = text.size() <= 80 && std::all_of(text.begin(), text.end(), [&](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                 punctuation.find(c) != std::string_view::npos;
                      });
    return good ? std::string{text} : std::string{};
}

}  // namespace

sync::Plan settle(v1::OutcomeKind outcome, std::string reason) {
    return {sync::Settle{.outcome = outcome, .reason = std::move(reason)}};
}

sync::Plan skip(std::string reason) {
    return settle(v1::OUTCOME_KIND_SKIPPED, std::move(reason));
}

sync::Plan fail(pipeline::Verdict verdict) {
    return {sync::Fail{.verdict = std::move(verdict)}};
}

sync::Plan get(std::string target, std::function<sync::Plan(const sync::Answer&)> then) {
    http::Request request;
    request.target = std::move(target);
    return {sync::Send{.request = std::move(request), .then = std::move(then)}};
}

Problem read_problem(const http::Reply& reply) {
    Problem problem;
    const auto document = json::Document::parse(reply.body);
    if (!document) return problem;
    const auto errors = (*document)["errors"].items();
    if (errors.empty()) return problem;
    problem.code = if_made_of(errors.front()["code"].string(), "-_");
    problem.pointer = if_made_of(errors.front()["source"]["pointer"].string(), "-_/");
    return problem;
}

bool wants_its_own_ids(const http::Reply& reply) {
    const auto text = lower_case(reply.body);
    return text.find("client-generated id") != std::string::npos ||
           text.find("client generated id") != std::string::npos;
}

bool is_in_flight(const http::Reply& reply, const Problem& problem) {
    return reply.status == 409 && problem.code == "idempotency-in-flight";
}

sync::Plan after_in_flight(const http::Reply& reply) {
    const auto wish = sync::retry_after(reply).value_or(Milliseconds{0});
    return fail(pipeline::Retry{.reason = "answered 409", .at_least = wish});
}

bool came_before(const http::Reply& reply, const Problem& problem) {
    return (reply.status == 409 || reply.status == 422) &&
           (problem.code == "idempotency-reuse" || problem.code == "version-conflict");
}

sync::Plan refused(const http::Reply& reply, const Problem& problem) {
    std::string reason = "answered " + std::to_string(reply.status);
    if (!problem.pointer.empty()) reason += " about " + problem.pointer;
    return fail(pipeline::Refused{.reason = std::move(reason)});
}

sync::Plan judge_read(const sync::Answer& answer) {
    if (answer && answer->status < 300) return fail(pipeline::Retry{.reason = "the answer cannot be read"});
    return sync::judge(answer, false);
}

}  // namespace hirewire::clinch
