#include "common/http/server.hpp"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstddef>
#include <list>
#include <memory>
#include <memory_resource>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <type_traits>

#include "common/log/log.hpp"

namespace hirewire::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using Plain = tcp::socket;
using FieldAllocator = std::pmr::polymorphic_allocator<char>;
using Fields = beast::http::basic_fields<FieldAllocator>;
using Parser = beast::http::request_parser<beast::http::string_body, FieldAllocator>;
using Tls = asio::ssl::stream<tcp::socket>;

constexpr std::size_t largest_read = 64U << 10U;
// How often deadlines are looked at: one timer a server instead of one a request.
constexpr Milliseconds sweep_period{250};

class BeastHeaders final : public HeaderSource {
public:
    explicit BeastHeaders(const Fields& fields) : fields_{fields} {}
    [[nodiscard]] std::string_view find(std::string_view name) const override {
        const auto value = fields_[beast::string_view{name.data(), name.size()}];
        return {value.data(), value.size()};
    }

private:
    const Fields& fields_;
};

enum class Phase { idle, reading, handling, writing };

// What the sweeper and stop() need to know of a connection.
struct Connection {
    tcp::socket* socket = nullptr;
    Phase phase = Phase::idle;
    Instant deadline{};
    bool timed_out = false;
    bool closing = false;
};

void put_reply(std::string& out, const Reply& reply, bool keep_alive, bool no_body) {
    out = "HTTP/1.1 ";
    out += std::to_string(reply.status);
    out += ' ';
    out += reason_phrase(reply.status);
    out += "\r\n";
    for (const auto& h : reply.headers) {
        out += h.name;
        out += ": ";
        out += h.value;
        out += "\r\n";
    }
    if (!keep_alive) out += "Connection: close\r\n";
    if (reply.status != 204 && reply.status != 304) {
        out += "Content-Length: ";
        out += std::to_string(reply.body.size());
        out += "\r\n";
    }
    out += "\r\n";
    if (!no_body) out += reply.body;
}

// Answers for a request that could not be read whole; 0 = nobody is there to be answered.
int status_of_read_error(const boost::system::error_code& e) {
    if (e == beast::http::error::body_limit) return 413;
    if (e == beast::http::error::header_limit || e == beast::http::error::buffer_overflow) return 431;
    if (e == beast::http::error::end_of_stream || e == beast::http::error::partial_message) return 0;
    if (e.category() == beast::http::make_error_code(beast::http::error::bad_method).category()) return 400;
    return 0;
}

Reply refusal(int status) {
    switch (status) {
        case 408:
            return problem(408, "request-timeout", "The request did not arrive whole in time.");
        case 413:
            return problem(413, "body-too-large", "The body is larger than this server takes.");
        case 431:
            return problem(431, "header-too-large", "The header is larger than this server takes.");
        default:
            return problem(400, "not-http", "The request is not well-formed HTTP.");
    }
}

}  // namespace

struct Server::State : std::enable_shared_from_this<Server::State> {
    State(asio::io_context& c, ServerSettings s, Handler h, Refused r)
        : context{c}, settings{std::move(s)}, handler{std::move(h)}, refused{std::move(r)}, acceptor{c}, sweeper{c} {}

    asio::io_context& context;
    ServerSettings settings;
    Handler handler;
    Refused refused;
    tcp::acceptor acceptor;
    asio::steady_timer sweeper;
    std::optional<asio::ssl::context> tls;
    std::list<Connection> connections;
    bool stopping = false;

    // A connection's place in the list, given back however the conversation ends.
    struct Entry {
        Entry(State& s, tcp::socket& socket)
            : state{s}, connection{state.connections.insert(state.connections.end(), {.socket = &socket})} {}
        ~Entry() { state.connections.erase(connection); }
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;
        State& state;
        std::list<Connection>::iterator connection;
    };

    void listen() {
        try {
            if (!settings.tls_certificate_file.empty()) {
                tls.emplace(asio::ssl::context::tls_server);
                tls->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
                tls->use_certificate_chain_file(settings.tls_certificate_file);
                tls->use_private_key_file(settings.tls_key_file, asio::ssl::context::pem);
            }
            const tcp::endpoint endpoint{asio::ip::make_address(settings.address), settings.port};
            acceptor.open(endpoint.protocol());
            acceptor.set_option(tcp::acceptor::reuse_address{true});
            if (settings.share_port) {
                using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
                acceptor.set_option(ReusePort{true});
            }
            acceptor.bind(endpoint);
            acceptor.listen(1024);
        } catch (const boost::system::system_error& e) {
            throw std::runtime_error(
                "Cannot serve HTTP on " + settings.address + ":" + std::to_string(settings.port) + ": " +
                e.code().message() + ". Hint: is another process using the port, or is a TLS file unreadable?");
        }
    }

    asio::awaitable<void> accept() {
        auto self = shared_from_this();
        while (!stopping) {
            boost::system::error_code error;
            tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
            if (stopping) break;
            if (error) {
                // Out of file descriptors, most likely: wait for some to come back instead of spinning.
                asio::steady_timer pause{context, Milliseconds{50}};
                co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
                continue;
            }
            if (connections.size() >= settings.max_connections) {
                if (refused) refused(0);
                continue;  // closes it
            }
            socket.set_option(tcp::no_delay{true}, error);
            if (tls) {
                asio::co_spawn(context, serve_tls(std::move(socket)), asio::detached);
            } else {
                asio::co_spawn(context, serve_plain(std::move(socket)), asio::detached);
            }
        }
    }

    asio::awaitable<void> sweep() {
        auto self = shared_from_this();
        while (!stopping || !connections.empty()) {
            boost::system::error_code error;
            sweeper.expires_after(sweep_period);
            co_await sweeper.async_wait(asio::redirect_error(asio::use_awaitable, error));
            const auto now = std::chrono::steady_clock::now();
            for (auto& connection : connections) {
                if (connection.phase == Phase::handling || connection.deadline > now) continue;
                connection.timed_out = true;
                connection.socket->cancel(error);
            }
        }
    }

    asio::awaitable<void> serve_plain(tcp::socket socket) {
        auto self = shared_from_this();
        const Entry entry{*this, socket};
        co_await talk(socket, *entry.connection);
    }

    asio::awaitable<void> serve_tls(tcp::socket socket) {
        auto self = shared_from_this();
        Tls stream{std::move(socket), *tls};
        const Entry entry{*this, stream.next_layer()};
        set_phase(*entry.connection, Phase::reading, settings.read_deadline);
        boost::system::error_code error;
        co_await stream.async_handshake(
            asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, error));
        if (!error) co_await talk(stream, *entry.connection);
    }

    void set_phase(Connection& connection, Phase phase, Milliseconds limit) const {
        connection.phase = phase;
        connection.deadline = std::chrono::steady_clock::now() + limit;
    }

    // One connection, request after request. Pipelined requests wait in the buffer.
    template <typename Stream>
    asio::awaitable<void> talk(Stream& stream, Connection& connection) {
        beast::flat_buffer buffer{settings.max_header_bytes + settings.max_body_bytes + 4096};
        buffer.reserve(4096);
        std::string out;
        // A request's header fields, freed together.
        std::array<std::byte, 2048> memory;
        std::pmr::monotonic_buffer_resource fields{memory.data(), memory.size()};
        while (!stopping) {
            boost::system::error_code error;
            fields.release();
            Parser parser{std::piecewise_construct, std::make_tuple(), std::make_tuple(FieldAllocator{&fields})};
            parser.header_limit(static_cast<std::uint32_t>(settings.max_header_bytes));
            parser.body_limit(settings.max_body_bytes);
            parser.eager(true);
            set_phase(connection, Phase::idle, settings.idle_deadline);
            while (!error && !parser.is_done()) {
                if (buffer.size() != 0) {
                    if (connection.phase == Phase::idle)
                        set_phase(connection, Phase::reading, settings.read_deadline);
                    buffer.consume(parser.put(buffer.data(), error));
                    if (error != beast::http::error::need_more) continue;
                    error.clear();
                }
                const auto room = beast::read_size(buffer, largest_read);
                if (room == 0) {
                    // A header over its limit is refused by the parser; the line before a chunk has no limit there.
                    error = beast::http::error::buffer_overflow;
                    break;
                }
                const auto space = buffer.prepare(room);
                buffer.commit(
                    co_await stream.async_read_some(space, asio::redirect_error(asio::use_awaitable, error)));
            }
            if (error && connection.phase == Phase::idle) co_return;
            if (error) {
                const int status = connection.timed_out ? 408 : status_of_read_error(error);
                if (status == 0) co_return;
                if (refused) refused(status);
                connection.timed_out = false;
                const Reply reply = refusal(status);
                put_reply(out, reply, false, false);
                co_await send(stream, connection, out, error);
                co_await linger(stream, connection);
                co_return;
            }
            const auto& message = parser.get();
            // A coding that nobody here understands would leave the body behind as the next request.
            const bool unknown_coding =
                message.count(beast::http::field::transfer_encoding) != 0 && !message.chunked();
            if (unknown_coding) {
                if (refused) refused(400);
                const Reply reply = refusal(400);
                put_reply(out, reply, false, false);
                co_await send(stream, connection, out, error);
                co_return;
            }
            const BeastHeaders headers{message.base()};
            const auto target = message.target();
            const auto method = message.method_string();
            Incoming incoming;
            incoming.method = method_from({method.data(), method.size()});
            incoming.target = {target.data(), target.size()};
            incoming.body = message.body();
            incoming.headers = &headers;
            connection.phase = Phase::handling;
            Reply reply;
            try {
                reply = co_await handler(incoming);
            } catch (const std::exception& e) {
                log::error("http.handler_failed", {{"reason", e.what()}});
                reply = problem(500, "internal", "This server failed at the request.");
            }
            if (reply.status == 0) co_return;  // see Reply
            const bool keep_alive = message.keep_alive() && !stopping && !connection.closing;
            put_reply(out, reply, keep_alive, incoming.method == Method::head);
            co_await send(stream, connection, out, error);
            if (error || !keep_alive) co_return;
        }
    }

    template <typename Stream>
    asio::awaitable<std::size_t> send(
        Stream& stream, Connection& connection, const std::string& out, boost::system::error_code& error) {
        set_phase(connection, Phase::writing, settings.write_deadline);
        return asio::async_write(stream, asio::buffer(out), asio::redirect_error(asio::use_awaitable, error));
    }

    // After an early refusal the client is still sending: closing at once would reset the connection and take the
    // answer with it. Read and drop for a moment.
    template <typename Stream>
    asio::awaitable<void> linger(Stream& stream, Connection& connection) {
        boost::system::error_code error;
        if constexpr (std::is_same_v<Stream, Plain>) stream.shutdown(tcp::socket::shutdown_send, error);
        set_phase(connection, Phase::reading, Milliseconds{1'000});
        std::string scratch(16U << 10U, '\0');
        std::size_t dropped = 0;
        while (!error && dropped < (1U << 20U)) {
            dropped += co_await stream.async_read_some(
                asio::buffer(scratch), asio::redirect_error(asio::use_awaitable, error));
        }
    }

    void stop() {
        if (stopping) return;
        stopping = true;
        boost::system::error_code ignored;
        acceptor.close(ignored);
        for (auto& connection : connections) {
            connection.closing = true;
            if (connection.phase == Phase::idle) connection.socket->cancel(ignored);
        }
        if (connections.empty()) sweeper.cancel();
    }
};

Server::Server(asio::io_context& context, ServerSettings settings, Handler handler, Refused refused)
    : state_{std::make_shared<State>(context, std::move(settings), std::move(handler), std::move(refused))} {
    state_->listen();
    asio::co_spawn(context, state_->accept(), asio::detached);
    asio::co_spawn(context, state_->sweep(), asio::detached);
}

Server::~Server() {
    stop();
}

std::uint16_t Server::port() const {
    return state_->acceptor.local_endpoint().port();
}

void Server::stop() {
    state_->stop();
}

}  // namespace hirewire::http
