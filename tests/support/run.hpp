#pragma once
// Runs a coroutine to its end on a loop of its own and answers its result; what it throws is thrown again.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <utility>

namespace hirewire::testing {

template <typename T>
T finish(boost::asio::awaitable<T> work) {
    boost::asio::io_context context{1};
    auto result = boost::asio::co_spawn(context, std::move(work), boost::asio::use_future);
    context.run();
    return result.get();
}

}  // namespace hirewire::testing
