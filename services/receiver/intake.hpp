#pragma once
// One thread of the receiver: its listener, its producer, its connection to Redis. Threads share nothing but
// counters. A webhook is claimed, stored and confirmed before it is answered.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

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
    enum class Turn { store, answered_before, still_being_stored, token_spent };

    boost::asio::awaitable<http::Reply> accept(Accepted accepted);
    boost::asio::awaitable<Turn> wait_for_turn(redis::Delivery delivery, std::string owner, bool& claimed);
    http::Reply counted(std::string_view label, std::string_view result, http::Reply reply);

    IntakeSettings settings_;
    kafka::Producer& producer_;
    redis::Store& store_;
    const Clock& clock_;
    metrics::Registry& metrics_;
    metrics::Histogram store_seconds_;
    metrics::Counter dedup_unavailable_;
    // By event and result: texts of static life.
    std::map<std::pair<std::string_view, std::string_view>, metrics::Counter> counters_;
    std::unique_ptr<Acceptor> acceptor_;
    std::string owner_prefix_;
    std::uint64_t next_owner_ = 0;
    std::size_t in_flight_ = 0;
};

}  // namespace hirewire::receiver
