#pragma once
// Lever's Data API v1, the reading part that Hirewire uses: Basic auth, paging, error bodies and the rate limit of
// the real one. Stricter in one point: a query parameter that it does not know is refused instead of ignored.
#include <boost/asio/awaitable.hpp>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "common/http/routes.hpp"
#include "tools/sandbox/faults.hpp"
#include "tools/sandbox/lever_model.hpp"

namespace hirewire::sandbox {

struct LeverApiSettings {
    std::string api_key{};
    bool rate_limit = true;
    double per_second = 10;
    double burst = 20;
};

class LeverApi {
public:
    LeverApi(const LeverModel& model, LeverApiSettings settings, Dice& dice);

    void add_routes(std::vector<http::Route>& routes);
    Faults& faults() { return faults_; }
    // {"count":…,"requests":[…]}, the newest 20,000.
    [[nodiscard]] std::string log() const;

private:
    struct Call {
        std::string_view target{};
        http::PathValues values{};
    };
    using Answer = http::Reply (LeverApi::*)(const Call&);
    struct Seen {
        Moment at = 0;
        std::string method{};
        std::string target{};
        int status = 0;
    };

    boost::asio::awaitable<http::Reply> serve(const http::Incoming& request, http::PathValues values, Answer answer);
    // Nothing when the request may be answered.
    std::optional<http::Reply> turn_away(const http::Incoming& request);
    bool take_token();

    http::Reply opportunity(const Call& call);
    http::Reply opportunities(const Call& call);
    http::Reply deleted_opportunities(const Call& call);
    http::Reply offers(const Call& call);
    http::Reply applications(const Call& call);
    http::Reply contact(const Call& call);
    http::Reply stage(const Call& call);
    http::Reply stages(const Call& call);
    http::Reply reason(const Call& call);
    http::Reply reasons(const Call& call);
    http::Reply posting(const Call& call);
    http::Reply postings(const Call& call);
    http::Reply deleted_postings(const Call& call);
    http::Reply disposition(const Call& call);
    http::Reply nothing_here(const Call& call);

    const LeverModel& model_;
    LeverApiSettings settings_;
    std::string authorization_;
    Faults faults_;
    double tokens_;
    Instant refilled_at_;
    std::deque<Seen> seen_;
    std::int64_t count_ = 0;
};

}  // namespace hirewire::sandbox
