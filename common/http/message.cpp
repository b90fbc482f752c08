#include "common/http/message.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "common/crypto/hash.hpp"
#include "common/json/writer.hpp"

namespace hirewire::http {
namespace {

constexpr std::array<std::pair<Method, std::string_view>, 7> methods{{
    {Method::get, "GET"},
    {Method::head, "HEAD"},
    {Method::post, "POST"},
    {Method::put, "PUT"},
    {Method::patch, "PATCH"},
    {Method::del, "DELETE"},
    {Method::options, "OPTIONS"},
}};

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::string_view name_of(Method method) {
    for (const auto& [value, name] : methods) {
        if (value == method) return name;
    }
    return "OTHER";
}

Method method_from(std::string_view text) {
    for (const auto& [value, name] : methods) {
        if (name == text) return value;
    }
    return Method::other;
}

std::string_view header(const std::vector<Header>& headers, std::string_view name) {
    for (const auto& h : headers) {
        if (same_name(h.name, name)) return h.value;
    }
    return {};
}

Reply json_reply(int status, std::string body) {
    return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

Reply problem(int status, std::string_view code, std::string_view detail) {
    json::Writer out;
    out.begin_object()
        .member("type", "about:blank")
        .member("title", reason_phrase(status))
        .member("status", status)
        .member("detail", detail)
        .member("code", code)
        .end_object();
    return {.status = status, .headers = {{"Content-Type", "application/problem+json"}}, .body = out.text()};
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 402:
            return "Payment Required";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        default:
            return "Status";
    }
}

std::string percent_encode(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~';
        if (plain) {
            out += c;
        } else {
            out += '%';
            for (const char digit : crypto::hex(std::string_view{&c, 1})) {
                out += digit >= 'a' ? static_cast<char>(digit - 'a' + 'A') : digit;
            }
        }
    }
    return out;
}

std::string percent_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
            out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

namespace {

// In a query, and only there, '+' is a blank.
std::string query_decode(std::string_view text) {
    std::string blanks{text};
    std::replace(blanks.begin(), blanks.end(), '+', ' ');
    return percent_decode(blanks);
}

}  // namespace

std::vector<std::string> query_values(std::string_view target, std::string_view name) {
    std::vector<std::string> values;
    const auto mark = target.find('?');
    if (mark == std::string_view::npos) return values;
    std::string_view rest = target.substr(mark + 1);
    while (!rest.empty()) {
        const auto pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        const auto split = pair.find('=');
        if (query_decode(pair.substr(0, split)) != name) continue;
        values.push_back(split == std::string_view::npos ? "" : query_decode(pair.substr(split + 1)));
    }
    return values;
}

std::optional<std::string> query_value(std::string_view target, std::string_view name) {
    auto values = query_values(target, name);
    if (values.empty()) return std::nullopt;
    return std::move(values.front());
}

std::string_view path_of(std::string_view target) {
    return target.substr(0, target.find('?'));
}

}  // namespace hirewire::http
