#pragma once
// Settings as librdkafka wants them: what every client of ours has in common. Included by this folder's .cpp files
// only.
#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>

#include "common/kafka/settings.hpp"

namespace hirewire::kafka::detail {

// Throws std::runtime_error that names the property when librdkafka refuses it.
void set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value);

// bootstrap.servers, client.id, how fast to come back after a lost connection, and Settings::options, which win over
// these; what the caller sets afterwards wins over the options. The caller owns the result until rd_kafka_new takes
// it.
rd_kafka_conf_t* make_conf(const Settings& settings);

// For clients that join no group: nothing is committed or left on the way out, so a dead broker holds nobody up.
struct ClientDeleter {
    void operator()(rd_kafka_t* client) const {
        rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
};
using Client = std::unique_ptr<rd_kafka_t, ClientDeleter>;

// Takes `conf`, whatever happens. Throws std::runtime_error with librdkafka's reason.
Client make_client(rd_kafka_type_t type, rd_kafka_conf_t* conf);

}  // namespace hirewire::kafka::detail
