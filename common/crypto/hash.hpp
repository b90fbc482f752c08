#pragma once
// SHA-256, HMAC-SHA256 (FIPS 180-4, RFC 2104), two older ones and the comparison that takes the same time whatever
// differs. OpenSSL behind; no other folder includes it for hashing.
#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace hirewire::crypto {

using Digest = std::array<unsigned char, 32>;

Digest sha256(std::string_view bytes);

// A keyed hash that is set up once and used many times (0.5 µs a call against 3 µs for a one-shot HMAC).
// Not for use by two threads at once.
class HmacSha256 {
public:
    explicit HmacSha256(std::string_view key);
    HmacSha256(HmacSha256&&) noexcept;
    HmacSha256& operator=(HmacSha256&&) noexcept;
    ~HmacSha256();

    // The hash of the two texts, one after the other.
    Digest operator()(std::string_view first, std::string_view second = {});

private:
    struct State;
    std::unique_ptr<State> state_;
};

// For contracts of others that ask for them; nothing of ours rests on either. The digests are raw bytes.
std::string hmac_sha1(std::string_view key, std::string_view text);
std::string md5(std::string_view bytes);

// Lower-case hexadecimal.
std::string hex(std::string_view bytes);
std::string hex(const Digest& digest);

std::string base64(std::string_view bytes);

// Constant-time in the contents; the lengths are no secret.
bool equal(std::string_view a, std::string_view b);

}  // namespace hirewire::crypto
