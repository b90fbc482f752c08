#pragma once
// Expected failures of I/O travel as values: Result<T> is a T or an error code whose message is one sentence.
// Decisions are not errors (they are variants), and broken invariants are exceptions to main().
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

namespace hirewire {

using Error = boost::system::error_code;

template <typename T>
using Result = boost::system::result<T>;

}  // namespace hirewire
