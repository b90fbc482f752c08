#pragma once
// The internal API: who somebody is, asked for at the moment of an attempt; which addresses Lever knows; what Lever's
// stages and archive reasons are called. Bearer token, never public. What Lever does not show is 404 `not_visible`;
// when Lever, or its request budget, has no answer in time it is 503 with Retry-After. Asked with `?backfill=true`,
// who somebody is comes behind all that is live.
#include "common/http/server.hpp"
#include "services/lever-source/library.hpp"

namespace hirewire::source {

class People {
public:
    People(lever::Api& api, Library& library, const Clock& clock, std::string token);
    http::Handler handler();
    void use_token(std::string token) { token_ = std::move(token); }

private:
    boost::asio::awaitable<http::Reply> answer(const http::Incoming& request, http::Handler routes);
    boost::asio::awaitable<http::Reply> person(std::string opportunity_id, lever::Priority priority);
    boost::asio::awaitable<http::Reply> vocabulary();
    boost::asio::awaitable<http::Reply> posting(std::string id);
    boost::asio::awaitable<http::Reply> presence(std::string body);
    enum class Secrecy { open, confidential };
    // As the changes of the opportunity say it.
    boost::asio::awaitable<Result<Secrecy>> secrecy(lever::Opportunity opportunity);

    lever::Api& api_;
    Library& library_;
    const Clock& clock_;
    std::string token_;
};

}  // namespace hirewire::source
