#pragma once
// What hirewire webhooks needs of the installation's configuration. Of [lever] and [receiver] it reads where the
// secrets are, and not the secrets: the operator has not all that the services have.
#include <string>

#include "common/lever/api.hpp"
#include "common/lever/subscription.hpp"

namespace hirewire::cli {

struct WebhookConfig {
    lever::Expected expected{};
    std::string base_url = lever::ApiSettings{}.base_url;
    std::string key{};
    std::string tokens_file{};      // where the receiver's signature tokens are,
    std::string tokens_variable{};  // when there is no file
};

// `key_variable` names the variable with Lever's key. When it is empty: LEVER_WEBHOOKS_KEY, if that is set, else
// what [lever] says. Throws config::Error.
WebhookConfig read_webhook_config(const std::string& file, const std::string& key_variable);

}  // namespace hirewire::cli
