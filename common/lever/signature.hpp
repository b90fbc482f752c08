#pragma once
// Lever's webhook signature: lower-case hex of HMAC-SHA256(key = signature token as text, message = token followed by
// the decimal digits of triggeredAt). It covers neither event nor data. Every webhook subscription has a key of its
// own, so there are several, and they rotate.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/crypto/hash.hpp"

namespace hirewire::lever {

// Not for use by two threads at once.
class Verifier {
public:
    explicit Verifier(const std::vector<std::string>& signature_tokens);
    // True when any of the keys made the signature. Takes the same time whichever did, or none.
    bool genuine(std::string_view token, std::int64_t triggered_at, std::string_view signature);

private:
    std::vector<crypto::HmacSha256> keys_;
};

std::string sign(const std::string& signature_token, std::string_view token, std::int64_t triggered_at);

// Comma, white space or line separated, as in an environment variable or a mounted file.
std::vector<std::string> split_tokens(std::string_view text);

}  // namespace hirewire::lever
