#include "common/kafka/configure.hpp"

#include <sched.h>

#include <array>
#include <stdexcept>

#include "common/kafka/client_log.hpp"

namespace hirewire::kafka::detail {
namespace {

// Linux lets a thread that wakes up interrupt the running one. librdkafka's thread is woken for nearly every record,
// and on a busy core it then interrupts the very thread that hands it the next. As batch work it waits for the end of
// the turn: fewer switches, and more records a request. On an idle core nothing changes.
rd_kafka_resp_err_t yield_to_our_threads(rd_kafka_t*, rd_kafka_thread_type_t, const char*, void*) {
    const sched_param priority{};
    sched_setscheduler(0, SCHED_BATCH, &priority);  // refused, it is only slower
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t watch_threads(rd_kafka_t* client, const rd_kafka_conf_t*, void*, char*, std::size_t) {
    return rd_kafka_interceptor_add_on_thread_start(client, "hirewire", &yield_to_our_threads, nullptr);
}

}  // namespace

void set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
    std::array<char, 512> why{};
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) == RD_KAFKA_CONF_OK) return;
    throw std::runtime_error{"kafka: librdkafka refuses the property '" + name + "': " + why.data()};
}

rd_kafka_conf_t* make_conf(const Settings& settings) {
    std::unique_ptr<rd_kafka_conf_t, decltype(&rd_kafka_conf_destroy)> conf{
        rd_kafka_conf_new(), &rd_kafka_conf_destroy};
    use_our_log(conf.get());
    rd_kafka_conf_interceptor_add_on_new(conf.get(), "hirewire", &watch_threads, nullptr);
    set(conf.get(), "bootstrap.servers", settings.brokers);
    set(conf.get(), "client.id", settings.client_id);
    // The default of ten seconds would outlast message_timeout after a broker's restart.
    set(conf.get(), "reconnect.backoff.max.ms", "500");
    set(conf.get(), "log.connection.close", "false");
    if (!settings.password.empty()) set(conf.get(), "sasl.password", settings.password);
    for (const auto& [name, value] : settings.options) set(conf.get(), name, value);
    return conf.release();
}

Client make_client(rd_kafka_type_t type, rd_kafka_conf_t* conf) {
    std::array<char, 512> why{};
    if (rd_kafka_t* client = rd_kafka_new(type, conf, why.data(), why.size())) return Client{client};
    rd_kafka_conf_destroy(conf);
    throw std::runtime_error{std::string{"kafka: "} + why.data()};
}

}  // namespace hirewire::kafka::detail

namespace hirewire::kafka {

std::string fault_of(const Settings& settings) {
    for (const auto& [name, value] : settings.options) {
        if (name.find("password") != std::string::npos || name.find("secret") != std::string::npos) {
            return "kafka.options." + name + ": a secret does not belong into the file. Use kafka.password_env or " +
                   "kafka.password_file.";
        }
    }
    try {
        rd_kafka_conf_destroy(detail::make_conf(settings));
    } catch (const std::runtime_error& e) {
        return e.what();
    }
    return {};
}

}  // namespace hirewire::kafka
