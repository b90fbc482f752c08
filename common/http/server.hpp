#pragma once
// An HTTP/1.1 server for one io_context: keep-alive, pipelining, limits, one coarse timer for all deadlines. The
// receiver, the admin pages, the internal API and the sandbox stand on it. It knows no route; see routes.hpp.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/core/time.hpp"
#include "common/http/message.hpp"

namespace hirewire::http {

// Where a handler finds a request's headers.
class HeaderSource {
public:
    virtual ~HeaderSource() = default;
    [[nodiscard]] virtual std::string_view find(std::string_view name) const = 0;
};

// A whole request as a handler sees it. The views live until the handler's reply is there.
struct Incoming {
    Method method = Method::get;
    std::string_view target{};
    std::string_view body{};
    const HeaderSource* headers = nullptr;

    [[nodiscard]] std::string_view header(std::string_view name) const {
        return headers != nullptr ? headers->find(name) : std::string_view{};
    }
};

using Handler = std::function<boost::asio::awaitable<Reply>(const Incoming&)>;

struct ServerSettings {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;   // 0 = any free one
    bool share_port = false;  // SO_REUSEPORT: one server per thread on the same port
    std::size_t max_body_bytes = 64U << 10U;
    std::size_t max_header_bytes = 8U << 10U;
    std::size_t max_connections = 1024;
    Milliseconds read_deadline{10'000};  // for one request, from its first byte
    Milliseconds idle_deadline{75'000};  // between requests
    Milliseconds write_deadline{10'000};
    std::string tls_certificate_file{};  // PEM; empty = plain HTTP
    std::string tls_key_file{};
};

// What went wrong below the handler, for a metric: 400, 408, 413, 431 were answered, 0 = refused for the connection
// cap.
using Refused = std::function<void(int status)>;

class Server {
public:
    // Binds at once: throws std::runtime_error that names address, port and reason.
    Server(boost::asio::io_context& context, ServerSettings settings, Handler handler, Refused refused = {});
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    // Ends idle connections now and each busy one after its present answer; accepts no more.
    void stop();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace hirewire::http
