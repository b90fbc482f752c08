#include "common/kafka/consumer.hpp"

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <set>
#include <stdexcept>
#include <utility>

#include "common/core/time.hpp"
#include "common/kafka/configure.hpp"
#include "common/kafka/convert.hpp"
#include "common/kafka/event_queue.hpp"

namespace hirewire::kafka {
namespace {

namespace asio = boost::asio;
using List = detail::Holder<rd_kafka_topic_partition_list_t>;

constexpr Milliseconds commit_patience{2'000};
constexpr Milliseconds close_patience{3'000};
constexpr int place_patience_ms = 2'000;

class RdConsumer final : public Consumer {
public:
    RdConsumer(
        asio::any_io_executor executor,
        const Settings& settings,
        const std::string& group,
        const std::vector<std::string>& topics,
        const std::string& strict,
        const std::vector<std::string>& compacted)
        : executor_{executor}, prefix_{settings.topic_prefix}, compacted_{compacted.begin(), compacted.end()} {
        rd_kafka_conf_t* conf = detail::make_conf(settings);
        detail::set(conf, "group.id", prefix_ + group);
        if (!settings.instance_id.empty()) detail::set(conf, "group.instance.id", settings.instance_id);
        detail::set(conf, "enable.auto.commit", "false");
        detail::set(conf, "enable.auto.offset.store", "false");
        detail::set(conf, "auto.offset.reset", "earliest");
        detail::set(conf, "partition.assignment.strategy", "range");
        detail::set(conf, "fetch.wait.max.ms", std::to_string(settings.fetch_wait.count()));
        detail::set(conf, "session.timeout.ms", std::to_string(settings.session_timeout.count()));
        detail::set(conf, "heartbeat.interval.ms", std::to_string(settings.session_timeout.count() / 6));
        detail::set(conf, "max.poll.interval.ms", std::to_string(settings.max_poll_interval.count()));
        detail::set(conf, "queued.max.messages.kbytes", "4096");
        rd_kafka_conf_set_opaque(conf, this);
        rd_kafka_conf_set_rebalance_cb(conf, &RdConsumer::on_rebalance);
        rd_kafka_conf_set_error_cb(conf, &RdConsumer::on_error);
        // Commits that meet a rebalance fail; the records come again and the ledger drops them.
        rd_kafka_conf_set_offset_commit_cb(conf, [](rd_kafka_t*, rd_kafka_resp_err_t, auto*, void*) {});
        handle_ = detail::make_client(RD_KAFKA_CONSUMER, conf).release();
        rd_kafka_poll_set_consumer(handle_);
        queue_ = std::make_shared<detail::EventQueue>(executor, rd_kafka_queue_get_consumer(handle_));
        if (!strict.empty()) ask_for_places_in(prefix_ + strict);
        for (const auto& topic : topics) {
            rd_kafka_topic_partition_list_add(topics_.get(), (prefix_ + topic).c_str(), RD_KAFKA_PARTITION_UA);
        }
        subscribe();
    }

    ~RdConsumer() override { close(); }

    std::optional<Event> poll() override {
        finish_revocation();
        if (auto event = take()) return event;
        const detail::Holder<rd_kafka_message_t> message{rd_kafka_consumer_poll(handle_, 0)};
        // The poll may have run the rebalance callback; its events come before later records.
        if (auto event = take()) {
            if (message) keep_for_later(*message);
            return event;
        }
        if (!message) return std::nullopt;
        return convert(*message);
    }

    asio::awaitable<void> ready() override {
        if (!events_.empty()) co_return;
        const auto queue = queue_;
        asio::steady_timer timer{executor_, Milliseconds{500}};
        timer.async_wait([queue](boost::system::error_code e) {
            if (!e) queue->descriptor().cancel(e);
        });
        boost::system::error_code error;
        co_await queue->descriptor().async_wait(
            asio::posix::stream_descriptor::wait_read, asio::redirect_error(asio::use_awaitable, error));
        timer.cancel();
        queue->clear();
    }

    void begin_anew() override {
        std::map<Partition, Offset> first;
        for (const auto& partition : expired_) {
            Offset low = 0;
            Offset high = 0;
            const auto error = rd_kafka_query_watermark_offsets(
                handle_, (prefix_ + partition.topic).c_str(), partition.number, &low, &high, place_patience_ms);
            if (error == RD_KAFKA_RESP_ERR_NO_ERROR) first.emplace(partition, low);
        }
        // What did not come through is found expired again.
        commit_now(first);
        expired_.clear();
        subscribe();
    }

    void pause(const Partition& partition) override {
        const auto list = one(partition, RD_KAFKA_OFFSET_INVALID);
        rd_kafka_pause_partitions(handle_, list.get());
    }

    void resume(const Partition& partition) override {
        const auto list = one(partition, RD_KAFKA_OFFSET_INVALID);
        rd_kafka_resume_partitions(handle_, list.get());
    }

    void commit(const Partition& partition, Offset next) override {
        const auto list = one(partition, next);
        rd_kafka_commit(handle_, list.get(), 1);
    }

    void commit_now(const std::map<Partition, Offset>& next) override {
        if (next.empty()) return;
        const List list{rd_kafka_topic_partition_list_new(static_cast<int>(next.size()))};
        for (const auto& [partition, offset] : next) {
            add(*list, partition, offset);
        }
        // A blocking commit has no deadline; this one has.
        const detail::Holder<rd_kafka_queue_t> answers{rd_kafka_queue_new(handle_)};
        if (rd_kafka_commit_queue(handle_, list.get(), answers.get(), nullptr, nullptr) !=
            RD_KAFKA_RESP_ERR_NO_ERROR) {
            return;
        }
        const detail::Holder<rd_kafka_event_t> done{
            rd_kafka_queue_poll(answers.get(), static_cast<int>(commit_patience.count()))};
    }

    [[nodiscard]] std::map<Partition, std::int64_t> lag() const override {
        std::map<Partition, std::int64_t> result;
        for (const auto& partition : assigned_) {
            std::int64_t low = 0;
            std::int64_t high = 0;
            const auto error = rd_kafka_get_watermark_offsets(
                handle_, (prefix_ + partition.topic).c_str(), partition.number, &low, &high);
            if (error != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0) continue;
            const auto seen = next_.find(partition);
            if (seen != next_.end()) result[partition] = std::max<std::int64_t>(0, high - seen->second);
        }
        return result;
    }

    void close() override {
        if (handle_ == nullptr) return;
        closing_ = true;
        boost::system::error_code ignored;
        queue_->descriptor().cancel(ignored);
        later_.clear();
        if (std::exchange(revocation_pending_, false)) rd_kafka_assign(handle_, nullptr);
        // rd_kafka_consumer_close() may take a whole session when no broker answers; this takes close_patience.
        {
            const detail::Holder<rd_kafka_queue_t> last_words{rd_kafka_queue_new(handle_)};
            rd_kafka_error_t* refused = rd_kafka_consumer_close_queue(handle_, last_words.get());
            if (refused != nullptr) rd_kafka_error_destroy(refused);
            const Instant until = std::chrono::steady_clock::now() + close_patience;
            while (rd_kafka_consumer_closed(handle_) == 0 && std::chrono::steady_clock::now() < until) {
                // Runs the callbacks, and drops records fetched but not read: rd_kafka_queue_poll_callback() aborts
                // on one.
                const detail::Holder<rd_kafka_message_t> unread{rd_kafka_consume_queue(last_words.get(), 20)};
            }
        }
        queue_.reset();
        strict_.reset();
        rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        handle_ = nullptr;
    }

private:
    static void on_rebalance(
        rd_kafka_t* handle, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* list, void* opaque) {
        auto& self = *static_cast<RdConsumer*>(opaque);
        std::vector<Partition> partitions;
        for (int i = 0; i < list->cnt; ++i) {
            partitions.push_back(
                {.topic = self.unprefixed(list->elems[i].topic), .number = list->elems[i].partition});
        }
        if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
            auto begun = self.find_places(*list);
            rd_kafka_assign(handle, list);
            // A partition that was paused when it went comes back paused, and nobody here would know.
            rd_kafka_resume_partitions(handle, list);
            self.assigned_.insert(partitions.begin(), partitions.end());
            self.events_.push_back(Assigned{std::move(partitions)});
            for (auto& event : begun) self.events_.push_back(std::move(event));
            return;
        }
        if (self.closing_) {
            rd_kafka_assign(handle, nullptr);
            return;
        }
        // The assignment is given up at the next poll(), after the owner had its chance to commit.
        for (const auto& partition : partitions) {
            self.assigned_.erase(partition);
            self.next_.erase(partition);
            self.expired_.erase(partition);
        }
        std::erase_if(self.later_, [&](const Record& r) {
            return std::find(partitions.begin(), partitions.end(), r.partition) != partitions.end();
        });
        self.revocation_pending_ = true;
        self.events_.push_back(Revoked{std::move(partitions)});
    }

    static void on_error(rd_kafka_t* handle, int code, const char* reason, void* opaque) {
        auto& self = *static_cast<RdConsumer*>(opaque);
        const auto error = static_cast<rd_kafka_resp_err_t>(code);
        // A single broker connection that comes and goes is weather; only what stops the reading is told.
        if (error == RD_KAFKA_RESP_ERR__TRANSPORT || error == RD_KAFKA_RESP_ERR__RESOLVE) return;
        Trouble trouble{.what = reason, .fatal = false};
        if (error == RD_KAFKA_RESP_ERR__FATAL) {
            char detail[512];
            rd_kafka_fatal_error(handle, detail, sizeof detail);
            trouble = {.what = detail, .fatal = true};
        }
        self.events_.push_back(std::move(trouble));
    }

    // Only settings of the topic's own handle, made before the subscription, tell one topic from the others.
    void ask_for_places_in(const std::string& topic) {
        rd_kafka_topic_conf_t* conf = rd_kafka_default_topic_conf_dup(handle_);
        rd_kafka_topic_conf_set(conf, "auto.offset.reset", "error", nullptr, 0);
        strict_.reset(rd_kafka_topic_new(handle_, topic.c_str(), conf));
    }

    void subscribe() {
        const auto error = rd_kafka_subscribe(handle_, topics_.get());
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
        throw std::runtime_error(std::string{"Kafka refuses the subscription: "} + rd_kafka_err2str(error));
    }

    // Before an assignment: librdkafka knows one beginning for all that has no place, and can move none afterwards
    // (it seeks only where it reads already, and aborts when assignments follow each other closely). What cannot be
    // found out now comes as an error of the fetch.
    std::vector<Event> find_places(rd_kafka_topic_partition_list_t& assigned) {
        std::vector<Event> found;
        if (!strict_) return found;
        const List ours{rd_kafka_topic_partition_list_copy(&assigned)};
        if (rd_kafka_committed(handle_, ours.get(), place_patience_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) return found;
        const auto begins = offsets_at(RD_KAFKA_OFFSET_BEGINNING, assigned);
        const auto ends = offsets_at(RD_KAFKA_OFFSET_END, assigned);
        for (int i = 0; i < ours->cnt; ++i) {
            const auto& entry = ours->elems[i];
            const Partition partition{.topic = unprefixed(entry.topic), .number = entry.partition};
            const auto begin = begins.find(partition);
            const auto end = ends.find(partition);
            if (entry.err != RD_KAFKA_RESP_ERR_NO_ERROR || begin == begins.end() || end == ends.end()) continue;
            const Offset low = begin->second;
            const Offset high = end->second;
            if (entry.offset < 0 && std::string_view{entry.topic} == rd_kafka_topic_name(strict_.get())) {
                rd_kafka_topic_partition_list_set_offset(&assigned, entry.topic, entry.partition, high);
                found.emplace_back(Begun{.partition = partition, .at = high});
            } else if (entry.offset >= 0 && (entry.offset < low || entry.offset > high)) {
                if (compacted_.contains(partition.topic)) {
                    rd_kafka_topic_partition_list_set_offset(&assigned, entry.topic, entry.partition, low);
                    continue;
                }
                expired_.insert(partition);
                found.emplace_back(Expired{partition});
            }
        }
        return found;
    }

    // Where these partitions begin or end (librdkafka takes either for a point in time): one question for all of
    // them, since this blocks, and a broker that is away would be waited for once for each. Without those that nobody
    // answered for.
    [[nodiscard]] std::map<Partition, Offset> offsets_at(
        std::int64_t which, const rd_kafka_topic_partition_list_t& partitions) const {
        std::map<Partition, Offset> found;
        const List asked{rd_kafka_topic_partition_list_copy(&partitions)};
        for (int i = 0; i < asked->cnt; ++i) asked->elems[i].offset = which;
        const auto error = rd_kafka_offsets_for_times(handle_, asked.get(), place_patience_ms);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return found;
        for (int i = 0; i < asked->cnt; ++i) {
            const auto& entry = asked->elems[i];
            if (entry.err != RD_KAFKA_RESP_ERR_NO_ERROR || entry.offset < 0) continue;
            found.emplace(Partition{.topic = unprefixed(entry.topic), .number = entry.partition}, entry.offset);
        }
        return found;
    }

    // Revoked has been handed out and the owner came back: now the partitions are given up.
    void finish_revocation() {
        if (!revocation_pending_ || revocation_queued()) return;
        revocation_pending_ = false;
        rd_kafka_assign(handle_, nullptr);
    }

    [[nodiscard]] bool revocation_queued() const {
        for (const auto& event : events_) {
            if (std::holds_alternative<Revoked>(event)) return true;
        }
        return false;
    }

    std::optional<Event> take() {
        if (!events_.empty()) {
            Event event = std::move(events_.front());
            events_.pop_front();
            return event;
        }
        if (!later_.empty()) {
            Event event = std::move(later_.front());
            later_.pop_front();
            return event;
        }
        return std::nullopt;
    }

    void keep_for_later(const rd_kafka_message_t& message) {
        auto event = convert(message);
        if (auto* record = std::get_if<Record>(&event)) {
            if (assigned_.contains(record->partition)) later_.push_back(std::move(*record));
        } else {
            events_.push_back(std::move(event));
        }
    }

    Event convert(const rd_kafka_message_t& message) {
        if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && message.rkt != nullptr) {
            const Partition partition{
                .topic = unprefixed(rd_kafka_topic_name(message.rkt)), .number = message.partition};
            if (message.offset < 0) {
                // Its place could not be looked up before the assignment: once more.
                subscribe();
                return Trouble{.what = "where to begin in " + partition.topic + " is not known yet", .fatal = false};
            }
            expired_.insert(partition);
            return Expired{partition};
        }
        if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return Trouble{.what = rd_kafka_message_errstr(&message), .fatal = false};
        }
        Record record = detail::to_record(message, prefix_.size());
        next_[record.partition] = record.offset + 1;
        return record;
    }

    [[nodiscard]] std::string unprefixed(const std::string& topic) const { return topic.substr(prefix_.size()); }

    void add(rd_kafka_topic_partition_list_t& list, const Partition& partition, Offset offset) const {
        auto* entry = rd_kafka_topic_partition_list_add(&list, (prefix_ + partition.topic).c_str(), partition.number);
        entry->offset = offset;
    }

    [[nodiscard]] List one(const Partition& partition, Offset offset) const {
        List list{rd_kafka_topic_partition_list_new(1)};
        add(*list, partition, offset);
        return list;
    }

    asio::any_io_executor executor_;
    std::string prefix_;
    std::set<std::string> compacted_;
    rd_kafka_t* handle_ = nullptr;
    detail::Holder<rd_kafka_topic_t> strict_;
    List topics_{rd_kafka_topic_partition_list_new(8)};
    std::shared_ptr<detail::EventQueue> queue_;
    std::deque<Event> events_;
    std::deque<Record> later_;
    std::set<Partition> assigned_;
    std::set<Partition> expired_;
    std::map<Partition, Offset> next_;
    bool revocation_pending_ = false;
    bool closing_ = false;
};

}  // namespace

std::unique_ptr<Consumer> make_consumer(
    asio::any_io_executor executor,
    const Settings& settings,
    const std::string& group,
    const std::vector<std::string>& topics,
    const std::string& strict,
    const std::vector<std::string>& compacted) {
    return std::make_unique<RdConsumer>(std::move(executor), settings, group, topics, strict, compacted);
}

}  // namespace hirewire::kafka
