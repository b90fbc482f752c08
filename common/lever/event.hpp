#pragma once
// Lever's webhooks as values (sections 1 and 2 of Lever's webhook documentation, as integrations in production read
// it). Pure: bytes in, values out.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/json/value.hpp"

namespace hirewire::lever {

// The envelope and the ids of the data. Views into the parsed text. Only `token` and `triggered_at` are covered by
// the signature: everything else is a hint.
struct Webhook {
    std::string_view event{};
    std::string_view token{};
    std::string_view signature{};
    std::int64_t triggered_at = 0;  // epoch ms
    std::string_view opportunity_id{};
    std::string_view contact_id{};
    bool has_data = false;
};

// What is missing or of the wrong type, as one word for programs and a sentence for people; empty code when fine.
struct Fault {
    std::string_view code{};
    std::string_view detail{};
};

Fault read_webhook(const json::Value& root, Webhook& webhook);

// The raw topic that an event goes to; events unknown to us go to lever.unrecognized.
std::string_view topic_of(std::string_view event);
// `event` when it is one of Lever's ten, else "unrecognized": a closed set for labels.
std::string_view label_of(std::string_view event);
// The record's key: what must stay in order.
std::string_view key_of(const Webhook& webhook);

}  // namespace hirewire::lever
