#pragma once
// A client whose server is one of the sandbox's stand-ins, without a socket.
#include <boost/asio/awaitable.hpp>
#include <string>
#include <utility>
#include <vector>

#include "common/http/client.hpp"
#include "common/http/routes.hpp"
#include "tests/support/header_list.hpp"

namespace hirewire::testing {

// All that a stand-in serves, the contract and its control.
template <typename StandIn>
http::Handler handler_of(StandIn& stand_in) {
    std::vector<http::Route> routes;
    stand_in.add_control(routes);
    stand_in.add_contract(routes);
    return http::make_handler(std::move(routes));
}

class StandInClient final : public http::Client {
public:
    // `prefix` is what a base URL would put before every target.
    StandInClient(http::Handler handler, std::string prefix)
        : handler_{std::move(handler)}, prefix_{std::move(prefix)} {}

    boost::asio::awaitable<Result<http::Reply>> send(http::Request request, Milliseconds) override {
        const std::string target = prefix_ + request.target;
        const HeaderList headers{request.headers};
        const http::Incoming incoming{
            .method = request.method, .target = target, .body = request.body, .headers = &headers};
        requests.push_back(request);
        http::Reply reply = co_await handler_(incoming);
        const bool lost =
            static_cast<int>(requests.size()) == lose_answer_to || request.method == lose_next_answer_to;
        if (request.method == lose_next_answer_to) lose_next_answer_to = http::Method::other;
        if (lost) co_return http::make_error_code(http::Errc::timed_out);
        co_return reply;
    }

    std::vector<http::Request> requests{};
    int lose_answer_to = 0;                                  // the request of this number
    http::Method lose_next_answer_to = http::Method::other;  // the next one with this method

private:
    http::Handler handler_;
    std::string prefix_;
};

}  // namespace hirewire::testing
