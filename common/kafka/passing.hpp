#pragma once
// What of a broker passes by itself, and waiting for it.
#include <librdkafka/rdkafka.h>

#include <chrono>
#include <thread>

#include "common/core/time.hpp"

namespace hirewire::kafka::detail {

// A broker restarts, a partition or a group moves to another one or has no leader yet: librdkafka mends it.
inline bool passing(rd_kafka_resp_err_t error) {
    return error == RD_KAFKA_RESP_ERR__TRANSPORT || error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
           error == RD_KAFKA_RESP_ERR__RESOLVE || error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE || error == RD_KAFKA_RESP_ERR_NOT_COORDINATOR ||
           error == RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE ||
           error == RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
}

// Asks again until there is an answer, an error that stays, or no patience left, in ms. Blocks.
template <typename Ask>
rd_kafka_resp_err_t ask_until_answered(int patience, const Ask& ask) {
    const auto deadline = std::chrono::steady_clock::now() + Milliseconds{patience};
    while (true) {
        const rd_kafka_resp_err_t error = ask();
        if (!passing(error) || std::chrono::steady_clock::now() >= deadline) return error;
        std::this_thread::sleep_for(Milliseconds{50});
    }
}

}  // namespace hirewire::kafka::detail
