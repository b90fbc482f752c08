#pragma once
// A webhook as Lever would send it, signed with any token that the test likes.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/http/message.hpp"

namespace hirewire::testing {

// 48 characters, as Lever's are.
std::string random_token();
std::int64_t now_ms();

// hex(HMAC-SHA256(signature_token, token + triggered_at)): what Lever puts into the body.
std::string signature_of(std::string_view signature_token, std::string_view token, std::int64_t triggered_at);

struct Delivery {
    std::string event = "candidateStageChange";
    std::string data{};  // JSON text; empty = no such member
    std::string token = random_token();
    std::int64_t triggered_at = now_ms();

    [[nodiscard]] std::string body(std::string_view signature_token) const;
};

// The `data` of a stage change.
std::string stage_change(std::string_view opportunity);

// POST /webhooks/lever, application/json.
http::Request webhook(std::string body);

}  // namespace hirewire::testing
