#pragma once
// A record of any of our topics, decoded by its topic: as a line for people, as JSON for programs. Pure.
#include <string>

#include "common/kafka/record.hpp"

namespace hirewire::cli {

// The value as JSON: Lever's own in one line, everything else from Protobuf; null for a tombstone. What cannot be
// decoded, or is of a topic that we do not know, is {"undecoded":true,"bytes":N}. A description is cut.
std::string value_json_of(const kafka::Record& record);

// "2026-03-02T15:04:05.123Z  3/1042  KEY  VALUE", whole: what matters may be at its end. What could steer a terminal
// is shown as "?".
std::string tail_line_of(const kafka::Record& record);
// One object in one line: topic, partition, offset, time, key, headers, value.
std::string tail_json_of(const kafka::Record& record);

}  // namespace hirewire::cli
