#pragma once
// Round after round of work with rests in between, which end early when somebody asks for a run, or at the end.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/core/time.hpp"
#include "hirewire/v1/run.pb.h"

namespace hirewire::runtime {

class Rounds {
public:
    explicit Rounds(const boost::asio::any_io_executor& executor) : woken_{executor} {}
    // Until stop(). What a round throws is logged as `failed`, and the next one comes soon.
    boost::asio::awaitable<void> run(
        std::function<boost::asio::awaitable<void>()> round, Milliseconds interval, std::string failed);
    void ask(v1::Run run);
    // One round may serve several who have asked.
    std::vector<v1::Run> take_asked() { return std::exchange(asked_, {}); }
    // No rest before the next round.
    void wake();
    void stop();
    [[nodiscard]] bool stopping() const { return stopping_; }
    boost::asio::awaitable<void> rest(Milliseconds most);

private:
    boost::asio::steady_timer woken_;
    std::vector<v1::Run> asked_{};
    bool awake_ = false;
    bool stopping_ = false;
};

}  // namespace hirewire::runtime
