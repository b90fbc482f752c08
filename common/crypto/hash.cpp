#include "common/crypto/hash.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdexcept>

namespace hirewire::crypto {
namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

struct Deleter {
    void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
    void operator()(EVP_MD* algorithm) const { EVP_MD_free(algorithm); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

struct HmacSha256::State {
    std::unique_ptr<EVP_MAC, Deleter> mac;
    std::unique_ptr<EVP_MAC_CTX, Deleter> context;
};

Digest sha256(std::string_view bytes) {
    // SHA256() looks its algorithm up anew at every call, which costs more than hashing a webhook.
    thread_local const std::unique_ptr<EVP_MD, Deleter> algorithm{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
    thread_local const std::unique_ptr<EVP_MD_CTX, Deleter> context{EVP_MD_CTX_new()};
    Digest digest{};
    const bool ok = EVP_DigestInit_ex2(context.get(), algorithm.get(), nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
    if (!ok) throw std::runtime_error("OpenSSL failed to compute a SHA-256.");
    return digest;
}

HmacSha256::HmacSha256(std::string_view key) : state_{std::make_unique<State>()} {
    state_->mac.reset(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    if (state_->mac) state_->context.reset(EVP_MAC_CTX_new(state_->mac.get()));
    char digest_name[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0), OSSL_PARAM_construct_end()};
    if (!state_->context || EVP_MAC_init(state_->context.get(), bytes_of(key), key.size(), parameters) != 1) {
        throw std::runtime_error("OpenSSL offers no HMAC-SHA256. Hint: is its default provider disabled?");
    }
}

HmacSha256::HmacSha256(HmacSha256&&) noexcept = default;
HmacSha256& HmacSha256::operator=(HmacSha256&&) noexcept = default;
HmacSha256::~HmacSha256() = default;

Digest HmacSha256::operator()(std::string_view first, std::string_view second) {
    Digest digest{};
    std::size_t length = 0;
    auto* context = state_->context.get();
    // Initialising with no key keeps the key that is there.
    const bool ok = EVP_MAC_init(context, nullptr, 0, nullptr) == 1 &&
                    EVP_MAC_update(context, bytes_of(first), first.size()) == 1 &&
                    EVP_MAC_update(context, bytes_of(second), second.size()) == 1 &&
                    EVP_MAC_final(context, digest.data(), &length, digest.size()) == 1 && length == digest.size();
    if (!ok) throw std::runtime_error("OpenSSL failed to compute an HMAC-SHA256.");
    return digest;
}

std::string hmac_sha1(std::string_view key, std::string_view text) {
    std::string digest(20, '\0');
    unsigned length = 0;
    const auto* done = HMAC(
        EVP_sha1(),
        key.data(),
        static_cast<int>(key.size()),
        bytes_of(text),
        text.size(),
        reinterpret_cast<unsigned char*>(digest.data()),
        &length);
    if (done == nullptr || length != digest.size())
        throw std::runtime_error("OpenSSL failed to compute an HMAC-SHA1.");
    return digest;
}

std::string md5(std::string_view bytes) {
    std::string digest(16, '\0');
    unsigned length = 0;
    auto* out = reinterpret_cast<unsigned char*>(digest.data());
    const bool ok = EVP_Digest(bytes.data(), bytes.size(), out, &length, EVP_md5(), nullptr) == 1;
    if (!ok || length != digest.size()) throw std::runtime_error("OpenSSL failed to compute an MD5.");
    return digest;
}

std::string hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text(bytes.size() * 2, '0');
    auto out = text.begin();
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        *out++ = digits[byte >> 4U];
        *out++ = digits[byte & 15U];
    }
    return text;
}

std::string hex(const Digest& digest) {
    return hex(std::string_view{reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string base64(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int length = EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(text.data()), bytes_of(bytes), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

bool equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace hirewire::crypto
