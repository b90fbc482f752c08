#include "common/sync/courier.hpp"

#include <stdexcept>
#include <utility>

#include "common/log/log.hpp"
#include "common/sync/delivery.hpp"
#include "common/sync/destination.hpp"
#include "common/sync/mode.hpp"

namespace hirewire::sync {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds patience_with_pace{10'000};
constexpr Milliseconds redis_again{1'000};
constexpr Milliseconds suspended_again{1'000};

bool is_write(http::Method method) {
    return method != http::Method::get && method != http::Method::head;
}

void stop_if(bool stopping) {
    if (stopping) throw std::runtime_error{"the process is ending"};
}

// What a destination in shadow is "answered".
Delivered kept_back(const http::Request& request, int attempts) {
    Delivered delivered;
    delivered.attempts = attempts;
    delivered.judgement.outcome = v1::OUTCOME_KIND_SHADOW;
    delivered.judgement.reason = would_send(request);
    return delivered;
}

// What was answered so far stays as it is.
Delivered not_sent(Delivered delivered, const char* reason) {
    if (delivered.attempts > 0) return delivered;
    delivered.judgement.next = Next::again;
    delivered.judgement.outcome = v1::OUTCOME_KIND_RETRYING;
    delivered.judgement.reason = reason;
    return delivered;
}

}  // namespace

Courier::Courier(
    CourierSettings settings,
    Authorize authorize,
    http::Client& client,
    redis::Store& store,
    const Clock& clock,
    metrics::Registry& metrics,
    std::function<double()> random,
    Rest rest)
    : settings_{std::move(settings)},
      authorize_{std::move(authorize)},
      client_{client},
      store_{store},
      clock_{clock},
      retries_{metrics.counter(metrics::retries, {{"destination", settings_.destination}})},
      delivery_seconds_{metrics.histogram(metrics::delivery, {{"destination", settings_.destination}})},
      pace_wait_{metrics.histogram(metrics::pace_wait, {{"destination", settings_.destination}})},
      retry_{settings_.retry, std::move(random)},
      rest_{std::move(rest)} {}

asio::awaitable<Delivered> Courier::deliver(Parcel parcel, Judge judge_by) {
    stop_if(stopping_);
    if (!settings_.sends) co_return kept_back(parcel.request, 0);
    Delivered delivered;
    Instant waits_since = clock_.monotonic();
    while (true) {
        const Turn turn = co_await await_turn();
        stop_if(stopping_);
        // A wait may be long, and all of this may have changed in it.
        if (!settings_.sends) co_return kept_back(parcel.request, delivered.attempts);
        const bool late = turn == Turn::after_suspension || clock_.monotonic() - waits_since > parcel.good_for;
        delivered.interrupted = parcel.good_for > Milliseconds{0} && late;
        if (delivered.interrupted) co_return not_sent(std::move(delivered), "its turn came too late");
        delivered.unwanted = parcel.still_wanted && !parcel.still_wanted();
        if (delivered.unwanted) co_return not_sent(std::move(delivered), "it is not wanted any more");
        ++delivered.attempts;
        delivered.answer = co_await send(parcel, delivered.attempts);
        delivered.http_status = delivered.answer ? delivered.answer->status : 0;
        delivered.judgement = judge_by(parcel.request.method, delivered.answer);
        const auto& judgement = delivered.judgement;
        if (judgement.next != Next::again || judgement.at_least > longest_wish()) co_return delivered;
        const auto pause = retry_.after(delivered.attempts, judgement.at_least);
        if (!pause) co_return delivered;
        retries_.add();
        waits_since = clock_.monotonic();
        co_await rest_(*pause);
    }
}

// Without Redis nobody knows the pace, so nothing is sent until it is back.
asio::awaitable<Courier::Turn> Courier::await_turn() {
    redis::Pace pace;
    pace.per_second = settings_.requests_per_second;
    pace.burst = settings_.burst;
    pace.patience = patience_with_pace;
    bool said = false;
    Turn comes = Turn::as_usual;
    while (!stopping_) {
        if (suspended_) {
            comes = Turn::after_suspension;
            co_await rest_(suspended_again);
            continue;
        }
        if (settings_.requests_per_second == 0) co_return comes;
        const auto turn = co_await store_.take_turn(settings_.destination, pace);
        if (!turn) {
            if (!std::exchange(said, true)) log::warning("pace.unknown", {{"reason", turn.error().message()}});
            co_await rest_(redis_again);
            continue;
        }
        if (turn->in > Milliseconds{0}) co_await rest_(turn->in);
        if (!turn->taken || suspended_) continue;
        pace_wait_.observe(std::chrono::duration<double>(turn->in).count());
        co_return comes;
    }
    co_return comes;
}

asio::awaitable<Answer> Courier::send(Parcel parcel, int attempt) {
    auto& request = parcel.request;
    request.headers.push_back({"Accept", settings_.media_type});
    if (!request.body.empty()) request.headers.push_back({"Content-Type", settings_.media_type});
    if (is_write(request.method)) {
        const auto key = idempotency_key(settings_.account, settings_.destination, parcel.change_id, request);
        request.headers.push_back({"Idempotency-Key", "\"" + key + "\""});
        request.headers.push_back({"Source-Version", std::to_string(parcel.version)});
    }
    authorize_(request);
    const std::string method{http::name_of(request.method)};
    const Instant begin = clock_.monotonic();
    Answer answer = co_await client_.send(std::move(request), settings_.request_timeout);
    const auto took = clock_.monotonic() - begin;
    delivery_seconds_.observe(std::chrono::duration<double>(took).count());
    log::info(
        "delivery.attempted",
        {{"destination", settings_.destination},
         {"id", parcel.id},
         {"version", parcel.version},
         {"attempt", attempt},
         {"method", method},
         {"status", answer ? answer->status : 0},
         {"answer", answer ? std::string{"whole"} : answer.error().message()},
         {"took_ms", std::chrono::duration_cast<Milliseconds>(took).count()}});
    co_return answer;
}

Courier::Authorize authorize_by(
    const Destination& destination, Credential credential, std::string base_path, const Clock& clock) {
    return [&destination, credential = std::move(credential), base_path = std::move(base_path), &clock](
               http::Request& request) { destination.authorize(request, credential, base_path, clock.now()); };
}

}  // namespace hirewire::sync
