#include "common/lever/signature.hpp"

#include <doctest/doctest.h>

#include "common/json/value.hpp"
#include "tests/support/samples.hpp"

using namespace hirewire;
using namespace hirewire::lever;

TEST_CASE("signature: every sample is signed with the documented token") {
    for (const auto& sample : testing::samples()) {
        CAPTURE(sample.event);
        const auto document = json::Document::parse(sample.body);
        const auto token = (*document)["token"].string();
        const auto at = (*document)["triggeredAt"].integer();
        CHECK(sign(testing::sample_token, token, at) == (*document)["signature"].string());
        Verifier verifier{{"another", testing::sample_token}};
        CHECK(verifier.genuine(token, at, (*document)["signature"].string()));
        CHECK_FALSE(verifier.genuine(token, at + 1, (*document)["signature"].string()));
    }
}

TEST_CASE("signature: the key is the token as text, the message the token and the digits, as others compute it") {
    // python3: hmac.new(b"81358960e95ed76b", b"abc" + b"1782974004990", "sha256").hexdigest()
    CHECK(
        sign("81358960e95ed76b", "abc", 1'782'974'004'990) ==
        "55532635e74f7cc75437694a5468d62cc1674506dbd5b08085f7d65110025118");
}

TEST_CASE("signature: several tokens, any of which may have signed; none of which refuses all") {
    const auto good = sign("one", "t", 1);
    Verifier several{{"zero", "one", "two"}};
    CHECK(several.genuine("t", 1, good));
    CHECK(several.genuine("t", 1, sign("two", "t", 1)));
    CHECK_FALSE(several.genuine("t", 1, sign("three", "t", 1)));
    Verifier none{{}};
    CHECK_FALSE(none.genuine("t", 1, good));
    CHECK_FALSE(none.genuine("t", 1, ""));
}

TEST_CASE("signature: empty, cut, lengthened and upper-case ones are refused") {
    Verifier verifier{{"one"}};
    const auto good = sign("one", "t", 1);
    CHECK_FALSE(verifier.genuine("t", 1, ""));
    CHECK_FALSE(verifier.genuine("t", 1, good.substr(0, 63)));
    CHECK_FALSE(verifier.genuine("t", 1, good + "0"));
    std::string upper = good;
    for (auto& c : upper) c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
    REQUIRE(upper != good);
    CHECK_FALSE(verifier.genuine("t", 1, upper));
}

TEST_CASE("signature: tokens come separated by commas, blanks or lines") {
    CHECK(split_tokens("a,b") == std::vector<std::string>{"a", "b"});
    CHECK(split_tokens(" a , b\n\tc\r\n,,") == std::vector<std::string>{"a", "b", "c"});
    CHECK(split_tokens("").empty());
    CHECK(split_tokens(" ,\n").empty());
}
