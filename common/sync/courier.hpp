#pragma once
// Brings one request to a destination and answers what came of it: at the pace that all processes keep together, with
// the credential, repeated a few times when the answer is "not now" or none. For work beside the changes; those go
// through Delivery. It decides nothing about what is told, knows no ledger and reports no outcome.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "common/core/time.hpp"
#include "common/http/client.hpp"
#include "common/metrics/registry.hpp"
#include "common/pipeline/retry_policy.hpp"
#include "common/redis/store.hpp"
#include "common/sync/judgement.hpp"
#include "common/sync/plan.hpp"

namespace hirewire::sync {

class Destination;
struct Credential;

struct CourierSettings {
    std::string account = "main";
    std::string destination{};
    std::string media_type = "application/json";
    int requests_per_second = 0;  // of all processes together, with those about changes; 0 = no limit
    int burst = 1;
    Milliseconds request_timeout{10'000};
    pipeline::RetrySettings retry{.max_attempts = 6};
    // Without, nothing leaves: a delivery is done at once, outcome SHADOW, with an empty answer of status 200.
    bool sends = true;
};

struct Parcel {
    http::Request request{};   // without the headers that all requests have
    std::string id{};          // of what it is about, for the log: of a resource or a run, never of a person
    std::string change_id{};   // what is told, as part of the idempotency key of a request that writes
    std::int64_t version = 0;  // Source-Version of a request that writes
    // What was decided may not hold any more when its turn comes later than this, or after a suspension, however
    // short: then it is not sent, but interrupted. 0 = it holds for as long as it takes.
    Milliseconds good_for{0};
    // Asked when its turn has come, before every attempt; empty = it is wanted.
    std::function<bool()> still_wanted{};
};
struct Delivered {
    Judgement judgement{};  // `again`: it was not done within the attempts
    Answer answer{};        // the last one
    int attempts = 0;
    int http_status = 0;  // of the last answer; 0 = there was none
    // Why it was not sent, or not once more; `judgement` is `again` then.
    bool interrupted = false;  // Parcel::good_for
    bool unwanted = false;     // Parcel::still_wanted
};

class Courier {
public:
    // Puts the credential on a request that lacks nothing else, anew for every attempt.
    using Authorize = std::function<void(http::Request&)>;
    using Rest = std::function<boost::asio::awaitable<void>(Milliseconds)>;
    // `random` answers numbers in [0, 1).
    Courier(
        CourierSettings settings,
        Authorize authorize,
        http::Client& client,
        redis::Store& store,
        const Clock& clock,
        metrics::Registry& metrics,
        std::function<double()> random,
        Rest rest);
    // Waits while it is suspended. Throws std::runtime_error after stop().
    boost::asio::awaitable<Delivered> deliver(Parcel parcel, Judge judge_by);
    void use(Authorize authorize) { authorize_ = std::move(authorize); }
    // CourierSettings::sends, from now on; what waits for its turn is held back, too.
    void use_sends(bool sends) { settings_.sends = sends; }
    [[nodiscard]] bool sends() const { return settings_.sends; }
    // By the operator's word: nothing is sent until resume().
    void suspend() { suspended_ = true; }
    void resume() { suspended_ = false; }
    void stop() { stopping_ = true; }
    // What a Retry-After above this asks for is not waited for here.
    [[nodiscard]] Milliseconds longest_wish() const { return settings_.retry.longest_wish; }

private:
    enum class Turn { as_usual, after_suspension };
    boost::asio::awaitable<Turn> await_turn();
    boost::asio::awaitable<Answer> send(Parcel parcel, int attempt);

    CourierSettings settings_;
    Authorize authorize_;
    http::Client& client_;
    redis::Store& store_;
    const Clock& clock_;
    metrics::Counter retries_;
    metrics::Histogram delivery_seconds_;
    metrics::Histogram pace_wait_;
    pipeline::RetryPolicy retry_;
    Rest rest_;
    bool suspended_ = false;
    bool stopping_ = false;
};

// By Destination::authorize. Both outlive what is answered.
Courier::Authorize authorize_by(
    const Destination& destination, Credential credential, std::string base_path, const Clock& clock);

}  // namespace hirewire::sync
