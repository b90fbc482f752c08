#pragma once
// hirewire webhooks list|register|verify: Lever's subscriptions, as [lever.webhooks] expects them. Never shows a
// token.
#include <string>
#include <vector>

namespace hirewire::cli {

struct WebhooksCommand {
    std::string config_file{};
    std::string key_variable{};  // empty = LEVER_WEBHOOKS_KEY, else the configured key
    bool as_json = false;
    // register:
    std::vector<std::string> events{};  // empty = all that are expected
    std::vector<int> receiver_pids{};   // to be told of new tokens, and then verified
    bool dry_run = false;
};

// Each answers the exit code and throws config::Error or std::runtime_error with one sentence.
int list_webhooks(const WebhooksCommand& command);      // 1: not all that are expected are ok
int register_webhooks(const WebhooksCommand& command);  // 1: one could not be registered, or not verified
int verify_webhooks(const WebhooksCommand& command);    // 1: a connection test failed, or one is missing

}  // namespace hirewire::cli
