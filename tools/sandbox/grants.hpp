#pragma once
// What the API key may see. The real ones are chosen when a key is made, the confidential one for good.
#include <string_view>

#include "common/http/message.hpp"

namespace hirewire::sandbox {

struct Grants {
    bool confidential = true;
    bool offers = true;
    bool postings = true;
    bool webhooks = true;
    bool deleted = true;
};

// The grant that a request under /v1 needs, whatever it finds, and that the key lacks; "" when none.
std::string_view lacking(const Grants& grants, std::string_view target);
http::Reply forbidden(std::string_view grant);

}  // namespace hirewire::sandbox
