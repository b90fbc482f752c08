#pragma once
// Blocking work on a thread of its own; the coroutine that asks goes on where it was.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>

namespace hirewire {

// What `work` throws is thrown here. Whoever owns the pool outlives the caller.
template <typename T>
boost::asio::awaitable<T> offload(boost::asio::thread_pool& pool, std::function<T()> work) {
    const auto call = [](std::function<T()> blocking) -> boost::asio::awaitable<T> { co_return blocking(); };
    auto calling = call(std::move(work));
    co_return co_await boost::asio::co_spawn(pool, std::move(calling), boost::asio::use_awaitable);
}

}  // namespace hirewire
