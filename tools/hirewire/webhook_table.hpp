#pragma once
// What hirewire webhooks list shows. Pure.
#include <string>
#include <vector>

#include "common/lever/subscription.hpp"

namespace hirewire::cli {

struct WebhookRow {
    std::string event{};
    std::string url{};    // empty when it is missing
    std::string state{};  // of a finding; or "extra" (our address, not expected), or "not ours"
    std::vector<std::string> ids{};
};

// The expected ones, then whatever else Lever has.
std::vector<WebhookRow> rows_of(const lever::Expected& expected, const std::vector<lever::Subscription>& found);
// Host and path, not longer than a column of a table.
std::string short_url(const std::string& url);
std::string joined(const std::vector<std::string>& words);

}  // namespace hirewire::cli
