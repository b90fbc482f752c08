#include "common/http/client.hpp"

#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/url/parse.hpp>
#include <cerrno>
#include <stdexcept>
#include <variant>
#include <vector>

namespace hirewire::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using Plain = beast::tcp_stream;
using Tls = beast::ssl_stream<beast::tcp_stream>;

struct Category final : boost::system::error_category {
    [[nodiscard]] const char* name() const noexcept override { return "http"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::unreachable:
                return "the server cannot be reached";
            case Errc::timed_out:
                return "the server did not answer in time";
            case Errc::broken_off:
                return "the connection ended before the answer was whole";
            case Errc::not_http:
                return "the answer is not HTTP or is too large";
        }
        return "unknown";
    }
};

struct Connection {
    explicit Connection(asio::any_io_executor executor) : stream{std::in_place_type<Plain>, executor} {}
    Connection(asio::any_io_executor executor, asio::ssl::context& tls)
        : stream{std::in_place_type<Tls>, executor, tls} {}

    std::variant<Plain, Tls> stream;
    beast::flat_buffer buffer{};

    Plain& tcp_layer() {
        auto* plain = std::get_if<Plain>(&stream);
        return plain != nullptr ? *plain : std::get<Tls>(stream).next_layer();
    }
};

bool is_open_and_silent(Connection& connection) {
    char byte = 0;
    const auto got = ::recv(connection.tcp_layer().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

Errc classify(const boost::system::error_code& error) {
    if (error == beast::error::timeout || error == asio::error::timed_out) return Errc::timed_out;
    if (error == beast::http::error::body_limit || error == beast::http::error::header_limit) return Errc::not_http;
    if (error == beast::http::error::end_of_stream || error == beast::http::error::partial_message) {
        return Errc::broken_off;
    }
    if (error.category() == beast::http::make_error_code(beast::http::error::bad_method).category()) {
        return Errc::not_http;
    }
    return Errc::broken_off;
}

class BeastClient final : public Client {
public:
    BeastClient(asio::any_io_executor executor, ClientSettings settings)
        : executor_{std::move(executor)}, settings_{std::move(settings)} {
        const auto url = boost::urls::parse_uri(settings_.base_url);
        if (!url || (url->scheme() != "http" && url->scheme() != "https") || url->encoded_host().empty()) {
            throw std::invalid_argument(
                "'" + settings_.base_url + "' is not a URL of the form http://host[:port][/path] or https://…");
        }
        secure_ = url->scheme() == "https";
        host_ = std::string{url->host_address()};
        port_ = url->has_port() ? std::string{url->port()} : secure_ ? "443" : "80";
        host_header_ = url->has_port() ? std::string{url->encoded_host_and_port()} : std::string{url->encoded_host()};
        prefix_ = std::string{url->encoded_path()};
        while (prefix_.ends_with('/')) prefix_.pop_back();
        if (secure_) {
            if (settings_.ca_file.empty()) {
                tls_.set_default_verify_paths();
            } else {
                tls_.load_verify_file(settings_.ca_file);
            }
            tls_.set_verify_mode(asio::ssl::verify_peer);
        }
    }

    asio::awaitable<Result<Reply>> send(Request request, Milliseconds deadline) override {
        const Instant until = std::chrono::steady_clock::now() + deadline;
        const auto message = build(request);
        const bool repeatable = request.method != Method::post;
        bool sent = false;
        while (true) {
            auto connection = take_idle();
            const bool reused = connection != nullptr;
            if (!reused) {
                auto connected = co_await connect(until);
                // What went out over a connection that broke may have been seen, whether there is another one or not.
                if (!connected) co_return sent ? make_error_code(Errc::broken_off) : connected.error();
                connection = std::move(*connected);
            }
            sent = true;
            Exchange exchange = co_await exchange_on(*connection, message, until);
            if (exchange.error == Errc::broken_off && reused && !exchange.saw_answer && repeatable) continue;
            if (exchange.error) co_return make_error_code(*exchange.error);
            if (exchange.keep && idle_.size() < settings_.max_idle_connections)
                idle_.push_back(std::move(connection));
            co_return std::move(exchange.reply);
        }
    }

private:
    using Message = beast::http::request<beast::http::string_body>;

    struct Exchange {
        std::optional<Errc> error{};
        bool saw_answer = false;
        bool keep = false;
        Reply reply{};
    };

    // The newest connection that the server has not closed meanwhile. A server's restart leaves a pool full of closed
    // ones; without the look, as many POSTs would fail one after the other, because none may be sent twice.
    std::unique_ptr<Connection> take_idle() {
        while (!idle_.empty()) {
            auto connection = std::move(idle_.back());
            idle_.pop_back();
            if (is_open_and_silent(*connection)) return connection;
        }
        return nullptr;
    }

    [[nodiscard]] Message build(const Request& request) const {
        Message message;
        message.version(11);
        const auto method = name_of(request.method);
        message.method_string({method.data(), method.size()});
        message.target(prefix_ + request.target);
        message.set(beast::http::field::host, host_header_);
        message.set(beast::http::field::user_agent, "hirewire/" HIREWIRE_VERSION);
        for (const auto& h : request.headers) {
            // A line break in a value that came from elsewhere would begin a header of its own.
            if (h.value.find_first_of("\r\n") == std::string::npos) message.set(h.name, h.value);
        }
        message.body() = request.body;
        if (!request.body.empty() || request.method == Method::post || request.method == Method::put ||
            request.method == Method::patch) {
            message.content_length(request.body.size());
        }
        return message;
    }

    asio::awaitable<Result<std::unique_ptr<Connection>>> connect(Instant until) {
        boost::system::error_code error;
        auto connection =
            secure_ ? std::make_unique<Connection>(executor_, tls_) : std::make_unique<Connection>(executor_);
        auto& layer = connection->tcp_layer();
        const auto resolver = std::make_shared<tcp::resolver>(executor_);
        asio::steady_timer too_late{executor_, until};
        too_late.async_wait([resolver](boost::system::error_code e) {
            if (!e) resolver->cancel();
        });
        const auto endpoints =
            co_await resolver->async_resolve(host_, port_, asio::redirect_error(asio::use_awaitable, error));
        too_late.cancel();
        if (error) co_return make_error_code(Errc::unreachable);
        layer.expires_at(until);
        co_await layer.async_connect(endpoints, asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return make_error_code(Errc::unreachable);
        layer.socket().set_option(tcp::no_delay{true}, error);
        if (auto* stream = std::get_if<Tls>(&connection->stream)) {
            // SNI; the macro of that name casts in C style.
            SSL_ctrl(stream->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host_.data());
            stream->set_verify_callback(asio::ssl::host_name_verification{host_});
            co_await stream->async_handshake(
                asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
            if (error) co_return make_error_code(Errc::unreachable);
        }
        co_return connection;
    }

    asio::awaitable<Exchange> exchange_on(Connection& connection, const Message& message, Instant until) {
        connection.tcp_layer().expires_at(until);
        if (auto* plain = std::get_if<Plain>(&connection.stream)) {
            co_return co_await exchange_over(*plain, connection, message);
        }
        co_return co_await exchange_over(std::get<Tls>(connection.stream), connection, message);
    }

    template <typename Stream>
    asio::awaitable<Exchange> exchange_over(Stream& stream, Connection& connection, const Message& message) {
        Exchange exchange;
        boost::system::error_code error;
        co_await beast::http::async_write(stream, message, asio::redirect_error(asio::use_awaitable, error));
        if (error) {
            exchange.error = classify(error);
            co_return exchange;
        }
        beast::http::response_parser<beast::http::string_body> parser;
        parser.body_limit(settings_.max_reply_bytes);
        if (message.method() == beast::http::verb::head) parser.skip(true);
        co_await beast::http::async_read(
            stream, connection.buffer, parser, asio::redirect_error(asio::use_awaitable, error));
        exchange.saw_answer = parser.got_some();
        if (error) {
            exchange.error = classify(error);
            co_return exchange;
        }
        exchange.keep = parser.get().keep_alive();
        auto reply = parser.release();
        exchange.reply.status = static_cast<int>(reply.result_int());
        for (const auto& field : reply) {
            const auto name = field.name_string();
            const auto value = field.value();
            exchange.reply.headers.push_back(
                {.name = {name.data(), name.size()}, .value = {value.data(), value.size()}});
        }
        exchange.reply.body = std::move(reply.body());
        co_return exchange;
    }

    asio::any_io_executor executor_;
    ClientSettings settings_;
    asio::ssl::context tls_{asio::ssl::context::tls_client};
    bool secure_ = false;
    std::string host_;
    std::string port_;
    std::string host_header_;
    std::string prefix_;
    std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace

Error make_error_code(Errc e) {
    static const Category category;
    return {static_cast<int>(e), category};
}

std::unique_ptr<Client> make_client(asio::any_io_executor executor, ClientSettings settings) {
    return std::make_unique<BeastClient>(std::move(executor), std::move(settings));
}

}  // namespace hirewire::http
