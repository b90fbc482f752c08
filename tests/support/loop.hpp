#pragma once
// A loop for real neighbours, whose connections keep it busy for ever: it runs only while something is waited for.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <utility>

#include "common/core/time.hpp"

namespace hirewire::testing {

class Loop {
public:
    boost::asio::io_context context{1};

    // Runs a coroutine to its end.
    template <typename T>
    T wait(boost::asio::awaitable<T> work) {
        auto result = boost::asio::co_spawn(context, std::move(work), boost::asio::use_future);
        until("a call", [&] { return result.wait_for(std::chrono::seconds{0}) == std::future_status::ready; });
        return result.get();
    }

    // Throws when `done` stays false for too long.
    void until(
        const std::string& what, const std::function<bool()>& done, Milliseconds patience = Milliseconds{60'000}) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (!done()) {
            if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("not in time: " + what);
            if (context.stopped()) context.restart();
            context.run_one_for(Milliseconds{20});
        }
    }
};

}  // namespace hirewire::testing
