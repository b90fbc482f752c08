#include "common/kafka/reader.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "common/kafka/configure.hpp"
#include "common/kafka/convert.hpp"
#include "common/kafka/event_queue.hpp"
#include "common/kafka/passing.hpp"

namespace hirewire::kafka {
namespace {

using detail::Holder;
using List = Holder<rd_kafka_topic_partition_list_t>;
using Polled = Holder<rd_kafka_message_t>;

constexpr int broker_patience_ms = 10'000;
// For who may have to give up meanwhile.
constexpr int slice_ms = 400;

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

// `metadata` is the caller's to free, when there is no error.
rd_kafka_resp_err_t ask_for_metadata(
    rd_kafka_t* client,
    rd_kafka_topic_t* topic,
    const rd_kafka_metadata_t** metadata,
    const std::atomic<bool>* gives_up) {
    if (gives_up == nullptr) return rd_kafka_metadata(client, 0, topic, metadata, broker_patience_ms);
    const auto deadline = std::chrono::steady_clock::now() + Milliseconds{broker_patience_ms};
    while (true) {
        const auto error = rd_kafka_metadata(client, 0, topic, metadata, slice_ms);
        const bool silent = error == RD_KAFKA_RESP_ERR__TRANSPORT || error == RD_KAFKA_RESP_ERR__TIMED_OUT;
        if (!silent || *gives_up || std::chrono::steady_clock::now() >= deadline) return error;
    }
}

int partitions_of(
    rd_kafka_t* client,
    const Settings& settings,
    const std::string& topic,
    const std::atomic<bool>* gives_up = nullptr) {
    const std::string name = settings.topic_prefix + topic;
    const Holder<rd_kafka_topic_t> handle{rd_kafka_topic_new(client, name.c_str(), nullptr)};
    const rd_kafka_metadata_t* metadata = nullptr;
    const auto error = ask_for_metadata(client, handle.get(), &metadata, gives_up);
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

// Waits while the partition has no leader yet, as it is for a moment after a topic was made.
Span span_of(rd_kafka_t* client, const std::string& name, std::int32_t partition) {
    Span span;
    const auto ask = [&] {
        return rd_kafka_query_watermark_offsets(
            client, name.c_str(), partition, &span.low, &span.high, broker_patience_ms);
    };
    const auto error = detail::ask_until_answered(broker_patience_ms, ask);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return span;
    throw std::runtime_error{
        "kafka does not tell where topic " + name + " begins and ends: " + rd_kafka_err2str(error)};
}

// Where the records begin that were written at `time_ms` or later; nothing when the broker can't say. The embedded
// broker answers "the end" to any such question, a real one never does for the beginning of what it has.
std::optional<Offset> offset_at(
    rd_kafka_t* client, const std::string& name, std::int32_t partition, Span span, std::int64_t time_ms) {
    const auto ask = [&](std::int64_t when) -> std::optional<Offset> {
        const List question{rd_kafka_topic_partition_list_new(1)};
        auto* entry = rd_kafka_topic_partition_list_add(question.get(), name.c_str(), partition);
        entry->offset = when;
        const auto error = rd_kafka_offsets_for_times(client, question.get(), broker_patience_ms);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR || entry->err != RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
        return entry->offset;
    };
    const auto found = ask(std::max<std::int64_t>(0, time_ms));
    if (!found) return std::nullopt;
    if (*found >= 0) return found;
    const auto first = ask(0);
    return first && *first >= 0 ? std::optional{span.high} : std::nullopt;
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

// What is still to be read: of which partition (by the topic's full name) up to which offset.
class Unread {
public:
    void add(const std::string& name, std::int32_t partition, Offset end) { ends_[name][partition] = end; }
    [[nodiscard]] std::optional<Offset> end_of(std::string_view name, std::int32_t partition) const {
        const auto topic = ends_.find(name);
        if (topic == ends_.end()) return std::nullopt;
        const auto at = topic->second.find(partition);
        return at == topic->second.end() ? std::nullopt : std::optional{at->second};
    }
    // Compaction may have taken the last records before the end: then only the end-of-partition event tells.
    void reached(std::string_view name, std::int32_t partition, Offset next) {
        const auto topic = ends_.find(name);
        if (topic == ends_.end()) return;
        const auto at = topic->second.find(partition);
        if (at != topic->second.end() && next >= at->second) topic->second.erase(at);
        if (topic->second.empty()) ends_.erase(topic);
    }
    [[nodiscard]] bool empty() const { return ends_.empty(); }
    [[nodiscard]] std::string first() const { return "topic " + ends_.begin()->first; }

private:
    std::map<std::string, std::map<std::int32_t, Offset>, std::less<>> ends_;
};

// Answers what there is to read, and has the client begin with it.
Unread begin_reading(
    rd_kafka_t* client, const Settings& settings, const std::vector<Partition>& parts, const ReadTerms& terms) {
    const List list{rd_kafka_topic_partition_list_new(static_cast<int>(parts.size()))};
    Unread unread;
    for (const auto& part : parts) {
        const std::string name = settings.topic_prefix + part.topic;
        const auto span = span_of(client, name, part.number);
        if (span.low >= span.high) continue;
        Offset first = terms.last ? std::max(span.low, span.high - *terms.last) : span.low;
        if (terms.from_ms) {
            first = std::max(first, offset_at(client, name, part.number, span, *terms.from_ms).value_or(first));
        }
        if (first >= span.high) continue;
        rd_kafka_topic_partition_list_add(list.get(), name.c_str(), part.number)->offset = first;
        unread.add(name, part.number, span.high);
    }
    if (!unread.empty()) assign(client, list.get());
    return unread;
}

bool has_key(const rd_kafka_message_t& message, const std::string& key) {
    return key.empty() || std::string_view{static_cast<const char*>(message.key), message.key_len} == key;
}

void read_on(
    rd_kafka_t* client,
    const Settings& settings,
    const std::vector<Partition>& parts,
    const std::function<void(const Record&)>& each,
    const ReadTerms& terms) {
    Unread unread = begin_reading(client, settings, parts, terms);
    auto deadline = std::chrono::steady_clock::now() + terms.patience;
    while (!unread.empty()) {
        const Polled message{rd_kafka_consumer_poll(client, 100)};
        if (!message || detail::passing(message->err)) {
            if (std::chrono::steady_clock::now() < deadline) continue;
            throw std::runtime_error{
                "kafka at " + settings.brokers + " stopped answering before the end of " + unread.first()};
        }
        deadline = std::chrono::steady_clock::now() + terms.patience;
        const bool at_end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
        if (!at_end && message->err != RD_KAFKA_RESP_ERR_NO_ERROR) fail(*message);
        const std::string_view name = rd_kafka_topic_name(message->rkt);
        const auto end = unread.end_of(name, message->partition);
        if (at_end || !end || message->offset >= *end) {  // written after we began
            unread.reached(name, message->partition, message->offset);
            continue;
        }
        if (has_key(*message, terms.key)) {
            const Record record = detail::to_record(*message, settings.topic_prefix.size());
            const bool wanted = !terms.from_ms || record.timestamp_ms >= *terms.from_ms;
            if (wanted) each(record);
            deadline = std::chrono::steady_clock::now() + terms.patience;  // `each` may have taken its time
        }
        unread.reached(name, message->partition, message->offset + 1);
    }
}

}  // namespace

void read_all(
    const Settings& settings,
    const std::string& topic,
    const std::function<void(const Record&)>& each,
    const ReadTerms& terms) {
    const auto client = assigned_only(settings);
    const int count = partitions_of(client.get(), settings, topic);
    std::vector<Partition> parts;
    for (std::int32_t number = 0; number < count; ++number) {
        if (terms.partition && number != *terms.partition) continue;
        parts.push_back({.topic = topic, .number = number});
    }
    read_on(client.get(), settings, parts, each, terms);
}

void read_parts(
    const Settings& settings,
    const std::vector<Partition>& parts,
    const std::function<void(const Record&)>& each,
    const ReadTerms& terms) {
    const auto client = assigned_only(settings);
    read_on(client.get(), settings, parts, each, terms);
}

struct Tail::State {
    std::size_t prefix_size = 0;
    std::set<std::pair<std::string, std::int32_t>> unread{};  // partitions whose end has not been reached yet
    detail::Client client{};
};

Tail::Tail(
    const Settings& settings,
    const std::vector<std::string>& topics,
    From from,
    const std::atomic<bool>* gives_up,
    std::optional<std::int64_t> from_ms)
    : state_{std::make_unique<State>()} {
    state_->prefix_size = settings.topic_prefix.size();
    state_->client = assigned_only(settings);
    auto* client = state_->client.get();
    const List list{rd_kafka_topic_partition_list_new(static_cast<int>(topics.size()))};
    for (const auto& topic : topics) {
        const std::string name = settings.topic_prefix + topic;
        const int count = partitions_of(client, settings, topic, gives_up);
        for (std::int32_t number = 0; number < count; ++number) {
            state_->unread.emplace(name, number);
            // The end is looked up now: what is written once the Tail exists belongs to it.
            auto* entry = rd_kafka_topic_partition_list_add(list.get(), name.c_str(), number);
            entry->offset = RD_KAFKA_OFFSET_BEGINNING;
            if (from == From::end) {
                entry->offset = span_of(client, name, number).high;
            } else if (from_ms) {
                const auto span = span_of(client, name, number);
                entry->offset = offset_at(client, name, number, span, *from_ms).value_or(RD_KAFKA_OFFSET_BEGINNING);
            }
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
        if (message && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            state_->unread.erase({rd_kafka_topic_name(message->rkt), message->partition});
        } else if (message && !detail::passing(message->err)) {
            fail(*message);
        }
        if (left <= 0) return std::nullopt;
    }
}

bool Tail::caught_up() const {
    return state_->unread.empty();
}

}  // namespace hirewire::kafka
