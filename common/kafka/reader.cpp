#include "common/kafka/reader.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "common/kafka/configure.hpp"
#include "common/kafka/convert.hpp"
#include "common/kafka/event_queue.hpp"

namespace hirewire::kafka {
namespace {

using detail::Holder;
using List = Holder<rd_kafka_topic_partition_list_t>;
using Polled = Holder<rd_kafka_message_t>;

constexpr int broker_patience_ms = 10'000;

// From the first record to before the first one that is not there yet.
struct Span {
    Offset low = 0;
    Offset high = 0;
};

detail::Client assigned_only(const Settings& settings) {
    rd_kafka_conf_t* conf = detail::make_conf(settings);
    // Named because librdkafka insists; nothing is joined and nothing is committed.
    detail::set(conf, "group.id", settings.topic_prefix + "hirewire.reader");
    detail::set(conf, "enable.auto.commit", "false");
    detail::set(conf, "enable.auto.offset.store", "false");
    detail::set(conf, "enable.partition.eof", "true");
    detail::set(conf, "auto.offset.reset", "earliest");
    detail::set(conf, "fetch.wait.max.ms", std::to_string(settings.fetch_wait.count()));
    // What goes wrong is in the exception; librdkafka would say it on stderr as well.
    detail::set(conf, "log_level", "0");
    auto client = detail::make_client(RD_KAFKA_CONSUMER, conf);
    rd_kafka_poll_set_consumer(client.get());
    return client;
}

int partitions_of(rd_kafka_t* client, const Settings& settings, const std::string& topic) {
    const std::string name = settings.topic_prefix + topic;
    const Holder<rd_kafka_topic_t> handle{rd_kafka_topic_new(client, name.c_str(), nullptr)};
    const rd_kafka_metadata_t* metadata = nullptr;
    const auto error = rd_kafka_metadata(client, 0, handle.get(), &metadata, broker_patience_ms);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        throw std::runtime_error{"kafka at " + settings.brokers + " does not answer: " + rd_kafka_err2str(error)};
    }
    const auto& entry = metadata->topics[0];
    const auto wrong = entry.err;
    const int count = entry.partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    if (wrong != RD_KAFKA_RESP_ERR_NO_ERROR || count == 0) {
        throw std::runtime_error{"topic " + name + " cannot be read: " + rd_kafka_err2str(wrong)};
    }
    return count;
}

// Errors that librdkafka goes on to mend by itself.
bool passing(rd_kafka_resp_err_t error) {
    return error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || error == RD_KAFKA_RESP_ERR__TRANSPORT ||
           error == RD_KAFKA_RESP_ERR__RESOLVE || error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
}

// Waits while the partition has no leader yet, as it is for a moment after a topic was made.
Span span_of(rd_kafka_t* client, const std::string& name, std::int32_t partition) {
    const auto deadline = std::chrono::steady_clock::now() + Milliseconds{broker_patience_ms};
    while (true) {
        Span span;
        const auto error = rd_kafka_query_watermark_offsets(
            client, name.c_str(), partition, &span.low, &span.high, broker_patience_ms);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return span;
        if (!passing(error) || std::chrono::steady_clock::now() >= deadline) {
            throw std::runtime_error{
                "kafka does not tell where topic " + name + " begins and ends: " + rd_kafka_err2str(error)};
        }
        std::this_thread::sleep_for(Milliseconds{50});
    }
}

void assign(rd_kafka_t* client, const rd_kafka_topic_partition_list_t* list) {
    const auto error = rd_kafka_assign(client, list);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        throw std::runtime_error{std::string{"kafka: cannot read: "} + rd_kafka_err2str(error)};
    }
}

[[noreturn]] void fail(const rd_kafka_message_t& message) {
    throw std::runtime_error{std::string{"kafka: cannot read: "} + rd_kafka_message_errstr(&message)};
}

}  // namespace

void read_all(
    const Settings& settings,
    const std::string& topic,
    const std::function<void(const Record&)>& each,
    const ReadTerms& terms) {
    const auto client = assigned_only(settings);
    const std::string name = settings.topic_prefix + topic;
    const int count = partitions_of(client.get(), settings, topic);
    const List list{rd_kafka_topic_partition_list_new(count)};
    std::map<std::int32_t, Offset> until;  // what is still to be read
    for (std::int32_t number = 0; number < count; ++number) {
        if (terms.partition && number != *terms.partition) continue;
        const auto span = span_of(client.get(), name, number);
        if (span.low >= span.high) continue;
        const Offset begin = terms.last ? std::max(span.low, span.high - *terms.last) : span.low;
        rd_kafka_topic_partition_list_add(list.get(), name.c_str(), number)->offset = begin;
        until.emplace(number, span.high);
    }
    if (until.empty()) return;
    assign(client.get(), list.get());

    // Compaction may have taken the last records before the end: then only the end-of-partition event tells.
    const auto reached = [&until](std::int32_t number, Offset next) {
        const auto at = until.find(number);
        if (at != until.end() && next >= at->second) until.erase(at);
    };
    auto deadline = std::chrono::steady_clock::now() + terms.patience;
    while (!until.empty()) {
        const Polled message{rd_kafka_consumer_poll(client.get(), 100)};
        if (!message || passing(message->err)) {
            if (std::chrono::steady_clock::now() < deadline) continue;
            throw std::runtime_error{
                "kafka at " + settings.brokers + " stopped answering before the end of topic " + name};
        }
        deadline = std::chrono::steady_clock::now() + terms.patience;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            reached(message->partition, message->offset);
            continue;
        }
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) fail(*message);
        const auto at = until.find(message->partition);
        if (at == until.end() || message->offset >= at->second) {  // written after we began
            reached(message->partition, message->offset);
            continue;
        }
        each(detail::to_record(*message, settings.topic_prefix.size()));
        reached(message->partition, message->offset + 1);
    }
}

struct Tail::State {
    std::size_t prefix_size = 0;
    detail::Client client{};
};

Tail::Tail(const Settings& settings, const std::vector<std::string>& topics, From from)
    : state_{std::make_unique<State>()} {
    state_->prefix_size = settings.topic_prefix.size();
    state_->client = assigned_only(settings);
    auto* client = state_->client.get();
    const List list{rd_kafka_topic_partition_list_new(static_cast<int>(topics.size()))};
    for (const auto& topic : topics) {
        const std::string name = settings.topic_prefix + topic;
        const int count = partitions_of(client, settings, topic);
        for (std::int32_t number = 0; number < count; ++number) {
            // The end is looked up now: what is written once the Tail exists belongs to it.
            rd_kafka_topic_partition_list_add(list.get(), name.c_str(), number)->offset =
                from == From::beginning ? RD_KAFKA_OFFSET_BEGINNING : span_of(client, name, number).high;
        }
    }
    assign(client, list.get());
}

Tail::~Tail() = default;

std::optional<Record> Tail::next(Milliseconds wait) {
    const auto deadline = std::chrono::steady_clock::now() + wait;
    while (true) {
        const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now()).count();
        const Polled message{
            rd_kafka_consumer_poll(state_->client.get(), static_cast<int>(std::max<std::int64_t>(left, 0)))};
        if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            return detail::to_record(*message, state_->prefix_size);
        if (message && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF && !passing(message->err)) fail(*message);
        if (left <= 0) return std::nullopt;
    }
}

}  // namespace hirewire::kafka
