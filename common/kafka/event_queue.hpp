#pragma once
// Joins a librdkafka queue to the Asio loop: librdkafka writes to an eventfd when the queue stops being empty, the
// loop wakes, and nobody polls. Included by this folder's .cpp files only.
#include <librdkafka/rdkafka.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <memory>
#include <system_error>

namespace hirewire::kafka::detail {

struct Deleter {
    void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
    void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
    void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
    void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
    void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
template <typename T>
using Holder = std::unique_ptr<T, Deleter>;

class EventQueue {
public:
    EventQueue(boost::asio::any_io_executor executor, rd_kafka_queue_t* queue)
        : queue_{queue}, descriptor_{std::move(executor), open()} {
        constexpr std::uint64_t one = 1;
        rd_kafka_queue_io_event_enable(queue_.get(), descriptor_.native_handle(), &one, sizeof one);
        // librdkafka tells only of the first event in an empty queue, and its threads were running before this: what
        // they left there meanwhile would keep every later event a secret.
        [[maybe_unused]] const auto n = ::write(descriptor_.native_handle(), &one, sizeof one);
    }
    ~EventQueue() { rd_kafka_queue_io_event_enable(queue_.get(), -1, nullptr, 0); }
    EventQueue(const EventQueue&) = delete;
    EventQueue& operator=(const EventQueue&) = delete;

    [[nodiscard]] rd_kafka_queue_t* get() const { return queue_.get(); }
    boost::asio::posix::stream_descriptor& descriptor() { return descriptor_; }

    // To be called after a wake-up and before the queue is drained, or a later event goes unnoticed.
    void clear() {
        std::uint64_t count = 0;
        // Nothing there (EAGAIN) is as good as something.
        [[maybe_unused]] const auto n = ::read(descriptor_.native_handle(), &count, sizeof count);
    }

private:
    static int open() {
        const int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
        return fd;
    }
    Holder<rd_kafka_queue_t> queue_;
    boost::asio::posix::stream_descriptor descriptor_;
};

}  // namespace hirewire::kafka::detail
