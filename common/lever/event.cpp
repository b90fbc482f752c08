#include "common/lever/event.hpp"

#include <array>

namespace hirewire::lever {
namespace {

struct Row {
    std::string_view event;
    std::string_view topic;
};

constexpr std::array<Row, 10> table{{
    {"candidateStageChange", "lever.stage-changes"},
    {"candidateHired", "lever.hires"},
    {"candidateArchiveChange", "lever.archives"},
    {"applicationCreated", "lever.applications"},
    {"candidateDeleted", "lever.deletions"},
    {"interviewCreated", "lever.interviews"},
    {"interviewUpdated", "lever.interviews"},
    {"interviewDeleted", "lever.interviews"},
    {"contactCreated", "lever.contacts"},
    {"contactUpdated", "lever.contacts"},
}};

const Row* row_of(std::string_view event) {
    for (const auto& row : table) {
        if (row.event == event) return &row;
    }
    return nullptr;
}

constexpr std::string_view contacts_topic = "lever.contacts";
constexpr std::size_t longest_token = 256;
constexpr std::size_t longest_event = 128;
constexpr std::size_t longest_id = 128;

std::string_view id_in(const json::Value& data, std::string_view member) {
    const auto id = data[member].string();
    return id.size() <= longest_id ? id : std::string_view{};
}

}  // namespace

Fault read_webhook(const json::Value& root, Webhook& webhook) {
    if (!root.is_object()) return {"not-an-object", "The body must be a JSON object."};
    const auto event = root["event"];
    const auto token = root["token"];
    const auto signature = root["signature"];
    const auto triggered_at = root["triggeredAt"];
    webhook.event = event.string();
    webhook.token = token.string();
    webhook.signature = signature.string();
    if (webhook.event.empty() || webhook.event.size() > longest_event) {
        return {"bad-event", "The member 'event' must be a text."};
    }
    if (!triggered_at.is_integer() || triggered_at.integer() < 0) {
        return {"bad-triggered-at", "The member 'triggeredAt' must be a whole number of milliseconds."};
    }
    if (webhook.token.empty() || webhook.token.size() > longest_token) {
        return {"bad-token", "The member 'token' must be a text."};
    }
    if (webhook.signature.empty()) return {"bad-signature", "The member 'signature' must be a text."};
    webhook.triggered_at = triggered_at.integer();
    const auto data = root["data"];
    webhook.has_data = data.is_object() && data.size() > 0;
    webhook.opportunity_id = id_in(data, "opportunityId");
    // Lever's candidateId is the opportunity's id, not the person's.
    if (webhook.opportunity_id.empty()) webhook.opportunity_id = id_in(data, "candidateId");
    webhook.contact_id = id_in(data, "contactId");
    return {};
}

std::string_view topic_of(std::string_view event) {
    const auto* row = row_of(event);
    return row != nullptr ? row->topic : "lever.unrecognized";
}

std::string_view label_of(std::string_view event) {
    const auto* row = row_of(event);
    return row != nullptr ? row->event : "unrecognized";
}

std::string_view key_of(const Webhook& webhook) {
    const bool about_contact = topic_of(webhook.event) == contacts_topic;
    if (about_contact && !webhook.contact_id.empty()) return webhook.contact_id;
    if (!about_contact && !webhook.opportunity_id.empty()) return webhook.opportunity_id;
    return webhook.token;
}

}  // namespace hirewire::lever
