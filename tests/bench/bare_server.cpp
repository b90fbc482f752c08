// hirewire-bench-bare: what the receiver is measured against, and whom the benchmarks of the engine call. A
// Boost.Beast coroutine server that reads a request and answers a constant 200, without verifying, storing, limits or
// deadlines.
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

asio::awaitable<void> serve(tcp::socket socket) {
    boost::system::error_code error;
    socket.set_option(tcp::no_delay{true}, error);
    boost::beast::flat_buffer buffer;
    while (true) {
        http::request<http::string_body> request;
        co_await http::async_read(socket, buffer, request, asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return;
        http::response<http::string_body> reply{http::status::ok, 11};
        reply.set(http::field::content_type, "application/json");
        reply.body() = R"({"status":"accepted"})";
        reply.prepare_payload();
        co_await http::async_write(socket, reply, asio::redirect_error(asio::use_awaitable, error));
        if (error || request.need_eof()) co_return;
    }
}

asio::awaitable<void> listen(std::shared_ptr<tcp::acceptor> acceptor) {
    while (true) {
        boost::system::error_code error;
        auto socket = co_await acceptor->async_accept(asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return;
        asio::co_spawn(acceptor->get_executor(), serve(std::move(socket)), asio::detached);
    }
}

std::shared_ptr<tcp::acceptor> open(asio::io_context& context, unsigned short port) {
    auto acceptor = std::make_shared<tcp::acceptor>(context);
    const tcp::endpoint endpoint{asio::ip::make_address("127.0.0.1"), port};
    acceptor->open(endpoint.protocol());
    acceptor->set_option(tcp::acceptor::reuse_address{true});
    acceptor->set_option(ReusePort{true});
    acceptor->bind(endpoint);
    acceptor->listen();
    return acceptor;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"The bare Beast server of tools/bench.", "hirewire-bench-bare"};
    unsigned short port = 0;
    std::size_t threads = 1;
    app.add_option("--port", port, "0 = any free one");
    app.add_option("--threads", threads, "One listener each, on the same port")->check(CLI::Range(1, 64));
    CLI11_PARSE(app, argc, argv);

    std::vector<std::unique_ptr<asio::io_context>> contexts;
    for (std::size_t i = 0; i < threads; ++i) {
        auto& context = contexts.emplace_back(std::make_unique<asio::io_context>(1));
        const auto acceptor = open(*context, port);
        port = acceptor->local_endpoint().port();
        asio::co_spawn(*context, listen(acceptor), asio::detached);
    }
    asio::signal_set signals{*contexts.front(), SIGTERM, SIGINT};
    signals.async_wait([&contexts](auto, auto) {
        for (auto& context : contexts) context->stop();
    });
    std::fprintf(
        stderr, "{\"event\":\"service.started\",\"service\":\"bench-bare\",\"port\":%d}\n", static_cast<int>(port));
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < threads; ++i) {
        others.emplace_back([&context = *contexts[i]] { context.run(); });
    }
    contexts.front()->run();
    for (auto& other : others) other.join();
    return 0;
}
