#include "common/lever/signature.hpp"

namespace hirewire::lever {

Verifier::Verifier(const std::vector<std::string>& signature_tokens) {
    for (const auto& token : signature_tokens) keys_.emplace_back(token);
}

bool Verifier::genuine(std::string_view token, std::int64_t triggered_at, std::string_view signature) {
    const std::string digits = std::to_string(triggered_at);
    bool any = false;
    for (auto& key : keys_) {
        const bool same = crypto::equal(crypto::hex(key(token, digits)), signature);
        any = any || same;
    }
    return any;
}

std::string sign(const std::string& signature_token, std::string_view token, std::int64_t triggered_at) {
    crypto::HmacSha256 key{signature_token};
    return crypto::hex(key(token, std::to_string(triggered_at)));
}

std::vector<std::string> split_tokens(std::string_view text) {
    constexpr std::string_view separators = ", \t\r\n";
    std::vector<std::string> tokens;
    while (true) {
        const auto begin = text.find_first_not_of(separators);
        if (begin == std::string_view::npos) return tokens;
        text.remove_prefix(begin);
        const auto length = std::min(text.find_first_of(separators), text.size());
        tokens.emplace_back(text.substr(0, length));
        text.remove_prefix(length);
    }
}

}  // namespace hirewire::lever
