#include "tools/loadgen/reply_reader.hpp"

#include <algorithm>
#include <charconv>

namespace hirewire::loadgen {
namespace {

constexpr std::string_view line_end = "\r\n";

bool same(std::string_view a, std::string_view lower) {
    return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
               return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + ('a' - 'A')) : x) == y;
           });
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

}  // namespace

ReplyState read_reply(std::string_view bytes) {
    constexpr std::string_view version = "HTTP/1.";
    constexpr std::size_t status_at = 9;
    const auto head_end = bytes.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return Incomplete{};
    std::string_view head = bytes.substr(0, head_end);
    Complete reply;
    if (!head.starts_with(version) || head.size() < status_at + 3) return Malformed{};
    std::from_chars(head.data() + status_at, head.data() + status_at + 3, reply.status);
    if (reply.status < 100) return Malformed{};
    reply.keep_alive = head[version.size()] == '1';

    std::size_t body = 0;
    auto at = head.find(line_end);
    while (at != std::string_view::npos) {
        head.remove_prefix(at + line_end.size());
        at = head.find(line_end);
        const std::string_view line = head.substr(0, at);
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) return Malformed{};
        const auto name = line.substr(0, colon);
        const auto value = trimmed(line.substr(colon + 1));
        if (same(name, "content-length")) {
            std::from_chars(value.data(), value.data() + value.size(), body);
        } else if (same(name, "connection")) {
            reply.keep_alive = !same(value, "close");
        } else if (same(name, "transfer-encoding")) {
            return Malformed{};
        }
    }
    reply.size = head_end + 4 + body;
    if (bytes.size() < reply.size) return Incomplete{};
    return reply;
}

}  // namespace hirewire::loadgen
