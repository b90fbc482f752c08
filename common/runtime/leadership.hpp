#pragma once
// Of several processes of a service one is active: the one that holds the partition of hiring.runs. Others stand by.
// The members' names end with the time of their start, and the assignor goes by the names, so who leads is not
// unseated by who comes later.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>

#include "common/core/time.hpp"
#include "common/kafka/consumer.hpp"
#include "hirewire/v1/run.pb.h"

namespace hirewire::runtime {

class Leadership {
public:
    struct Listener {
        std::function<void()> gained{};
        std::function<void()> lost{};                 // somebody else leads
        std::function<void(const v1::Run&)> asked{};  // for a run, by an operator
        std::function<void(const v1::Run&)> heard{};  // whatever hiring.runs says; may be left out
    };
    // `group`, without the installation's prefix, is the consumer group of those among whom one leads.
    Leadership(
        boost::asio::any_io_executor executor,
        kafka::Settings kafka,
        const std::string& group,
        const Clock& clock,
        Listener listener);
    // Until stop().
    boost::asio::awaitable<void> run();
    boost::asio::awaitable<void> stop();
    [[nodiscard]] bool leads() const { return leads_; }

private:
    void take(const kafka::Event& event);

    Listener listener_;
    std::unique_ptr<kafka::Consumer> consumer_;
    bool leads_ = false;
    bool stopping_ = false;
    bool reading_ = false;
};

}  // namespace hirewire::runtime
