#include "tools/sandbox/day_control.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <optional>
#include <stdexcept>

namespace hirewire::sandbox {
namespace {

constexpr Milliseconds deadline{10'000};

boost::asio::awaitable<void> send(
    http::Client& client, http::Request request, std::optional<Result<http::Reply>>& answer) {
    answer = co_await client.send(std::move(request), deadline);
}

}  // namespace

Control::Control(const std::string& url)
    : url_{url}, client_{http::make_client(context_.get_executor(), {.base_url = url})} {}

json::Document Control::call(http::Method method, const std::string& path, const std::string& body) {
    http::Request request{.method = method, .target = "/_sandbox" + path, .body = body};
    request.headers.push_back({.name = "Content-Type", .value = "application/json"});
    std::optional<Result<http::Reply>> answer;
    boost::asio::co_spawn(context_, send(*client_, std::move(request), answer), boost::asio::detached);
    context_.restart();
    context_.run();

    if (!answer || !*answer) {
        throw std::runtime_error("The sandbox at " + url_ + " does not answer. Hint: is it running?");
    }
    const auto& reply = **answer;
    if (reply.status < 200 || reply.status > 299) {
        throw std::runtime_error("The sandbox refused " + path + ": " + reply.body);
    }
    auto document = json::Document::parse(reply.body);
    if (!document) throw std::runtime_error("The sandbox's answer to " + path + " is not JSON.");
    return std::move(*document);
}

}  // namespace hirewire::sandbox
