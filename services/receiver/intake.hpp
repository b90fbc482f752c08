#pragma once
// One thread of the receiver: its listener, its producer, its connection to Redis. Threads share nothing but
// counters. A webhook is claimed and stored before it is answered, and confirmed with the
// answer.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "common/http/server.hpp"
#include "common/kafka/producer.hpp"
#include "common/metrics/registry.hpp"
#include "common/redis/store.hpp"
#include "services/receiver/accept.hpp"

namespace hirewire::receiver {

struct IntakeSettings {
    AcceptSettings accept{};
    redis::ClaimTerms claim{};
    std::size_t max_in_flight = 1024;
};

// Request in, answer out; knows no socket.
class Intake {
public:
    Intake(
        IntakeSettings settings,
        kafka::Producer& producer,
        redis::Store& store,
        const Clock& clock,
        metrics::Registry& metrics);

    // POST /webhooks/lever, all other paths and methods.
    boost::asio::awaitable<http::Reply> handle(const http::Incoming& request);
    // New signature tokens, from the next request on.
    void use_tokens(const std::vector<std::string>& signature_tokens);
    [[nodiscard]] std::size_t in_flight() const { return in_flight_; }

private:
    // What needs neither Redis nor Kafka is answered at once.
    using Decision = std::variant<http::Reply, Accepted>;

    Decision decide(const http::Incoming& request);
    boost::asio::awaitable<http::Reply> accept(Accepted accepted);
    http::Reply not_claimed(std::string_view label, redis::Claim claim);
    http::Reply counted(std::string_view label, std::string_view result, http::Reply reply);

    IntakeSettings settings_;
    kafka::Producer& producer_;
    redis::Store& store_;
    const Clock& clock_;
    metrics::Registry& metrics_;
    metrics::Histogram store_seconds_;
    metrics::Counter dedup_unavailable_;
    // By event and result, told apart by their addresses: texts of static life. Two addresses of one text lead to the
    // same counter.
    std::map<std::pair<const char*, const char*>, metrics::Counter> counters_;
    std::unique_ptr<Acceptor> acceptor_;
    std::string owner_prefix_;
    std::uint64_t next_owner_ = 0;
    std::size_t in_flight_ = 0;
};

}  // namespace hirewire::receiver
