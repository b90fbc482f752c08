#include "services/sync-theorg/access.hpp"

#include <utility>

namespace hirewire::theorg {

sync::CourierSettings standard_courier() {
    sync::CourierSettings settings;
    settings.destination = "theorg";
    settings.requests_per_second = 10;
    return settings;
}

sync::Courier::Authorize authorize_with(std::string api_key) {
    return [api_key = std::move(api_key)](http::Request& request) {
        request.headers.push_back({"X-Api-Key", api_key});
    };
}

}  // namespace hirewire::theorg
