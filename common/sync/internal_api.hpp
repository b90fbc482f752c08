#pragma once
// What a destination may ask of lever-source beside who a candidate is (Delivery asks that): which of a list of
// addresses Lever knows, and Lever's words for stages and reasons. Over HTTP with a bearer token; holds no memory, so
// what it answers is what Lever said a moment ago.
#include <boost/asio/awaitable.hpp>
#include <string>
#include <utility>
#include <vector>

#include "common/core/result.hpp"
#include "common/core/time.hpp"
#include "common/http/client.hpp"
#include "common/sync/vocabulary.hpp"

namespace hirewire::sync {

enum class InternalErrc {
    silent = 1,   // no answer
    refused,      // 401: the token is another one
    unavailable,  // 503: it cannot ask Lever at the moment
    unexpected,   // any other answer but 200
    unreadable,   // an answer of another form
};
Error make_error_code(InternalErrc e);

// An address that Lever knows, in lower case, and the ids of the opportunities of who has it.
struct KnownPerson {
    std::string email{};
    std::vector<std::string> opportunities{};
};

// Whether confidential opportunities, and those of confidential postings, are answered, too.
enum class Confidential { left_out, told };

class InternalApi {
public:
    // `request_timeout` is for one answer; a long list of addresses is several questions.
    InternalApi(http::Client& client, std::string token, Milliseconds request_timeout)
        : client_{client}, token_{std::move(token)}, request_timeout_{request_timeout} {}
    // Those that Lever knows, in the order of the addresses; all of them or an error. What is no address is unknown.
    boost::asio::awaitable<Result<std::vector<KnownPerson>>> presence(
        std::vector<std::string> emails, Confidential confidential);
    boost::asio::awaitable<Result<Vocabulary>> vocabulary();
    void use_token(std::string token) { token_ = std::move(token); }

private:
    boost::asio::awaitable<Result<std::string>> ask(http::Request request);

    http::Client& client_;
    std::string token_;
    Milliseconds request_timeout_;
};

}  // namespace hirewire::sync

template <>
struct boost::system::is_error_code_enum<hirewire::sync::InternalErrc> : std::true_type {};
