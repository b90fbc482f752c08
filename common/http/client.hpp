#pragma once
// The seam to other people's servers. One call, one answer or one reason why there was none; no retry, no redirect
// (credentials would travel with it): both are decided elsewhere.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "common/core/result.hpp"
#include "common/core/time.hpp"
#include "common/http/message.hpp"

namespace hirewire::http {

enum class Errc {
    unreachable = 1,  // no connection: the request was certainly not seen
    timed_out,        // no whole answer within the deadline: the request may have been carried out
    broken_off,       // the connection ended before a whole answer: the request may have been carried out
    not_http,         // the answer is not HTTP, or too large
};
Error make_error_code(Errc e);

class Client {
public:
    virtual ~Client() = default;
    // The deadline covers connecting, sending and the whole answer.
    virtual boost::asio::awaitable<Result<Reply>> send(Request request, Milliseconds deadline) = 0;
};

struct ClientSettings {
    std::string
        base_url{};  // http:// or https://, host, optional port, optional path that every target is put behind
    std::size_t max_idle_connections = 64;
    std::size_t max_reply_bytes = 16U << 20U;
    std::string ca_file{};  // PEM; empty = the system's
};

// Keep-alive connections over Boost.Beast. When a reused connection turns out to be closed before a byte of an answer
// came, the request is sent again on another one, except a POST: that one may have been carried out.
// Throws std::invalid_argument on a bad URL.
std::unique_ptr<Client> make_client(boost::asio::any_io_executor executor, ClientSettings settings);

}  // namespace hirewire::http

template <>
struct boost::system::is_error_code_enum<hirewire::http::Errc> : std::true_type {};
