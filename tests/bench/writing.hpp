#pragma once
// Fills a topic: many records under way at once, until all are acknowledged.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <utility>

#include "common/kafka/producer.hpp"

namespace hirewire::bench {

namespace asio = boost::asio;

// `Records` has size() and message(number).
template <typename Records>
class Writing {
    static constexpr int under_way = 512;

public:
    Writing(asio::io_context& context, kafka::Producer& producer, const Records& records)
        : context_{context}, producer_{producer}, records_{records} {}

    // Throws std::runtime_error when a record is not taken.
    void run() {
        for (int i = 0; i < under_way; ++i) {
            asio::co_spawn(context_, write_on(), [](std::exception_ptr failure) {
                if (failure) std::rethrow_exception(failure);
            });
        }
        context_.run();
    }

private:
    asio::awaitable<void> write_on() {
        while (next_ < records_.size()) {
            kafka::Message message = records_.message(next_++);
            const auto written = co_await producer_.write(std::move(message));
            if (!written) throw std::runtime_error{"a record was not written: " + written.error().message()};
            if (++written_ == records_.size()) context_.stop();
        }
    }

    asio::io_context& context_;
    kafka::Producer& producer_;
    const Records& records_;
    std::int64_t next_ = 0;
    std::int64_t written_ = 0;
};

}  // namespace hirewire::bench
