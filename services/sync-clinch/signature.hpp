#pragma once
// The vendor's signing of requests, "APIAuth": Base64 of the HMAC-SHA1 over
// "method,content type,content MD5,request URI,date", with nothing where something is absent.
#include <string>
#include <string_view>

#include "common/sync/destination.hpp"

namespace hirewire::clinch {

enum class SignedText {
    method_first,    // as documented
    without_method,  // as the vendor's older client has it
};

struct Signing {
    SignedText text = SignedText::method_first;
    // Without it the signature does not cover the body.
    bool content_md5 = true;
};

// What is signed, of a request that has its other headers.
std::string signed_text(const http::Request& request, std::string_view base_path, SignedText form);

// Adds Date, Content-MD5 when there is a body, and Authorization. A signature is good for 15 minutes from `now`.
void sign(
    http::Request& request,
    const sync::Credential& credential,
    std::string_view base_path,
    Timestamp now,
    const Signing& signing);

// One sentence when the answer's Date says that the two clocks are apart; "" else.
std::string clock_fault(const http::Reply& reply, Timestamp now);

}  // namespace hirewire::clinch
