#include "tools/sandbox/subscriptions.hpp"

#include <algorithm>
#include <array>

#include "common/core/uuid.hpp"
#include "tools/sandbox/lever_json.hpp"

namespace hirewire::sandbox {
namespace {

constexpr std::array<std::string_view, 10> lever_events{
    "applicationCreated",
    "candidateHired",
    "candidateStageChange",
    "candidateArchiveChange",
    "candidateDeleted",
    "interviewCreated",
    "interviewUpdated",
    "interviewDeleted",
    "contactCreated",
    "contactUpdated"};

constexpr std::array<EventKind, 6> sent_events{
    EventKind::application_created,
    EventKind::stage_change,
    EventKind::archive_change,
    EventKind::hired,
    EventKind::deleted,
    EventKind::contact_updated};

}  // namespace

bool is_webhook_event(std::string_view name) {
    return std::find(lever_events.begin(), lever_events.end(), name) != lever_events.end();
}

std::vector<std::string> all_origins() {
    return std::vector<std::string>(lever_origins.begin(), lever_origins.end());
}

bool wants(const Subscription& subscription, const Event& event) {
    if (subscription.event != name_of(event.kind)) return false;
    const auto& origins = subscription.origins;
    return event.origin.empty() || std::find(origins.begin(), origins.end(), event.origin) != origins.end();
}

const Subscription* Subscriptions::find(std::string_view id) const {
    const auto found = std::find_if(all_.begin(), all_.end(), [&](const Subscription& s) { return s.id == id; });
    return found != all_.end() ? &*found : nullptr;
}

const Subscription& Subscriptions::add(Subscription fresh, Moment now) {
    if (fresh.id.empty()) fresh.id = random_uuid();
    fresh.created_at = fresh.updated_at = now;
    all_.push_back(std::move(fresh));
    return all_.back();
}

void Subscriptions::change(Subscription changed, Moment now) {
    for (auto& subscription : all_) {
        if (subscription.id != changed.id) continue;
        subscription = std::move(changed);
        subscription.updated_at = now;
        return;
    }
}

bool Subscriptions::remove(std::string_view id) {
    return std::erase_if(all_, [&](const Subscription& s) { return s.id == id; }) > 0;
}

Subscriptions everything_to(const std::string& url, const std::string& signature_token, Moment now) {
    Subscriptions subscriptions;
    for (const auto kind : sent_events) {
        const std::string event{name_of(kind)};
        Subscription subscription{
            .id = uuid_v5({"sandbox", "webhook", event}),
            .event = event,
            .url = url,
            .origins = all_origins(),
            .signature_token = signature_token};
        subscriptions.add(std::move(subscription), now);
    }
    return subscriptions;
}

}  // namespace hirewire::sandbox
