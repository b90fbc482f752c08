#include "common/crypto/hash.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace hirewire;
using namespace hirewire::crypto;

TEST_CASE("sha-256: known vectors (FIPS 180-4)") {
    CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(
        hex(sha256(std::string(1'000'000, 'a'))) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("hmac: known vectors (RFC 4231)") {
    struct Vector {
        std::string key{};
        std::string data{};
        std::string digest{};
    };
    const std::vector<Vector> vectors{
        {std::string(20, '\x0b'), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {std::string(20, '\xaa'),
         std::string(50, '\xdd'),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {std::string(131, '\xaa'),
         "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    };
    for (const auto& v : vectors) {
        HmacSha256 hmac{v.key};
        CHECK(hex(hmac(v.data)) == v.digest);
        // In two pieces, and again with the same key.
        for (std::size_t cut = 0; cut <= v.data.size(); cut += 3) {
            CHECK(hex(hmac(v.data.substr(0, cut), v.data.substr(cut))) == v.digest);
        }
    }
}

TEST_CASE("hmac: a key survives being moved") {
    HmacSha256 one{"Jefe"};
    HmacSha256 other{std::move(one)};
    CHECK(
        hex(other("what do ya want ", "for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("hmac-sha1: known vectors (RFC 2202)") {
    CHECK(hex(hmac_sha1(std::string(20, '\x0b'), "Hi There")) == "b617318655057264e28bc0b6fb378c8ef146be00");
    CHECK(hex(hmac_sha1("Jefe", "what do ya want for nothing?")) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    CHECK(
        hex(hmac_sha1(std::string(80, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")) ==
        "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

TEST_CASE("md5: known vectors (RFC 1321)") {
    CHECK(hex(md5("")) == "d41d8cd98f00b204e9800998ecf8427e");
    CHECK(hex(md5("abc")) == "900150983cd24fb0d6963f7d28e17f72");
    CHECK(hex(md5("message digest")) == "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST_CASE("base64: known vectors (RFC 4648)") {
    CHECK(base64("") == "");
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foo") == "Zm9v");
    CHECK(base64("foobar") == "Zm9vYmFy");
    CHECK(base64(std::string{"\xff\x00\xfe", 3}) == "/wD+");
}

TEST_CASE("hex: lower case, also of bytes above 127") {
    CHECK(hex(std::string{"\x00\x7f\x80\xff", 4}) == "007f80ff");
}

TEST_CASE("equal: says what == says") {
    CHECK(equal("", ""));
    CHECK(equal("abc", "abc"));
    CHECK_FALSE(equal("abc", "abd"));
    CHECK_FALSE(equal("abc", "ab"));
    CHECK_FALSE(equal("", "a"));
    CHECK_FALSE(equal(std::string{"a\0b", 3}, std::string{"a\0c", 3}));
}
