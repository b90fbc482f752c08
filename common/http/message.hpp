#pragma once
// HTTP as values: what a destination plans, what a handler answers. Knows no socket and no library.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hirewire::http {

enum class Method { get, head, post, put, patch, del, options, other };
std::string_view name_of(Method method);
Method method_from(std::string_view name);

struct Header {
    std::string name{};
    std::string value{};
};

struct Request {
    Method method = Method::get;
    std::string target{};  // path and query, percent-encoded, starting with '/'
    std::vector<Header> headers{};
    std::string body{};
};

struct Reply {
    int status = 200;  // a server's handler may answer 0: the connection is closed without an answer
    std::vector<Header> headers{};
    std::string body{};
};

// Names compare without case; "" when absent.
std::string_view header(const std::vector<Header>& headers, std::string_view name);

// An application/json answer.
Reply json_reply(int status, std::string body);
// An application/problem+json answer (RFC 9457). `code` is a short word for programs; `detail` is one sentence that
// must repeat nothing of the request's body.
Reply problem(int status, std::string_view code, std::string_view detail);
std::string_view reason_phrase(int status);

// Percent-encodes all but RFC 3986's unreserved characters, for one path segment or query value.
std::string percent_encode(std::string_view text);
std::string percent_decode(std::string_view text);
// The value of `name` in the query of `target`, decoded; nothing when absent.
std::optional<std::string> query_value(std::string_view target, std::string_view name);
std::vector<std::string> query_values(std::string_view target, std::string_view name);
// "/a/b?x=1" -> "/a/b"
std::string_view path_of(std::string_view target);

}  // namespace hirewire::http
