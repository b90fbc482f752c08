#include "common/kafka/probe.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "common/kafka/configure.hpp"

namespace hirewire::kafka {
namespace {

constexpr std::int64_t slice_ms = 250;

// What librdkafka tried in vain, as it was told last. Only a refused credential is told apart: all else passes.
struct Trouble {
    bool refused = false;
    std::string reason{};
};

void on_error(rd_kafka_t*, int error, const char* reason, void* opaque) {
    auto& trouble = *static_cast<Trouble*>(opaque);
    const bool refused =
        error == RD_KAFKA_RESP_ERR__AUTHENTICATION || error == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED;
    if (trouble.refused && !refused) return;
    trouble.refused = refused;
    trouble.reason = reason != nullptr ? reason : "";
}

}  // namespace

void check_broker(const Settings& settings, Milliseconds patience) {
    Trouble trouble;
    rd_kafka_conf_t* conf = detail::make_conf(settings);
    // What goes wrong is in the exception; librdkafka would say it on stderr as well.
    detail::set(conf, "log_level", "0");
    rd_kafka_conf_set_opaque(conf, &trouble);
    rd_kafka_conf_set_error_cb(conf, &on_error);
    const auto client = detail::make_client(RD_KAFKA_PRODUCER, conf);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (true) {
        const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now()).count();
        const rd_kafka_metadata_t* metadata = nullptr;
        const auto wait = static_cast<int>(std::min(slice_ms, std::max<std::int64_t>(left, 1)));
        const auto error = rd_kafka_metadata(client.get(), 0, nullptr, &metadata, wait);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_metadata_destroy(metadata);
            return;
        }
        rd_kafka_poll(client.get(), 0);
        if (trouble.refused) {
            throw std::runtime_error{"kafka at " + settings.brokers + " refuses the credentials: " + trouble.reason};
        }
        if (left > slice_ms) continue;
        const std::string why = trouble.reason.empty() ? rd_kafka_err2str(error) : trouble.reason;
        throw std::runtime_error{"kafka at " + settings.brokers + " does not answer: " + why};
    }
}

}  // namespace hirewire::kafka
