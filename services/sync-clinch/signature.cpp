#include "services/sync-clinch/signature.hpp"

#include <chrono>

#include "common/crypto/hash.hpp"

namespace hirewire::clinch {
namespace {

// A clock that is right is never so far off; how far the server lets it be is not known.
constexpr std::chrono::seconds noticeable{60};

}  // namespace

std::string signed_text(const http::Request& request, std::string_view base_path, SignedText form) {
    std::string text;
    if (form == SignedText::method_first) text = std::string{http::name_of(request.method)} + ",";
    text += std::string{http::header(request.headers, "Content-Type")} + ",";
    text += std::string{http::header(request.headers, "Content-MD5")} + ",";
    text += std::string{base_path} + request.target + ",";
    text += http::header(request.headers, "Date");
    return text;
}

void sign(
    http::Request& request,
    const sync::Credential& credential,
    std::string_view base_path,
    Timestamp now,
    const Signing& signing) {
    request.headers.push_back({"Date", http_date(now)});
    if (signing.content_md5 && !request.body.empty()) {
        request.headers.push_back({"Content-MD5", crypto::base64(crypto::md5(request.body))});
    }
    const auto text = signed_text(request, base_path, signing.text);
    const auto signature = crypto::base64(crypto::hmac_sha1(credential.secret, text));
    request.headers.push_back({"Authorization", "APIAuth " + credential.access_id + ":" + signature});
}

std::string clock_fault(const http::Reply& reply, Timestamp now) {
    const auto theirs = parse_http_date(http::header(reply.headers, "Date"));
    if (!theirs) return {};
    const auto ahead = std::chrono::duration_cast<std::chrono::seconds>(now - *theirs);
    const auto apart = std::chrono::abs(ahead);
    if (apart < noticeable) return {};
    return "our clock is " + std::to_string(apart.count()) + " s " + (ahead.count() > 0 ? "ahead of" : "behind") +
           " the destination's, and a signature is good for 15 minutes";
}

}  // namespace hirewire::clinch
