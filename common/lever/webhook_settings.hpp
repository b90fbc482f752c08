#pragma once
// The section [lever.webhooks]: for lever-source, which watches over it, and the command line, which makes it so.
#include "common/config/schema.hpp"
#include "common/lever/subscription.hpp"

namespace hirewire::lever {

void declare_webhooks(config::Schema& schema, Expected& expected);

}  // namespace hirewire::lever
