#include "tools/sandbox/lever_gate.hpp"

#include <algorithm>
#include <utility>

#include "common/core/sleep.hpp"
#include "common/crypto/hash.hpp"
#include "common/json/writer.hpp"
#include "tools/sandbox/lever_query.hpp"

namespace hirewire::sandbox {
namespace {

constexpr std::size_t remembered_requests = 20'000;

bool is_write(const http::Incoming& request) {
    const bool reads = request.method == http::Method::get || request.method == http::Method::head;
    return !reads && !request.target.starts_with("/v1/webhooks");
}

}  // namespace

LeverGate::LeverGate(LeverGateSettings settings, Dice& dice)
    : settings_{std::move(settings)},
      authorization_{"Basic " + crypto::base64(settings_.api_key + ":")},
      faults_{dice},
      tokens_{settings_.burst},
      refilled_at_{SystemClock{}.monotonic()} {}

http::Route LeverGate::route(http::Method method, std::string_view path, http::RouteHandler answer) {
    auto handle = [this, answer = std::move(answer)](const http::Incoming& request, http::PathValues values) {
        return serve(request, std::move(values), answer);
    };
    std::string whole_path{"/v1"};
    whole_path += path;
    return {.method = method, .path = std::move(whole_path), .handle = std::move(handle)};
}

boost::asio::awaitable<http::Reply> LeverGate::serve(
    const http::Incoming& request, http::PathValues values, const http::RouteHandler& answer) {
    const Moment at = wall_clock();
    const Fault fault = faults_.next(request.target);
    if (fault.latency.count() > 0) co_await sleep_for(fault.latency);

    http::Reply reply;
    auto refused = turn_away(request, fault);
    if (refused) {
        reply = std::move(*refused);
    } else {
        reply = co_await answer(request, std::move(values));
    }
    if (fault.lose_response) reply = no_answer();

    ++count_;
    if (is_write(request)) ++writes_;
    seen_.push_back(
        {.at = at,
         .method = std::string{http::name_of(request.method)},
         .target = std::string{request.target},
         .status = reply.status});
    if (seen_.size() > remembered_requests) seen_.pop_front();
    co_return reply;
}

std::optional<http::Reply> LeverGate::turn_away(const http::Incoming& request, const Fault& fault) {
    if (fault.reset) return no_answer();
    if (!crypto::equal(request.header("Authorization"), authorization_)) {
        return lever_error(401, "UnauthorizedError", "The request requires authentication.");
    }
    if (settings_.rate_limit && !take_token()) {
        return lever_error(429, "TooManyRequestsError", "You have exceeded the rate limit.");
    }
    if (fault.status) {
        auto reply = lever_error(*fault.status, "SandboxFault", "The sandbox was told to answer so.");
        if (!fault.retry_after.empty()) reply.headers.push_back({"Retry-After", fault.retry_after});
        return reply;
    }
    const auto grant = lacking(grants_, request.target);
    if (!grant.empty()) return forbidden(grant);
    return std::nullopt;
}

bool LeverGate::take_token() {
    const auto now = SystemClock{}.monotonic();
    const std::chrono::duration<double> passed = now - refilled_at_;
    refilled_at_ = now;
    tokens_ = std::min(settings_.burst, tokens_ + passed.count() * settings_.per_second);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
}

std::string LeverGate::log() const {
    json::Writer out;
    out.begin_object().member("count", count_).member("writes", writes_).key("requests").begin_array();
    for (const auto& seen : seen_) {
        out.begin_object()
            .member("at", seen.at)
            .member("method", seen.method)
            .member("path", seen.target)
            .member("status", seen.status)
            .end_object();
    }
    out.end_array().end_object();
    return out.text();
}

}  // namespace hirewire::sandbox
