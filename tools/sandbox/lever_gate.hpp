#pragma once
// The door of Lever's Data API: Basic auth, the rate limit, what the key may see, and what goes wrong on request.
// Remembers every call.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "common/http/routes.hpp"
#include "tools/sandbox/faults.hpp"
#include "tools/sandbox/grants.hpp"
#include "tools/sandbox/moment.hpp"

namespace hirewire::sandbox {

struct LeverGateSettings {
    std::string api_key{};
    bool rate_limit = true;
    double per_second = 10;
    double burst = 20;
};

class LeverGate {
public:
    LeverGate(LeverGateSettings settings, Dice& dice);

    // A route under /v1; `answer` hears of the calls that may pass.
    http::Route route(http::Method method, std::string_view path, http::RouteHandler answer);

    Faults& faults() { return faults_; }
    [[nodiscard]] const Grants& grants() const { return grants_; }
    void set_grants(const Grants& grants) { grants_ = grants; }
    // {"count":…,"writes":…,"requests":[…]}, the newest 20,000. `writes` counts all calls but reads and those about
    // webhook subscriptions, which an operator makes: Hirewire itself must leave it at 0.
    [[nodiscard]] std::string log() const;

private:
    struct Seen {
        Moment at = 0;
        std::string method{};
        std::string target{};
        int status = 0;
    };

    boost::asio::awaitable<http::Reply> serve(
        const http::Incoming& request, http::PathValues values, const http::RouteHandler& answer);
    // Nothing when the request may be answered.
    std::optional<http::Reply> turn_away(const http::Incoming& request, const Fault& fault);
    bool take_token();

    LeverGateSettings settings_;
    std::string authorization_;
    Faults faults_;
    Grants grants_{};
    double tokens_;
    Instant refilled_at_;
    std::deque<Seen> seen_;
    std::int64_t count_ = 0;
    std::int64_t writes_ = 0;
};

}  // namespace hirewire::sandbox
