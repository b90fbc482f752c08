#pragma once
// Hires whose start date may still change: it lies ahead, or there is none yet, up to ninety days after the hire.
// Lever announces no offer, so these are read again every day.
#include <cstdint>
#include <set>
#include <string>

#include "common/kafka/settings.hpp"
#include "hirewire/v1/change.pb.h"

namespace hirewire::source {

bool open_hire(const v1::Change& last, std::int64_t now_ms);

// Ids of their opportunities, from hiring.opportunities. Blocks; throws std::runtime_error when Kafka does not
// answer.
std::set<std::string> read_open_hires(const kafka::Settings& settings, std::int64_t now_ms);

}  // namespace hirewire::source
