#include "tests/support/delivery.hpp"

#include <chrono>

#include "common/core/time.hpp"
#include "common/core/uuid.hpp"
#include "common/crypto/hash.hpp"
#include "common/json/writer.hpp"

namespace hirewire::testing {

std::string random_token() {
    const auto digest = crypto::hex(crypto::sha256(random_uuid()));
    return digest.substr(0, 48);
}

std::int64_t now_ms() {
    return to_ms(SystemClock{}.now());
}

std::string signature_of(std::string_view signature_token, std::string_view token, std::int64_t triggered_at) {
    crypto::HmacSha256 hmac{signature_token};
    return crypto::hex(hmac(token, std::to_string(triggered_at)));
}

std::string Delivery::body(std::string_view signature_token) const {
    json::Writer writer;
    writer.begin_object();
    writer.member("id", random_uuid());
    writer.member("event", event);
    writer.member("triggeredAt", triggered_at);
    writer.member("token", token);
    writer.member("signature", signature_of(signature_token, token, triggered_at));
    writer.end_object();
    auto text = writer.text();
    if (!data.empty()) {
        text.pop_back();
        text += ",\"data\":" + data + "}";
    }
    return text;
}

std::string stage_change(std::string_view opportunity) {
    json::Writer writer;
    writer.begin_object();
    writer.member("opportunityId", opportunity);
    writer.member("candidateId", opportunity);
    writer.member("contactId", random_uuid());
    writer.member("fromStageId", "lead-new");
    writer.member("toStageId", "lead-reached-out");
    writer.end_object();
    return writer.text();
}

http::Request webhook(std::string body) {
    return {
        .method = http::Method::post,
        .target = "/webhooks/lever",
        .headers = {{"Content-Type", "application/json"}},
        .body = std::move(body)};
}

}  // namespace hirewire::testing
