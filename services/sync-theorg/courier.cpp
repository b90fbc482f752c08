#include "services/sync-theorg/courier.hpp"

#include <stdexcept>
#include <utility>

#include "common/log/log.hpp"
#include "common/sync/delivery.hpp"

namespace hirewire::theorg {
namespace {

namespace asio = boost::asio;

const std::string destination = "theorg";
const std::string media_type = "application/json";
constexpr Milliseconds patience_with_pace{10'000};
constexpr Milliseconds redis_again{1'000};

void stop_if(bool stopping) {
    if (stopping) throw std::runtime_error{"the process is ending"};
}

}  // namespace

Courier::Courier(
    CourierSettings settings,
    http::Client& client,
    redis::Store& store,
    const Clock& clock,
    metrics::Registry& metrics,
    std::function<double()> random,
    Rest rest)
    : settings_{std::move(settings)},
      client_{client},
      store_{store},
      clock_{clock},
      retries_{metrics.counter(metrics::retries, {{"destination", destination}})},
      delivery_seconds_{metrics.histogram(metrics::delivery, {{"destination", destination}})},
      pace_wait_{metrics.histogram(metrics::pace_wait, {{"destination", destination}})},
      retry_{settings_.retry, std::move(random)},
      rest_{std::move(rest)} {}

asio::awaitable<Delivered> Courier::deliver(Parcel parcel) {
    Delivered delivered;
    while (true) {
        co_await await_turn();
        stop_if(stopping_);
        ++delivered.attempts;
        const sync::Answer answer = co_await send(parcel, delivered.attempts);
        delivered.http_status = answer ? answer->status : 0;
        delivered.judgement = judge(parcel.request.method, answer);
        const auto& judgement = delivered.judgement;
        if (judgement.next != Next::again || judgement.at_least > longest_wish()) co_return delivered;
        const auto pause = retry_.after(delivered.attempts, judgement.at_least);
        if (!pause) co_return delivered;
        retries_.add();
        co_await rest_(*pause);
    }
}

// Without Redis nobody knows the pace, so nothing is sent until it is back.
asio::awaitable<void> Courier::await_turn() {
    redis::Pace pace;
    pace.per_second = settings_.requests_per_second;
    pace.burst = 1;
    pace.patience = patience_with_pace;
    bool said = false;
    while (!stopping_) {
        const auto turn = co_await store_.take_turn(destination, pace);
        if (!turn) {
            if (!std::exchange(said, true)) log::warning("pace.unknown", {{"reason", turn.error().message()}});
            co_await rest_(redis_again);
            continue;
        }
        if (turn->in > Milliseconds{0}) co_await rest_(turn->in);
        if (!turn->taken) continue;
        pace_wait_.observe(std::chrono::duration<double>(turn->in).count());
        co_return;
    }
}

asio::awaitable<sync::Answer> Courier::send(Parcel parcel, int attempt) {
    auto& request = parcel.request;
    const auto key = sync::idempotency_key(settings_.account, destination, parcel.change_id, request);
    request.headers.push_back({"X-Api-Key", settings_.api_key});
    request.headers.push_back({"Accept", media_type});
    if (!request.body.empty()) request.headers.push_back({"Content-Type", media_type});
    request.headers.push_back({"Idempotency-Key", "\"" + key + "\""});
    request.headers.push_back({"Source-Version", std::to_string(parcel.version)});
    const std::string method{http::name_of(request.method)};
    const Instant begin = clock_.monotonic();
    sync::Answer answer = co_await client_.send(std::move(request), settings_.request_timeout);
    const auto took = clock_.monotonic() - begin;
    delivery_seconds_.observe(std::chrono::duration<double>(took).count());
    log::info(
        "delivery.attempted",
        {{"destination", destination},
         {"id", parcel.id},
         {"version", parcel.version},
         {"attempt", attempt},
         {"method", method},
         {"status", answer ? answer->status : 0},
         {"answer", answer ? std::string{"whole"} : answer.error().message()},
         {"took_ms", std::chrono::duration_cast<Milliseconds>(took).count()}});
    co_return answer;
}

}  // namespace hirewire::theorg
