#pragma once
// Runs a coroutine to its end on a loop of its own and answers its result; what it throws is thrown again.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <utility>

namespace hirewire::testing {

// On a loop that others have work on, too; all of it is done then.
template <typename T>
T finish(boost::asio::io_context& context, boost::asio::awaitable<T> work) {
    auto result = boost::asio::co_spawn(context, std::move(work), boost::asio::use_future);
    context.restart();
    context.run();
    return result.get();
}

template <typename T>
T finish(boost::asio::awaitable<T> work) {
    boost::asio::io_context context{1};
    return finish(context, std::move(work));
}

}  // namespace hirewire::testing
