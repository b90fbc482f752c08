#include "services/receiver/accept.hpp"

#include <algorithm>
#include <array>
#include <random>

#include "common/crypto/hash.hpp"
#include "common/lever/event.hpp"

namespace hirewire::receiver {
namespace {

// Lever's own header is not documented: JSON in any of its usual dresses is taken, and none at all.
bool is_json(std::string_view content_type) {
    const auto type = content_type.substr(0, content_type.find(';'));
    std::string lower;
    for (const char c : type) {
        if (c != ' ') lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return lower.empty() || lower == "application/json" ||
           (lower.starts_with("application/") && lower.ends_with("+json"));
}

// W3C trace context, sampled. The trace begins here: a sender's own header is as little trusted as its body.
std::string new_traceparent() {
    thread_local std::mt19937_64 random{std::random_device{}()};
    std::array<std::uint64_t, 3> numbers{random() | 1U, random(), random() | 1U};
    const auto digits = crypto::hex(std::string_view{reinterpret_cast<const char*>(numbers.data()), sizeof numbers});
    std::string header;
    header.reserve(55);
    header.append("00-");
    header.append(digits, 0, 32);
    header += '-';
    header.append(digits, 32, 16);
    header += "-01";
    return header;
}

constexpr std::size_t fingerprint_bytes = 16;

}  // namespace

Acceptor::Acceptor(const AcceptSettings& settings)
    : settings_{settings}, parser_{{.depth = settings.json_depth}}, verifier_{settings.signature_tokens} {}

Decision Acceptor::decide(std::string_view content_type, std::string_view body, Timestamp now) {
    if (!is_json(content_type)) {
        return Refused{415, "unsupported-media-type", "The body must be sent as application/json."};
    }
    const auto root = parser_.parse(body);
    if (!root) {
        if (root.error() == json::Errc::too_deep) return Refused{400, "too-deep", "The JSON is nested too deep."};
        return Refused{400, "not-json", "The body is not JSON."};
    }
    lever::Webhook webhook;
    if (const auto fault = lever::read_webhook(*root, webhook); !fault.code.empty()) {
        return Refused{400, fault.code, fault.detail};
    }
    if (!verifier_.genuine(webhook.token, webhook.triggered_at, webhook.signature)) {
        return Refused{401, "bad-signature", "No configured signature token made this signature."};
    }
    if (webhook.triggered_at < to_ms(now - settings_.accept_past) ||
        webhook.triggered_at > to_ms(now + settings_.accept_future)) {
        return Refused{401, "outside-window", "The time 'triggeredAt' is outside the accepted window."};
    }
    if (!webhook.has_data) return Verified{};

    const auto digest = crypto::sha256(body);
    Accepted accepted;
    accepted.token = webhook.token;
    accepted.fingerprint.assign(reinterpret_cast<const char*>(digest.data()), fingerprint_bytes);
    accepted.label = lever::label_of(webhook.event);
    accepted.message.topic = lever::topic_of(webhook.event);
    accepted.message.key = lever::key_of(webhook);
    accepted.message.value.emplace(body);
    std::string type = "lever.";
    type += accepted.label;
    accepted.message.headers = kafka::cloud_event(
        accepted.token + "-" + crypto::hex(std::string_view{accepted.fingerprint}.substr(0, 4)),
        "lever:" + settings_.account,
        std::move(type),
        iso_time(from_ms(webhook.triggered_at)),
        "application/json",
        new_traceparent());
    return accepted;
}

}  // namespace hirewire::receiver
