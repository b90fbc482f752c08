#pragma once
// Somebody else's server, in memory: answers what the test says, and keeps what it was sent.
#include <deque>
#include <functional>
#include <vector>

#include "common/http/client.hpp"

namespace hirewire::testing {

class FakeClient final : public http::Client {
public:
    using Answer = Result<http::Reply>;
    boost::asio::awaitable<Answer> send(http::Request request, Milliseconds deadline) override;

    // The answers to come; when there are none left, `otherwise` (200, no body).
    void will_answer(int status, std::string body = {}, std::vector<http::Header> headers = {});
    void will_fail(http::Errc why);

    std::deque<Answer> answers{};
    http::Reply otherwise{};
    std::vector<http::Request> requests{};
    std::function<void(const http::Request&)> watch{};
};

}  // namespace hirewire::testing
