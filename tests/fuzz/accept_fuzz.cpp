// The receiver's pure decision under any bytes: it must not crash, an accepted record must be the input byte for
// byte, and a refusal must repeat nothing of it. The first byte chooses the time and the content type; the rest is
// the body.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string_view>

#include "services/receiver/accept.hpp"

namespace {

using namespace hirewire;

// The signature token of proto/samples, and a moment at which those samples are fresh.
constexpr const char* sample_token = "sample-signature-token";

void demand(bool condition) {
    if (!condition) std::abort();
}

std::int64_t first_number(std::string_view body) {
    constexpr std::string_view member = "\"triggeredAt\":";
    const auto at = body.find(member);
    if (at == std::string_view::npos) return 0;
    // The clock stays within some thousand years; the webhook may claim any time.
    constexpr long long limit = 100'000'000'000'000;
    return std::clamp(std::strtoll(body.data() + at + member.size(), nullptr, 10), -limit, limit);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const receiver::AcceptSettings settings = [] {
        receiver::AcceptSettings s;
        s.signature_tokens = {"another-token", sample_token};
        return s;
    }();
    static receiver::Acceptor acceptor{settings};
    // Refusals are sentences of ours, so there are few of them.
    static std::set<std::string_view> sentences;

    const std::string text{reinterpret_cast<const char*>(data), size};
    std::string_view body = text;
    std::string_view content_type = "application/json";
    if (!body.empty() && body.front() != '{') {
        content_type = (body.front() & 1) != 0 ? "application/json; charset=utf-8" : "text/plain";
        body.remove_prefix(1);
    }
    const auto decision = acceptor.decide(content_type, body, from_ms(first_number(std::string{body}) + 1'000));
    if (const auto* accepted = std::get_if<receiver::Accepted>(&decision)) {
        demand(accepted->message.value == body);
        demand(!accepted->message.key.empty());
        demand(accepted->message.topic.starts_with("lever."));
        demand(!accepted->token.empty() && accepted->fingerprint.size() == 16);
    }
    if (const auto* refused = std::get_if<receiver::Refused>(&decision)) {
        demand(refused->status == 400 || refused->status == 401 || refused->status == 415);
        sentences.insert(refused->detail);
        demand(sentences.size() < 20);
    }
    return 0;
}
