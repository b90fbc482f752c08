#include "common/kafka/client_log.hpp"

#include <map>
#include <mutex>
#include <string>

#include "common/core/time.hpp"
#include "common/log/log.hpp"

namespace hirewire::kafka::detail {
namespace {

constexpr int syslog_error = 3;
constexpr std::chrono::seconds silence{10};

// Called on librdkafka's threads.
void write(const rd_kafka_t*, int level, const char* facility, const char* text) {
    if (level > syslog_error) return;
    static std::mutex mutex;
    static std::map<std::string, Instant> last;
    const Instant now = std::chrono::steady_clock::now();
    {
        const std::lock_guard lock{mutex};
        auto& at = last[facility];
        if (at != Instant{} && now - at < silence) return;
        at = now;
    }
    log::warning("kafka.client", {{"facility", facility}, {"reason", text}});
}

}  // namespace

void use_our_log(rd_kafka_conf_t* conf) {
    rd_kafka_conf_set_log_cb(conf, &write);
    rd_kafka_conf_set(conf, "log_level", std::to_string(syslog_error).c_str(), nullptr, 0);
}

}  // namespace hirewire::kafka::detail
