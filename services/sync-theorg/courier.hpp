#pragma once
// Brings one request to The Org and answers what came of it: at the pace that all processes keep together, one at a
// time, repeated a few times when the answer is "not now" or none. It decides nothing about jobs or runs.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "common/core/time.hpp"
#include "common/http/client.hpp"
#include "common/metrics/registry.hpp"
#include "common/pipeline/retry_policy.hpp"
#include "common/redis/store.hpp"
#include "services/sync-theorg/rules.hpp"

namespace hirewire::theorg {

struct CourierSettings {
    std::string account = "main";
    std::string api_key{};
    int requests_per_second = 10;  // of all processes together; The Org takes 15
    Milliseconds request_timeout{10'000};
    pipeline::RetrySettings retry{.max_attempts = 6};
};

struct Parcel {
    http::Request request{};
    std::string id{};          // of the posting, or of the run
    std::string change_id{};   // what is told, as part of the idempotency key
    std::int64_t version = 0;  // Source-Version
};
struct Delivered {
    Judgement judgement{};  // `again`: it was not done within the attempts
    int attempts = 0;
    int http_status = 0;  // 0 = no answer
};

class Courier {
public:
    using Rest = std::function<boost::asio::awaitable<void>(Milliseconds)>;
    // `random` answers numbers in [0, 1).
    Courier(
        CourierSettings settings,
        http::Client& client,
        redis::Store& store,
        const Clock& clock,
        metrics::Registry& metrics,
        std::function<double()> random,
        Rest rest);
    // Throws std::runtime_error after stop().
    boost::asio::awaitable<Delivered> deliver(Parcel parcel);
    void use_key(std::string api_key) { settings_.api_key = std::move(api_key); }
    void stop() { stopping_ = true; }
    // What a Retry-After above this asks for is not waited for here.
    [[nodiscard]] Milliseconds longest_wish() const { return settings_.retry.longest_wish; }

private:
    boost::asio::awaitable<void> await_turn();
    boost::asio::awaitable<sync::Answer> send(Parcel parcel, int attempt);

    CourierSettings settings_;
    http::Client& client_;
    redis::Store& store_;
    const Clock& clock_;
    metrics::Counter retries_;
    metrics::Histogram delivery_seconds_;
    metrics::Histogram pace_wait_;
    pipeline::RetryPolicy retry_;
    Rest rest_;
    bool stopping_ = false;
};

}  // namespace hirewire::theorg
