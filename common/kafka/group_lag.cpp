#include "common/kafka/group_lag.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>
#include <utility>

#include "common/kafka/configure.hpp"
#include "common/kafka/event_queue.hpp"
#include "common/kafka/passing.hpp"

namespace hirewire::kafka {
namespace {

using detail::Holder;
using List = Holder<rd_kafka_topic_partition_list_t>;
using Place = std::pair<std::string, std::int32_t>;  // a topic's full name, and a partition

detail::Client member_of_nothing(const Settings& settings, const std::string& group) {
    rd_kafka_conf_t* conf = detail::make_conf(settings);
    detail::set(conf, "group.id", settings.topic_prefix + group);
    detail::set(conf, "enable.auto.commit", "false");
    detail::set(conf, "enable.auto.offset.store", "false");
    detail::set(conf, "auto.offset.reset", "earliest");
    detail::set(conf, "fetch.wait.max.ms", std::to_string(settings.fetch_wait.count()));
    // One record of each partition is looked at.
    detail::set(conf, "queued.min.messages", "1");
    detail::set(conf, "max.partition.fetch.bytes", "65536");
    detail::set(conf, "log_level", "0");
    auto client = detail::make_client(RD_KAFKA_CONSUMER, conf);
    rd_kafka_poll_set_consumer(client.get());
    return client;
}

int partitions_of(rd_kafka_t* client, const Settings& settings, const std::string& name, int patience) {
    const Holder<rd_kafka_topic_t> topic{rd_kafka_topic_new(client, name.c_str(), nullptr)};
    const rd_kafka_metadata_t* metadata = nullptr;
    const auto ask = [&] { return rd_kafka_metadata(client, 0, topic.get(), &metadata, patience); };
    const auto error = detail::ask_until_answered(patience, ask);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        throw std::runtime_error{"kafka at " + settings.brokers + " does not answer: " + rd_kafka_err2str(error)};
    }
    const bool there = metadata->topic_cnt > 0 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR;
    const int count = there ? metadata->topics[0].partition_cnt : 0;
    rd_kafka_metadata_destroy(metadata);
    return count;
}

// Reads the first record that each group of partitions has not had, for its time.
void look_at_oldest(
    rd_kafka_t* client,
    const std::map<Place, std::int64_t>& unread,
    std::size_t prefix_size,
    Milliseconds patience,
    std::map<std::string, GroupLag>& lags) {
    const List list{rd_kafka_topic_partition_list_new(static_cast<int>(unread.size()))};
    std::set<Place> open;
    for (const auto& [place, offset] : unread) {
        rd_kafka_topic_partition_list_add(list.get(), place.first.c_str(), place.second)->offset = offset;
        open.insert(place);
    }
    if (rd_kafka_assign(client, list.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!open.empty() && std::chrono::steady_clock::now() < deadline) {
        const Holder<rd_kafka_message_t> message{rd_kafka_consumer_poll(client, 50)};
        if (!message || message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        const Place place{rd_kafka_topic_name(message->rkt), message->partition};
        if (open.erase(place) == 0) continue;
        const auto written = rd_kafka_message_timestamp(message.get(), nullptr);
        auto& lag = lags[place.first.substr(prefix_size)];
        if (written >= 0) lag.oldest_ms = std::min(lag.oldest_ms.value_or(written), written);
    }
}

}  // namespace

GroupLag together(const GroupLag& one, const GroupLag& other) {
    GroupLag both;
    both.known = one.known || other.known;
    both.records = one.records + other.records;
    both.missed = one.missed + other.missed;
    both.oldest_ms = one.oldest_ms;
    if (other.oldest_ms) both.oldest_ms = std::min(one.oldest_ms.value_or(*other.oldest_ms), *other.oldest_ms);
    return both;
}

std::map<std::string, GroupLag> group_lag(
    const Settings& settings,
    const std::string& group,
    const std::vector<std::string>& topics,
    Milliseconds patience) {
    const auto client = member_of_nothing(settings, group);
    const int wait = static_cast<int>(patience.count());
    const List places{rd_kafka_topic_partition_list_new(16)};
    std::map<std::string, GroupLag> lags;
    for (const auto& topic : topics) {
        const std::string name = settings.topic_prefix + topic;
        const int count = partitions_of(client.get(), settings, name, wait);
        if (count > 0) lags[topic];
        for (std::int32_t number = 0; number < count; ++number) {
            rd_kafka_topic_partition_list_add(places.get(), name.c_str(), number);
        }
    }
    if (lags.empty()) return lags;
    const auto ask_for_places = [&] { return rd_kafka_committed(client.get(), places.get(), wait); };
    const auto error = detail::ask_until_answered(wait, ask_for_places);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        throw std::runtime_error{
            "kafka at " + settings.brokers + " does not tell how far " + group + " is: " + rd_kafka_err2str(error)};
    }
    std::map<Place, std::int64_t> unread;
    for (int i = 0; i < places->cnt; ++i) {
        const auto& place = places->elems[i];
        std::int64_t low = 0;
        std::int64_t high = 0;
        const auto ask_for_ends = [&] {
            return rd_kafka_query_watermark_offsets(client.get(), place.topic, place.partition, &low, &high, wait);
        };
        if (const auto wrong = detail::ask_until_answered(wait, ask_for_ends); wrong != RD_KAFKA_RESP_ERR_NO_ERROR) {
            throw std::runtime_error{
                "kafka at " + settings.brokers + " does not tell where " + place.topic +
                " begins and ends: " + rd_kafka_err2str(wrong)};
        }
        const std::string name = place.topic;
        auto& lag = lags[name.substr(settings.topic_prefix.size())];
        const bool known = place.offset >= 0;
        if (known) lag.known = true;
        const auto begin = known ? std::max(low, place.offset) : low;
        if (known && place.offset < low) lag.missed += low - place.offset;
        if (begin >= high) continue;
        lag.records += high - begin;
        unread.emplace(Place{name, place.partition}, begin);
    }
    if (!unread.empty()) look_at_oldest(client.get(), unread, settings.topic_prefix.size(), patience, lags);
    return lags;
}

}  // namespace hirewire::kafka
