#include "tools/devbroker/mock_cluster.hpp"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <future>
#include <stdexcept>

namespace hirewire::devbroker {

struct MockCluster::State {
    rd_kafka_t* owner = nullptr;  // lends the cluster its main loop; writes nothing itself
    rd_kafka_mock_cluster_t* cluster = nullptr;

    ~State() {
        if (cluster != nullptr) rd_kafka_mock_cluster_destroy(cluster);
        if (owner != nullptr) rd_kafka_destroy(owner);
    }
};

MockCluster::MockCluster(const std::vector<kafka::Topic>& topics, const std::string& prefix)
    : state_{std::make_unique<State>()} {
    std::array<char, 512> why{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    // Not the notice that no broker is configured: it is about to be one.
    rd_kafka_conf_set(conf, "log_level", "4", why.data(), why.size());
    state_->owner = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size());
    if (state_->owner == nullptr) throw std::runtime_error{std::string{"librdkafka: "} + why.data()};
    state_->cluster = rd_kafka_mock_cluster_new(state_->owner, 1);
    if (state_->cluster == nullptr) throw std::runtime_error{"librdkafka could not open its mock cluster"};
    // The mock cluster's thread misses wake-ups and then looks only once a second. Asked for all topics at once, it
    // loses that second once and not for each.
    std::vector<std::future<std::string>> refusals;
    for (const auto& topic : topics) {
        refusals.push_back(
            std::async(std::launch::async, [this, name = prefix + topic.name, count = topic.partitions] {
                const auto error = rd_kafka_mock_topic_create(state_->cluster, name.c_str(), count, 1);
                return error == RD_KAFKA_RESP_ERR_NO_ERROR ? "" : "topic " + name + ": " + rd_kafka_err2str(error);
            }));
    }
    for (auto& refusal : refusals) {
        const std::string reason = refusal.get();
        if (!reason.empty()) throw std::runtime_error{reason};
    }
}

MockCluster::~MockCluster() = default;

std::string MockCluster::brokers() const {
    return rd_kafka_mock_cluster_bootstraps(state_->cluster);
}

}  // namespace hirewire::devbroker
