#pragma once
// How to reach a Kafka, as every service of an installation reads it from [kafka].
#include <map>
#include <string>

#include "common/core/time.hpp"

namespace hirewire::kafka {

struct Settings {
    std::string brokers = "127.0.0.1:9092";
    std::string topic_prefix{};  // put before every topic and group name
    std::string client_id = "hirewire";
    std::string password{};               // for SASL; the only secret here
    std::string instance_id{};            // static membership; empty = none
    Milliseconds linger{1};               // 0 makes librdkafka's broker thread spin
    Milliseconds message_timeout{8'000};  // a record that is not acknowledged by then has failed
    Milliseconds fetch_wait{500};         // 10 for the embedded broker, which does not wake a waiting fetch
    Milliseconds session_timeout{45'000};
    Milliseconds max_poll_interval{300'000};
    bool idempotent_producer = true;
    std::map<std::string, std::string> options{};  // any other librdkafka property, for TLS and SASL
};

// Why the settings cannot be used, in one sentence; empty when they can. Asks no broker.
std::string fault_of(const Settings& settings);

}  // namespace hirewire::kafka
