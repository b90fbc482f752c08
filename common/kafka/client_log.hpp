#pragma once
// librdkafka's own words, as lines of our log: only errors, and never the same twice within ten seconds, since a
// broker that is away makes every client say so several times a second. Included by this folder's .cpp files only.
#include <librdkafka/rdkafka.h>

namespace hirewire::kafka::detail {

void use_our_log(rd_kafka_conf_t* conf);

}  // namespace hirewire::kafka::detail
