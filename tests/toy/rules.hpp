#pragma once
// A destination as small as one can be: the status of an opportunity, put. It shows what a sixth one costs, and is
// held to all that the five are held to (tests/contract). Its daemon is built, and never installed.
#include <memory>

#include "common/sync/destination.hpp"

namespace hirewire::toy {

std::unique_ptr<sync::Destination> make_destination();

}  // namespace hirewire::toy
