#include "tests/support/fake_client.hpp"

namespace hirewire::testing {

boost::asio::awaitable<FakeClient::Answer> FakeClient::send(http::Request request, Milliseconds) {
    if (watch) watch(request);
    requests.push_back(std::move(request));
    if (answers.empty()) co_return otherwise;
    Answer answer = std::move(answers.front());
    answers.pop_front();
    co_return answer;
}

void FakeClient::will_answer(int status, std::string body, std::vector<http::Header> headers) {
    http::Reply reply;
    reply.status = status;
    reply.body = std::move(body);
    reply.headers = std::move(headers);
    answers.push_back(std::move(reply));
}

void FakeClient::will_fail(http::Errc why) {
    answers.push_back(http::make_error_code(why));
}

}  // namespace hirewire::testing
