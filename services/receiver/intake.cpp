#include "services/receiver/intake.hpp"

#include "common/core/sleep.hpp"
#include "common/core/uuid.hpp"
#include "common/http/message.hpp"

namespace hirewire::receiver {
namespace {

namespace asio = boost::asio;

constexpr std::string_view path = "/webhooks/lever";
constexpr Milliseconds look_again{50};

http::Reply status_reply(std::string_view body) {
    http::Reply reply;
    reply.headers.push_back({"Content-Type", "application/json"});
    reply.body = body;
    return reply;
}

http::Reply try_later(std::string_view code, std::string_view detail, const char* seconds) {
    http::Reply reply = http::problem(503, code, detail);
    reply.headers.push_back({"Retry-After", seconds});
    return reply;
}

asio::awaitable<http::Reply> just(http::Reply reply) {
    co_return reply;
}

// Counts a request in and, however it ends, out.
class Presence {
public:
    explicit Presence(std::size_t& count) : count_{count} { ++count_; }
    ~Presence() { --count_; }
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

private:
    std::size_t& count_;
};

}  // namespace

Intake::Intake(
    IntakeSettings settings,
    kafka::Producer& producer,
    redis::Store& store,
    const Clock& clock,
    metrics::Registry& metrics)
    : settings_{std::move(settings)},
      producer_{producer},
      store_{store},
      clock_{clock},
      metrics_{metrics},
      store_seconds_{metrics.histogram(metrics::webhook_store)},
      dedup_unavailable_{metrics.counter(metrics::dedup_skipped)},
      acceptor_{std::make_unique<Acceptor>(settings_.accept)},
      owner_prefix_{random_uuid().substr(0, 8) + "-"} {}

void Intake::use_tokens(const std::vector<std::string>& signature_tokens) {
    settings_.accept.signature_tokens = signature_tokens;
    acceptor_ = std::make_unique<Acceptor>(settings_.accept);
}

asio::awaitable<http::Reply> Intake::handle(const http::Incoming& request) {
    Decision decision = decide(request);
    if (auto* accepted = std::get_if<Accepted>(&decision)) return accept(std::move(*accepted));
    return just(std::get<http::Reply>(std::move(decision)));
}

Intake::Decision Intake::decide(const http::Incoming& request) {
    if (http::path_of(request.target) != path) {
        return counted("none", "refused", http::problem(404, "not-found", "There is nothing at this path."));
    }
    if (request.method != http::Method::post) {
        http::Reply reply = http::problem(405, "method-not-allowed", "Webhooks are sent with POST.");
        reply.headers.push_back({"Allow", "POST"});
        return counted("none", "refused", std::move(reply));
    }
    if (in_flight_ >= settings_.max_in_flight) {
        return counted("none", "too_many", try_later("busy", "Too many webhooks are being stored.", "1"));
    }
    receiver::Decision decision = acceptor_->decide(request.header("Content-Type"), request.body, clock_.now());
    if (const auto* refused = std::get_if<Refused>(&decision)) {
        return counted("none", "refused", http::problem(refused->status, refused->code, refused->detail));
    }
    if (std::holds_alternative<Verified>(decision)) {
        return counted("none", "verified", status_reply(R"({"status":"verified"})"));
    }
    return std::get<Accepted>(std::move(decision));
}

asio::awaitable<http::Reply> Intake::accept(Accepted accepted) {
    const Presence presence{in_flight_};
    const std::string_view label = accepted.label;
    redis::Delivery delivery;
    delivery.token = std::move(accepted.token);
    delivery.fingerprint = std::move(accepted.fingerprint);
    std::string owner = owner_prefix_ + std::to_string(next_owner_++);
    const Instant begin = clock_.monotonic();

    auto claim = co_await store_.claim(delivery, owner, settings_.claim);
    while (claim && *claim == redis::Claim::being_stored && clock_.monotonic() < begin + settings_.claim.lease) {
        co_await sleep_for(look_again);
        claim = co_await store_.claim(delivery, owner, settings_.claim);
    }
    if (!claim) {
        // Without Redis the webhook is taken all the same: a lost hire is worse than a doubled hint.
        dedup_unavailable_.add();
    } else if (*claim != redis::Claim::granted) {
        co_return not_claimed(label, *claim);
    }

    const Instant claimed = clock_.monotonic();
    const auto written = co_await producer_.write(std::move(accepted.message));
    if (!written) {
        if (claim) co_await store_.release(std::move(delivery), std::move(owner));
        co_return counted(
            label, "not_stored", try_later("not-stored", "The webhook cannot be stored at the moment.", "5"));
    }
    store_seconds_.observe(std::chrono::duration<double>(clock_.monotonic() - claimed).count());
    if (claim) {
        // Stored is stored: when this fails, the lease runs out and a repeat is dropped further down.
        store_.confirm(delivery, settings_.claim.remember, [unavailable = dedup_unavailable_](const Result<void>& r) {
            if (!r) unavailable.add();
        });
    }
    co_return counted(label, "accepted", status_reply(R"({"status":"accepted"})"));
}

http::Reply Intake::not_claimed(std::string_view label, redis::Claim claim) {
    switch (claim) {
        case redis::Claim::accepted_before:
            return counted(label, "duplicate", status_reply(R"({"status":"duplicate"})"));
        case redis::Claim::exhausted:
            return counted(
                label,
                "refused",
                http::problem(
                    401, "token-spent", "This token has already come with as many bodies as are accepted."));
        case redis::Claim::being_stored:
        case redis::Claim::granted:
            break;
    }
    return counted(
        label, "still_storing", try_later("being-stored", "The same delivery is still being stored.", "2"));
}

http::Reply Intake::counted(std::string_view label, std::string_view result, http::Reply reply) {
    const std::pair key{label.data(), result.data()};
    auto found = counters_.find(key);
    if (found == counters_.end()) {
        const metrics::Labels labels{{"event", std::string{label}}, {"result", std::string{result}}};
        found = counters_.emplace(key, metrics_.counter(metrics::webhooks, labels)).first;
    }
    found->second.add();
    return reply;
}

}  // namespace hirewire::receiver
