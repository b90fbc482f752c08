#include "tools/sandbox/destination.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "common/core/sleep.hpp"
#include "common/core/time.hpp"
#include "common/crypto/hash.hpp"
#include "common/json/writer.hpp"
#include "tools/sandbox/control_body.hpp"

namespace hirewire::sandbox {
namespace {

using http::Incoming;
using http::Method;
using http::PathValues;
using http::Reply;

constexpr std::size_t remembered_requests = 50'000;

constexpr std::array<std::string_view, 7> headers_of_interest{
    "content-type", "accept", "date", "idempotency-key", "source-version", "if-match", "traceparent"};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// A structured-field string holding a lower-case UUID, quotes included.
bool is_idempotency_key(std::string_view text) {
    constexpr std::string_view form = "\"hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh\"";
    return std::equal(text.begin(), text.end(), form.begin(), form.end(), [](char c, char f) {
        return f == 'h' ? is_digit(c) || (c >= 'a' && c <= 'f') : c == f;
    });
}

std::optional<std::int64_t> version_from(std::string_view text) {
    std::int64_t version = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
    const bool whole = !text.empty() && error == std::errc{} && end == text.data() + text.size();
    return whole && std::all_of(text.begin(), text.end(), is_digit) && version > 0 ? std::optional{version}
                                                                                   : std::nullopt;
}

std::string_view media_type_of(std::string_view content_type) {
    auto type = content_type.substr(0, content_type.find(';'));
    while (type.ends_with(' ')) type.remove_suffix(1);
    return type;
}

std::string_view problem_code(int status) {
    switch (status) {
        case 401:
        case 403:
            return "unauthorized";
        case 404:
            return "unknown-candidate";
        case 409:
            return "idempotency-in-flight";
        case 410:
            return "not-connected";
        case 422:
            return "unmapped-status";
        case 429:
            return "rate-limited";
        default:
            return status >= 500 ? "unavailable" : "invalid-request";
    }
}

bool is_success(const Reply& reply) {
    return reply.status >= 200 && reply.status < 300;
}

}  // namespace

Reply outcome(int status, std::string_view word) {
    json::Writer out;
    out.begin_object().member("outcome", word).end_object();
    return http::json_reply(status, out.text());
}

Destination::Destination(std::string name, std::string token, std::string media_type, Dice& dice)
    : name_{std::move(name)}, authorization_{"Bearer " + token}, media_type_{std::move(media_type)}, faults_{dice} {
    add_shared_control();
}

void Destination::add_contract(std::vector<http::Route>& routes) {
    for (const auto method : {Method::get, Method::post, Method::put, Method::patch, Method::del}) {
        auto nothing_here = [this](const DestinationCall&) {
            return violation(404, "not-found", "The contract has no such call.");
        };
        serve_at({.method = method, .path = "/{*}", .access = Access::read, .answer = std::move(nothing_here)});
    }
    for (const auto& endpoint : endpoints_) {
        auto handle = [this, &endpoint](const Incoming& request, PathValues values) {
            return serve(endpoint, request, std::move(values));
        };
        routes.push_back(
            {.method = endpoint.method, .path = "/" + name_ + endpoint.path, .handle = std::move(handle)});
    }
}

void Destination::control_at(Method method, std::string path, ControlHandler answer) {
    auto handle =
        http::answer([answer = std::move(answer)](const Incoming& r, const PathValues&) { return answer(r); });
    control_.push_back({.method = method, .path = "/_sandbox/" + name_ + path, .handle = std::move(handle)});
}

void Destination::add_shared_control() {
    control_at(Method::get, "/state", [this](const Incoming&) { return http::json_reply(200, state()); });
    control_at(Method::get, "/requests", [this](const Incoming& request) {
        return http::json_reply(200, sent_log(from_of(request.target)));
    });
    control_at(
        Method::get, "/violations", [this](const Incoming&) { return http::json_reply(200, violation_log()); });
    control_at(Method::get, "/faults", [this](const Incoming&) { return http::json_reply(200, faults_.text()); });
    control_at(Method::post, "/faults", [this](const Incoming& request) {
        const auto wrong = faults_.set(request.body);
        return wrong.empty() ? http::json_reply(200, faults_.text()) : http::problem(422, "invalid-request", wrong);
    });
    control_at(Method::del, "/faults", [this](const Incoming&) {
        faults_.clear();
        return http::json_reply(200, faults_.text());
    });
}

void Destination::add_control(std::vector<http::Route>& routes) const {
    routes.insert(routes.end(), control_.begin(), control_.end());
}

Reply Destination::error(int status, std::string_view code, std::string_view detail) const {
    return http::problem(status, code, detail);
}

Reply Destination::violation(int status, std::string_view code, std::string_view detail) {
    violations_.push_back({.at = wall_clock(), .request = current_, .status = status, .what = std::string{detail}});
    return error(status, code, detail);
}

std::shared_ptr<Destination::Sent> Destination::remember(const Incoming& request) {
    auto sent = std::make_shared<Sent>();
    sent->at = wall_clock();
    sent->method = http::name_of(request.method);
    sent->path = request.target;
    sent->body = request.body;
    for (const auto name : headers_of_interest) {
        const auto value = request.header(name);
        if (!value.empty()) sent->headers.push_back({.name = std::string{name}, .value = std::string{value}});
    }
    sent_.push_back(sent);
    if (sent_.size() > remembered_requests) {
        sent_.pop_front();
        ++forgotten_;
    }
    return sent;
}

boost::asio::awaitable<Reply> Destination::serve(
    const Endpoint& endpoint, const Incoming& request, PathValues values) {
    const auto sent = remember(request);
    const Fault fault = faults_.next(request.target);
    if (fault.latency.count() > 0) co_await sleep_for(fault.latency);

    Reply reply;
    if (fault.reset || fault.status) {
        reply = fault.reset ? no_answer() : fault_reply(fault);
        sent->note = "fault";
    } else {
        reply = decide(endpoint, request, std::move(values), *sent);
        if (fault.lose_response) {
            reply = no_answer();
            sent->note = "fault";
        }
    }
    sent->status = reply.status;
    co_return reply;
}

Reply Destination::fault_reply(const Fault& fault) const {
    Reply reply = error(*fault.status, problem_code(*fault.status), "The sandbox was told to answer so.");
    if (!fault.location.empty()) reply.headers.push_back({"Location", fault.location});
    if (fault.retry_after.empty()) return reply;
    reply.headers.push_back({"Retry-After", fault.retry_after});
    // It may be a time, which means nothing without the time that the server has now.
    const bool dated = !http::header(reply.headers, "Date").empty();
    if (!dated) reply.headers.push_back({"Date", http_date(from_ms(wall_clock()))});
    return reply;
}

std::optional<Reply> Destination::check_credential(const Incoming& request) {
    const auto authorization = request.header("Authorization");
    if (!authorization.starts_with("Bearer ")) {
        return violation(401, "unauthorized", "Authorization must be a bearer token.");
    }
    // A wrong token is a matter of configuration, not of the contract.
    if (!crypto::equal(authorization, authorization_)) return error(401, "unauthorized", "The token is not valid.");
    return std::nullopt;
}

std::optional<Reply> Destination::check_headers(const Incoming& request, Access access) {
    if (auto refused = check_credential(request)) return refused;
    if (access == Access::read) return std::nullopt;
    if (access == Access::erase && !request.body.empty()) {
        return violation(400, "invalid-request", "This call has no body.");
    }
    if (access == Access::write && media_type_of(request.header("Content-Type")) != media_type_) {
        return violation(415, "invalid-request", "Content-Type must be " + media_type_ + ".");
    }
    if (!is_idempotency_key(request.header("Idempotency-Key"))) {
        return violation(400, "invalid-request", "Idempotency-Key must be a quoted UUID.");
    }
    if (!version_from(request.header("Source-Version"))) {
        return violation(400, "invalid-request", "Source-Version must be a positive decimal integer.");
    }
    return std::nullopt;
}

Reply Destination::decide(const Endpoint& endpoint, const Incoming& request, PathValues values, Sent& sent) {
    current_ = sent.method + " " + sent.path;
    if (auto refused = check_headers(request, endpoint.access)) return *refused;
    DestinationCall call{.incoming = &request, .values = std::move(values)};
    if (endpoint.access == Access::read) return endpoint.answer(call);

    const auto document = json::Document::parse(endpoint.access == Access::erase ? "null" : request.body);
    if (!document) return violation(400, "invalid-request", "The body is not JSON.");
    call.body = document->root();
    call.version = *version_from(request.header("Source-Version"));

    const std::string key{request.header("Idempotency-Key")};
    const std::string fingerprint = current_ + "\n" + sent.body;
    if (const auto known = answered_.find(key); known != answered_.end()) {
        if (known->second.fingerprint != fingerprint) {
            return violation(422, "idempotency-reuse", "This Idempotency-Key came with another request before.");
        }
        sent.note = "replayed";
        return known->second.reply;
    }
    Reply reply = endpoint.answer(call);
    // A refusal is not an effect: the same request may well succeed later.
    if (is_success(reply)) answered_.emplace(key, Answered{.fingerprint = fingerprint, .reply = reply});
    return reply;
}

std::string Destination::sent_log(std::size_t from) const {
    json::Writer out;
    out.begin_array();
    for (std::size_t i = std::max(from, forgotten_); i < forgotten_ + sent_.size(); ++i) {
        const auto& sent = *sent_[i - forgotten_];
        out.begin_object()
            .member("at", sent.at)
            .member("method", sent.method)
            .member("path", sent.path)
            .key("headers")
            .begin_object();
        for (const auto& header : sent.headers) out.member(header.name, header.value);
        out.end_object().member("body", sent.body).member("status", sent.status);
        if (!sent.note.empty()) out.member("note", sent.note);
        out.end_object();
    }
    out.end_array();
    return out.text();
}

std::optional<Reply> Destination::unless_newer(VersionGuard::Order order) {
    switch (order) {
        case VersionGuard::Order::older:
            return outcome(200, "superseded");
        case VersionGuard::Order::same:
            return outcome(200, "unchanged");
        case VersionGuard::Order::conflict:
            return violation(409, "version-conflict", "This version came with another body before.");
        case VersionGuard::Order::newer:
            break;
    }
    return std::nullopt;
}

std::string Destination::violation_log() const {
    json::Writer out;
    out.begin_array();
    for (const auto& violation : violations_) {
        out.begin_object()
            .member("at", violation.at)
            .member("request", violation.request)
            .member("status", violation.status)
            .member("what", violation.what)
            .end_object();
    }
    out.end_array();
    return out.text();
}

}  // namespace hirewire::sandbox
