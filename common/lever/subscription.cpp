#include "common/lever/subscription.hpp"

#include <set>
#include <utility>

#include "common/lever/event.hpp"

namespace hirewire::lever {
namespace {

std::string_view without_slash(std::string_view url) {
    if (url.ends_with('/')) url.remove_suffix(1);
    return url;
}

Finding finding_of(const std::string& event, const std::string& url, const std::vector<Subscription>& found) {
    std::vector<std::string> ours;
    std::vector<std::string> others;
    for (const auto& subscription : found) {
        if (subscription.event != event) continue;
        auto& ids = same_url(subscription.url, url) ? ours : others;
        ids.push_back(subscription.id);
    }
    Finding finding;
    finding.event = event;
    if (!ours.empty()) {
        finding.standing = ours.size() == 1 ? Standing::ok : Standing::doubled;
        finding.ids = std::move(ours);
    } else if (!others.empty()) {
        finding.standing = Standing::elsewhere;
        finding.ids = std::move(others);
    }
    return finding;
}

}  // namespace

std::optional<Subscription> read_subscription(const json::Value& data) {
    Subscription s;
    s.id = data["id"].string();
    s.event = data["event"].string();
    s.url = data["url"].string();
    if (s.id.empty() || s.event.empty() || s.url.empty()) return std::nullopt;
    const auto conditions = data["configuration"]["conditions"];
    if (conditions.is_object()) s.conditions = conditions.text();
    return s;
}

std::vector<std::string> default_events() {
    return {
        "applicationCreated",
        "candidateStageChange",
        "candidateArchiveChange",
        "candidateHired",
        "candidateDeleted",
        "contactUpdated"};
}

std::string fault_of(const Expected& expected) {
    for (const auto& event : expected.events) {
        if (topic_of(event) == "lever.unrecognized") {
            return "lever.webhooks.events: Lever has no event '" + event +
                   "'. Its events are named like candidateHired.";
        }
    }
    return {};
}

std::string_view name_of(Standing standing) {
    switch (standing) {
        case Standing::ok:
            return "ok";
        case Standing::missing:
            return "missing";
        case Standing::doubled:
            return "doubled";
        case Standing::elsewhere:
            return "elsewhere";
    }
    return "unknown";
}

std::vector<Finding> audit(const Expected& expected, const std::vector<Subscription>& found) {
    std::vector<Finding> findings;
    if (expected.url.empty()) return findings;
    std::set<std::string> seen;
    for (const auto& event : expected.events) {
        if (seen.insert(event).second) findings.push_back(finding_of(event, expected.url, found));
    }
    return findings;
}

bool same_url(std::string_view a, std::string_view b) {
    return without_slash(a) == without_slash(b);
}

}  // namespace hirewire::lever
