#include "tools/hirewire/webhook_table.hpp"

#include <set>
#include <utility>

namespace hirewire::cli {
namespace {

constexpr std::size_t longest = 48;

std::string url_of(const std::string& id, const std::vector<lever::Subscription>& found) {
    for (const auto& subscription : found) {
        if (subscription.id == id) return subscription.url;
    }
    return {};
}

}  // namespace

std::vector<WebhookRow> rows_of(const lever::Expected& expected, const std::vector<lever::Subscription>& found) {
    std::vector<WebhookRow> rows;
    std::set<std::string> shown;
    for (const auto& finding : lever::audit(expected, found)) {
        WebhookRow row;
        row.event = finding.event;
        row.state = lever::name_of(finding.standing);
        row.ids = finding.ids;
        if (!finding.ids.empty()) row.url = url_of(finding.ids.front(), found);
        shown.insert(finding.ids.begin(), finding.ids.end());
        rows.push_back(std::move(row));
    }
    for (const auto& subscription : found) {
        if (shown.contains(subscription.id)) continue;
        const bool our_address = !expected.url.empty() && lever::same_url(subscription.url, expected.url);
        WebhookRow row;
        row.event = subscription.event;
        row.url = subscription.url;
        row.state = our_address ? "extra" : "not ours";
        row.ids.push_back(subscription.id);
        rows.push_back(std::move(row));
    }
    return rows;
}

std::string short_url(const std::string& url) {
    const auto scheme = url.find("://");
    std::string text = scheme == std::string::npos ? url : url.substr(scheme + 3);
    if (text.size() > longest) text = text.substr(0, longest - 3) + "...";
    return text;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

}  // namespace hirewire::cli
