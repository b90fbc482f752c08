#include "common/kafka/producer.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <unordered_map>

#include "common/kafka/configure.hpp"
#include "common/kafka/event_queue.hpp"
#include "common/log/log.hpp"

namespace hirewire::kafka {
namespace {

namespace asio = boost::asio;

Errc classify(rd_kafka_resp_err_t error) {
    switch (error) {
        case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
        case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
        case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
        case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
            return Errc::not_acknowledged;
        case RD_KAFKA_RESP_ERR__QUEUE_FULL:
            return Errc::queue_full;
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_INVALID_MSG:
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
            return Errc::refused;
        default:
            return Errc::unavailable;
    }
}

// Afterwards a caller may try again: without that, nobody would ever find out that the brokers are back.
constexpr std::chrono::seconds failure_is_news_for{5};

// An idempotent producer that has lost its place can never write again. The next process can.
[[noreturn]] void end_process(const char* reason) {
    log::error("kafka.producer_lost", {{"reason", reason}, {"consequence", "this process ends"}});
    std::_Exit(1);
}

// A record under way: what its report resumes.
struct Pending {
    virtual ~Pending() = default;
    virtual void finish(Result<Written> result) = 0;
};

template <typename Completion>
struct PendingFor final : Pending {
    explicit PendingFor(Completion c) : completion{std::move(c)} {}
    void finish(Result<Written> result) override { completion(std::move(result)); }
    Completion completion;
};

class RdProducer final : public Producer {
public:
    RdProducer(asio::any_io_executor executor, const Settings& settings)
        : executor_{executor}, prefix_{settings.topic_prefix} {
        rd_kafka_conf_t* conf = detail::make_conf(settings);
        detail::set(conf, "enable.idempotence", settings.idempotent_producer ? "true" : "false");
        detail::set(conf, "acks", "all");
        detail::set(conf, "partitioner", "murmur2_random");
        detail::set(conf, "linger.ms", std::to_string(settings.linger.count()));
        detail::set(conf, "message.timeout.ms", std::to_string(settings.message_timeout.count()));
        rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
        handle_ = detail::make_client(RD_KAFKA_PRODUCER, conf);
        queue_ = std::make_shared<detail::EventQueue>(executor, rd_kafka_queue_get_main(handle_.get()));
        asio::co_spawn(executor, listen(queue_, state_), asio::detached);
    }

    ~RdProducer() override {
        rd_kafka_flush(handle_.get(), 500);
        rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        // Every record under way gets its report, so that no Pending is lost; nobody is resumed any more.
        rd_kafka_flush(handle_.get(), 100);
        state_->closing = true;
        drain(*queue_, *state_);
        boost::system::error_code ignored;
        queue_->descriptor().cancel(ignored);
        topics_.clear();
        queue_.reset();
    }

    asio::awaitable<Result<Written>> write(Message message) override {
        auto initiate = [this](auto handler, Message m) { start(std::move(handler), std::move(m)); };
        return asio::async_initiate<const asio::use_awaitable_t<>, void(Result<Written>)>(
            std::move(initiate), asio::use_awaitable, std::move(message));
    }

    [[nodiscard]] bool healthy() const override {
        return state_->last_failure == Instant{} ||
               std::chrono::steady_clock::now() - state_->last_failure > failure_is_news_for;
    }

private:
    struct State {
        Instant last_failure{};
        bool closing = false;
    };

    template <typename Completion>
    void start(Completion completion, Message message) {
        auto* pending = new PendingFor<Completion>{std::move(completion)};
        const auto error = produce(message, pending);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;  // its report comes through the queue
        const Result<Written> result = make_error_code(classify(error));
        // Not from inside the initiating call.
        asio::post(executor_, [pending, result] {
            const std::unique_ptr<Pending> owner{pending};
            owner->finish(result);
        });
    }

    rd_kafka_resp_err_t produce(const Message& message, void* opaque) {
        rd_kafka_headers_t* headers = rd_kafka_headers_new(message.headers.size());
        for (const auto& h : message.headers) {
            rd_kafka_header_add(
                headers,
                h.name.data(),
                static_cast<ssize_t>(h.name.size()),
                h.value.data(),
                static_cast<ssize_t>(h.value.size()));
        }
        rd_kafka_vu_t parts[7];
        std::size_t n = 0;
        parts[n].vtype = RD_KAFKA_VTYPE_RKT;
        parts[n++].u.rkt = topic(message.topic);
        parts[n].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
        parts[n++].u.i = RD_KAFKA_MSG_F_COPY;
        parts[n].vtype = RD_KAFKA_VTYPE_KEY;
        parts[n].u.mem.ptr = const_cast<char*>(message.key.data());
        parts[n++].u.mem.size = message.key.size();
        if (message.value) {
            parts[n].vtype = RD_KAFKA_VTYPE_VALUE;
            parts[n].u.mem.ptr = const_cast<char*>(message.value->data());
            parts[n++].u.mem.size = message.value->size();
        }
        if (message.partition) {
            parts[n].vtype = RD_KAFKA_VTYPE_PARTITION;
            parts[n++].u.i32 = *message.partition;
        }
        parts[n].vtype = RD_KAFKA_VTYPE_HEADERS;
        parts[n++].u.headers = headers;
        parts[n].vtype = RD_KAFKA_VTYPE_OPAQUE;
        parts[n++].u.ptr = opaque;
        rd_kafka_error_t* error = rd_kafka_produceva(handle_.get(), parts, n);
        if (error == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
        const auto code = rd_kafka_error_code(error);
        rd_kafka_error_destroy(error);
        rd_kafka_headers_destroy(headers);
        return code;
    }

    rd_kafka_topic_t* topic(const std::string& name) {
        auto& entry = topics_[name];
        if (!entry) entry.reset(rd_kafka_topic_new(handle_.get(), (prefix_ + name).c_str(), nullptr));
        return entry.get();
    }

    static void drain(detail::EventQueue& queue, State& state) {
        while (const detail::Holder<rd_kafka_event_t> event{rd_kafka_queue_poll(queue.get(), 0)}) {
            if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR) {
                const auto error = rd_kafka_event_error(event.get());
                if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
                    state.last_failure = std::chrono::steady_clock::now();
                if (error == RD_KAFKA_RESP_ERR__FATAL) end_process(rd_kafka_event_error_string(event.get()));
                continue;
            }
            while (const auto* message = rd_kafka_event_message_next(event.get())) {
                std::unique_ptr<Pending> pending{static_cast<Pending*>(message->_private)};
                if (state.closing) continue;
                if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                    state.last_failure = Instant{};
                    const Written written{.partition = message->partition, .offset = message->offset};
                    pending->finish(written);
                } else {
                    const auto error = classify(message->err);
                    if (error != Errc::refused) state.last_failure = std::chrono::steady_clock::now();
                    pending->finish(make_error_code(error));
                }
            }
        }
    }

    static asio::awaitable<void> listen(std::shared_ptr<detail::EventQueue> queue, std::shared_ptr<State> state) {
        while (!state->closing) {
            boost::system::error_code error;
            co_await queue->descriptor().async_wait(
                asio::posix::stream_descriptor::wait_read, asio::redirect_error(asio::use_awaitable, error));
            if (error || state->closing) co_return;
            queue->clear();
            drain(*queue, *state);
        }
    }

    asio::any_io_executor executor_;
    std::string prefix_;
    detail::Client handle_;
    std::shared_ptr<detail::EventQueue> queue_;
    std::shared_ptr<State> state_ = std::make_shared<State>();
    std::unordered_map<std::string, detail::Holder<rd_kafka_topic_t>> topics_;
};

}  // namespace

std::unique_ptr<Producer> make_producer(asio::any_io_executor executor, const Settings& settings) {
    return std::make_unique<RdProducer>(std::move(executor), settings);
}

}  // namespace hirewire::kafka
