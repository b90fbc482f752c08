#pragma once
// Sends webhooks and counts what comes back, on one thread over plain sockets. Closed loop: each connection sends its
// next when the answer is there. Open loop: a request is due at its time whatever became of the earlier ones, and its
// latency counts from then (no coordinated omission).
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/core/time.hpp"
#include "tools/loadgen/histogram.hpp"
#include "tools/loadgen/webhooks.hpp"

namespace hirewire::loadgen {

struct Target {
    std::string host{};
    std::string port = "80";
    std::string path = "/";
};
// http://host[:port][/path]; throws std::invalid_argument on anything else.
Target parse_url(const std::string& url);

struct Load {
    Target target{};
    double rate = 0;               // a second; 0 = closed loop
    std::size_t connections = 64;  // the number of them, or in an open loop the most of them
    Milliseconds duration{10'000};
    std::uint64_t count = 0;       // in place of the duration
    Milliseconds timeout{30'000};  // for one answer
};

enum class Answer : std::uint8_t { none, accepted, other };

struct Sent {
    std::uint64_t requests = 0;
    std::uint64_t unsent = 0;      // due in an open loop, but no connection was free until the end
    std::uint64_t unanswered = 0;  // no connection, broken off or timed out
    std::map<int, std::uint64_t> statuses{};
    Histogram latency{};
    std::chrono::nanoseconds elapsed{0};
    std::vector<Answer> answers{};  // by the webhook's number
};

// Throws std::runtime_error when the target cannot be found at all.
Sent send(const Load& load, Webhooks& webhooks);

}  // namespace hirewire::loadgen
