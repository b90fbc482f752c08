// The vendor's signature, held against the vectors that the vendor's own client publishes.
#include "services/sync-clinch/signature.hpp"

#include <doctest/doctest.h>

#include "common/crypto/hash.hpp"

using namespace hirewire;
using clinch::SignedText;
using clinch::Signing;

namespace {

sync::Credential credential() {
    sync::Credential made;
    made.access_id = "YOUR-KEY";
    made.secret = "YOUR-SECRET";
    return made;
}

http::Request get(const std::string& target) {
    http::Request request;
    request.target = target;
    return request;
}

http::Request post(const std::string& body) {
    http::Request request;
    request.method = http::Method::post;
    request.target = "/candidate_outcomes";
    request.headers.push_back({"Content-Type", "application/vnd.api+json"});
    request.body = body;
    return request;
}

std::string authorization(http::Request request, std::string_view base_path, const Signing& signing) {
    clinch::sign(request, credential(), base_path, from_ms(0), signing);
    return std::string{http::header(request.headers, "Authorization")};
}

http::Reply dated(const std::string& date) {
    http::Reply reply;
    reply.status = 401;
    if (!date.empty()) reply.headers.push_back({"Date", date});
    return reply;
}

}  // namespace

TEST_CASE("Clinch's signature: the vectors of the vendor's client, which leaves the method out") {
    Signing signing;
    signing.text = SignedText::without_method;
    CHECK(authorization(get("/v1/candidates"), "", signing) == "APIAuth YOUR-KEY:cgLyS9HCvKFQMvoidj3sWphhYLk=");
    CHECK(
        authorization(get("/v1/candidates/abc123"), "", signing) == "APIAuth YOUR-KEY:O3GXlD8wSyl7rn4LLKk5Ve2h/xQ=");
}

TEST_CASE("Clinch's signature: as documented, the method comes first") {
    CHECK(authorization(get("/v1/candidates"), "", Signing{}) == "APIAuth YOUR-KEY:gYzq0dTgFzbX8X1CC854RjlE/pg=");
}

TEST_CASE("Clinch's signature: the path of the base URL is part of what is signed, and so is the query") {
    CHECK(authorization(get("/candidates"), "/v1", Signing{}) == "APIAuth YOUR-KEY:gYzq0dTgFzbX8X1CC854RjlE/pg=");
    auto request = get("/candidates?filter%5Bemail%5D=a%40b.test");
    request.headers.push_back({"Date", "Thu, 01 Jan 1970 00:00:00 GMT"});
    CHECK(
        clinch::signed_text(request, "/v2", SignedText::method_first) ==
        "GET,,,/v2/candidates?filter%5Bemail%5D=a%40b.test,Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST_CASE("Clinch's signature: it covers the body by its MD5, unless that is turned off") {
    auto request = post("abc");
    clinch::sign(request, credential(), "/v2", from_ms(0), Signing{});
    CHECK(http::header(request.headers, "Date") == "Thu, 01 Jan 1970 00:00:00 GMT");
    CHECK(http::header(request.headers, "Content-MD5") == "kAFQmDzST7DWlj99KOF/cg==");
    const std::string text =
        "POST,application/vnd.api+json,kAFQmDzST7DWlj99KOF/cg==,/v2/candidate_outcomes,"
        "Thu, 01 Jan 1970 00:00:00 GMT";
    CHECK(clinch::signed_text(request, "/v2", SignedText::method_first) == text);
    CHECK(
        http::header(request.headers, "Authorization") ==
        "APIAuth YOUR-KEY:" + crypto::base64(crypto::hmac_sha1("YOUR-SECRET", text)));
    CHECK(authorization(post("abc"), "/v2", Signing{}) != authorization(post("abd"), "/v2", Signing{}));

    Signing without;
    without.content_md5 = false;
    CHECK(authorization(post("abc"), "/v2", without) == authorization(post("abd"), "/v2", without));
    // What has no body has no sum of it.
    auto read = get("/candidates");
    clinch::sign(read, credential(), "/v2", from_ms(0), Signing{});
    CHECK(http::header(read.headers, "Content-MD5").empty());
}

TEST_CASE("Clinch's signature: an answer's Date tells whether the clocks are apart, and which way") {
    const auto now = *parse_http_date("Mon, 02 Mar 2026 15:00:00 GMT");
    CHECK(
        clinch::clock_fault(dated("Mon, 02 Mar 2026 14:40:00 GMT"), now) ==
        "our clock is 1200 s ahead of the destination's, and a signature is good for 15 minutes");
    CHECK(
        clinch::clock_fault(dated("Mon, 02 Mar 2026 15:20:00 GMT"), now) ==
        "our clock is 1200 s behind the destination's, and a signature is good for 15 minutes");
    for (const auto* date : {"Mon, 02 Mar 2026 15:00:59 GMT", "Mon, 02 Mar 2026 14:59:01 GMT", "", "yesterday"}) {
        CAPTURE(date);
        CHECK(clinch::clock_fault(dated(date), now).empty());
    }
}
