#include "common/runtime/rounds.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "common/log/log.hpp"

namespace hirewire::runtime {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds after_failure{15'000};

}  // namespace

asio::awaitable<void> Rounds::run(
    std::function<asio::awaitable<void>()> round, Milliseconds interval, std::string failed) {
    while (!stopping_) {
        std::string failure;
        try {
            co_await round();
        } catch (const std::exception& e) {
            failure = e.what();
        }
        if (stopping_) break;
        if (!failure.empty()) log::warning(failed, {{"reason", failure}});
        co_await rest(failure.empty() ? interval : std::min(interval, after_failure));
    }
}

asio::awaitable<void> Rounds::rest(Milliseconds most) {
    if (std::exchange(awake_, false) || stopping_ || !asked_.empty()) co_return;
    woken_.expires_after(most);
    boost::system::error_code ignored;
    co_await woken_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    awake_ = false;
}

void Rounds::ask(v1::Run run) {
    asked_.push_back(std::move(run));
    woken_.cancel();
}

void Rounds::wake() {
    awake_ = true;
    woken_.cancel();
}

void Rounds::stop() {
    stopping_ = true;
    woken_.cancel();
}

}  // namespace hirewire::runtime
