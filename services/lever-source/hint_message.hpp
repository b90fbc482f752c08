#pragma once
// lever.sweeps: "look at this opportunity", whoever says so.
#include <string>
#include <utility>

#include "common/core/time.hpp"
#include "common/kafka/record.hpp"
#include "hirewire/v1/hint.pb.h"

namespace hirewire::source {

inline const std::string sweeps_topic = "lever.sweeps";

inline kafka::Message hint_message(
    const v1::Hint& hint, std::string id, const std::string& account, Timestamp now, std::string traceparent = {}) {
    kafka::Message message;
    message.topic = sweeps_topic;
    message.key = hint.opportunity_id();
    message.value = hint.SerializeAsString();
    message.headers = kafka::cloud_event(
        std::move(id),
        "hirewire:" + account,
        "hirewire.hint." + (hint.attempt() > 0 ? std::string{"parked"} : hint.reason()),
        iso_time(now),
        "application/protobuf",
        std::move(traceparent));
    return message;
}

}  // namespace hirewire::source
