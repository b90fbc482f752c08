#pragma once
// The seam to writing Kafka: a record is there when the broker has said so (acks=all, idempotent), not before.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>

#include "common/core/result.hpp"
#include "common/core/time.hpp"
#include "common/kafka/record.hpp"
#include "common/kafka/settings.hpp"

namespace hirewire::kafka {

enum class Errc {
    not_acknowledged = 1,  // the broker did not say in time that it has the record; it may have it
    queue_full,            // too much is under way in this process; certainly not written
    refused,               // the broker or the client refuses this record; repeating cannot help
    unavailable,           // no broker answers
};
Error make_error_code(Errc e);

struct Written {
    std::int32_t partition = 0;
    Offset offset = 0;
};

class Producer {
public:
    virtual ~Producer() = default;
    // Topics are named without the installation's prefix.
    virtual boost::asio::awaitable<Result<Written>> write(Message message) = 0;
    // Whether the last thing heard of the brokers was good, for /readyz.
    [[nodiscard]] virtual bool healthy() const = 0;
};

// One a thread: a shared one costs a third of the throughput. librdkafka behind, its reports arriving on the
// executor.
std::unique_ptr<Producer> make_producer(boost::asio::any_io_executor executor, const Settings& settings);

}  // namespace hirewire::kafka

template <>
struct boost::system::is_error_code_enum<hirewire::kafka::Errc> : std::true_type {};
