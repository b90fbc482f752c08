#pragma once
// How The Org is reached: the name and the pace of its courier, and its API key.
#include <string>

#include "common/sync/courier.hpp"

namespace hirewire::theorg {

// Ten requests a second of the fifteen that it takes.
sync::CourierSettings standard_courier();
// Puts the API key on a request.
sync::Courier::Authorize authorize_with(std::string api_key);

}  // namespace hirewire::theorg
