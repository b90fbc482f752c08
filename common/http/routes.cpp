#include "common/http/routes.hpp"

#include <utility>

namespace hirewire::http {
namespace {

std::string_view take_segment(std::string_view& path) {
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), segment.size() + 1));
    return segment;
}

boost::asio::awaitable<Reply> ready(Reply reply) {
    co_return reply;
}

}  // namespace

std::optional<PathValues> match(std::string_view pattern, std::string_view path) {
    PathValues values;
    if (!pattern.starts_with('/') || !path.starts_with('/')) return std::nullopt;
    pattern.remove_prefix(1);
    path.remove_prefix(1);
    while (true) {
        if (pattern == "{*}") {
            values.emplace_back(path);
            return values;
        }
        if (pattern.empty() != path.empty()) return std::nullopt;
        if (pattern.empty()) return values;
        const bool last_pattern = pattern.find('/') == std::string_view::npos;
        const bool last_path = path.find('/') == std::string_view::npos;
        if (last_pattern != last_path) return std::nullopt;
        const auto expected = take_segment(pattern);
        const auto segment = take_segment(path);
        if (expected.starts_with('{') && expected.ends_with('}')) {
            if (segment.empty()) return std::nullopt;
            values.push_back(percent_decode(segment));
        } else if (expected != segment) {
            return std::nullopt;
        }
    }
}

Handler make_handler(std::vector<Route> routes) {
    return [routes = std::move(routes)](const Incoming& request) -> boost::asio::awaitable<Reply> {
        const auto path = path_of(request.target);
        const Method method = request.method == Method::head ? Method::get : request.method;
        std::string allow;
        for (const auto& route : routes) {
            auto values = match(route.path, path);
            if (!values) continue;
            if (route.method == method) return route.handle(request, std::move(*values));
            if (!allow.empty()) allow += ", ";
            allow += name_of(route.method);
        }
        if (allow.empty()) return ready(problem(404, "not-found", "There is nothing at this path."));
        Reply reply = problem(405, "method-not-allowed", "This path does not know that method.");
        reply.headers.push_back({"Allow", allow});
        return ready(std::move(reply));
    };
}

RouteHandler answer(std::function<Reply(const Incoming&, const PathValues&)> function) {
    return [function = std::move(function)](const Incoming& request, PathValues values) {
        return ready(function(request, values));
    };
}

}  // namespace hirewire::http
