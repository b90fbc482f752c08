#pragma once
// Routing as data: a table of method, path and handler. A path may hold {names}; an unknown path is 404, a known one
// with another method 405 with Allow.
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/message.hpp"
#include "common/http/server.hpp"

namespace hirewire::http {

// The decoded values of the path's {names}, in order.
using PathValues = std::vector<std::string>;
using RouteHandler = std::function<boost::asio::awaitable<Reply>(const Incoming&, PathValues)>;

struct Route {
    Method method = Method::get;
    std::string path{};
    RouteHandler handle{};
};

// The values of {names} when `path` has the form of `pattern`; a final "{*}" takes the rest with its slashes.
std::optional<PathValues> match(std::string_view pattern, std::string_view path);

// HEAD is answered as GET is, by the server, without the body.
Handler make_handler(std::vector<Route> routes);

// A handler that needs no waiting.
RouteHandler answer(std::function<Reply(const Incoming&, const PathValues&)> function);

}  // namespace hirewire::http
