#pragma once
// A pause inside a coroutine. Answers early, without an error, when the coroutine is cancelled.
#include <boost/asio/awaitable.hpp>

#include "common/core/time.hpp"

namespace hirewire {

boost::asio::awaitable<void> sleep_for(Milliseconds duration);

}  // namespace hirewire
