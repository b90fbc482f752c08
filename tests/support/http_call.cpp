#include "tests/support/http_call.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <stdexcept>

namespace hirewire::testing {
namespace {

std::optional<std::size_t> size_from(std::string_view text, int base) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end == text.data()) return std::nullopt;
    return value;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

http::Reply head_of(std::string_view head) {
    http::Reply reply;
    const auto line_end = head.find("\r\n");
    const auto status_line = head.substr(0, line_end);
    if (status_line.size() < 12 || status_line.substr(0, 7) != "HTTP/1.") {
        throw std::runtime_error("not an HTTP answer: " + std::string{status_line});
    }
    reply.status = static_cast<int>(size_from(status_line.substr(9, 3), 10).value_or(0));
    auto rest = line_end == std::string_view::npos ? std::string_view{} : head.substr(line_end + 2);
    while (!rest.empty()) {
        const auto end = std::min(rest.find("\r\n"), rest.size());
        const auto line = rest.substr(0, end);
        const auto colon = line.find(':');
        if (colon != std::string_view::npos) {
            reply.headers.push_back(
                http::Header{std::string{line.substr(0, colon)}, std::string{trimmed(line.substr(colon + 1))}});
        }
        rest.remove_prefix(std::min(end + 2, rest.size()));
    }
    return reply;
}

}  // namespace

Connection::Connection(int port) {
    descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(descriptor_);
        throw std::runtime_error("nobody listens on port " + std::to_string(port));
    }
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Connection::~Connection() {
    ::close(descriptor_);
}

bool Connection::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool Connection::readable(Milliseconds patience) {
    if (!buffer_.empty() || ended_) return true;
    return receive(std::chrono::steady_clock::now() + patience) || ended_;
}

bool Connection::receive(Instant deadline) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
    if (left.count() < 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) return false;
    std::array<char, 16'384> chunk{};
    const auto got = ::recv(descriptor_, chunk.data(), chunk.size(), 0);
    if (got <= 0) {
        ended_ = true;
        return false;
    }
    buffer_.append(chunk.data(), static_cast<std::size_t>(got));
    return true;
}

bool Connection::closes(Milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!ended_ && buffer_.empty() && std::chrono::steady_clock::now() < deadline) receive(deadline);
    return ended_ && buffer_.empty();
}

std::string Connection::read_line(Milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    auto end = buffer_.find("\r\n");
    while (end == std::string::npos) {
        if (!receive(deadline)) throw std::runtime_error("no whole line in time, so far: " + buffer_);
        end = buffer_.find("\r\n");
    }
    auto line = buffer_.substr(0, end);
    buffer_.erase(0, end + 2);
    return line;
}

std::optional<http::Reply> Connection::read(Milliseconds patience, bool to_head) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    const auto more = [&] {
        if (receive(deadline)) return true;
        if (!ended_) throw std::runtime_error("no whole answer in time, so far: " + buffer_);
        return false;
    };

    auto head_end = buffer_.find("\r\n\r\n");
    while (head_end == std::string::npos) {
        if (!more()) return std::nullopt;
        head_end = buffer_.find("\r\n\r\n");
    }
    auto reply = head_of(std::string_view{buffer_}.substr(0, head_end));
    buffer_.erase(0, head_end + 4);
    if (reply.status == 100) return read(patience, to_head);
    if (to_head || reply.status == 204 || reply.status == 304) return reply;

    if (http::header(reply.headers, "Transfer-Encoding") == "chunked") {
        while (true) {
            auto line_end = buffer_.find("\r\n");
            while (line_end == std::string::npos) {
                if (!more()) return std::nullopt;
                line_end = buffer_.find("\r\n");
            }
            const auto size = size_from(std::string_view{buffer_}.substr(0, line_end), 16).value_or(0);
            while (buffer_.size() < line_end + 2 + size + 2) {
                if (!more()) return std::nullopt;
            }
            reply.body += buffer_.substr(line_end + 2, size);
            buffer_.erase(0, line_end + 2 + size + 2);
            if (size == 0) return reply;
        }
    }
    const auto length = size_from(http::header(reply.headers, "Content-Length"), 10);
    while (!length || buffer_.size() < *length) {
        if (more()) continue;
        if (length) return std::nullopt;
        break;
    }
    reply.body = buffer_.substr(0, length.value_or(buffer_.size()));
    buffer_.erase(0, reply.body.size());
    return reply;
}

std::string bytes_of(const http::Request& request) {
    std::string bytes = std::string{http::name_of(request.method)} + " " + request.target + " HTTP/1.1\r\n";
    if (http::header(request.headers, "Host").empty()) bytes += "Host: 127.0.0.1\r\n";
    for (const auto& header : request.headers) bytes += header.name + ": " + header.value + "\r\n";
    if (!request.body.empty() || request.method == http::Method::post) {
        bytes += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    }
    return bytes + "\r\n" + request.body;
}

http::Reply call(int port, const http::Request& request, Milliseconds patience) {
    Connection connection{port};
    connection.send(bytes_of(request));
    auto reply = connection.read(patience, request.method == http::Method::head);
    if (!reply) throw std::runtime_error("the connection was closed without an answer: " + request.target);
    return std::move(*reply);
}

http::Reply get(int port, const std::string& target) {
    const http::Request request{.method = http::Method::get, .target = target};
    return call(port, request);
}

}  // namespace hirewire::testing
