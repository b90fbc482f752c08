#pragma once
// The letter book of a destination, read from Kafka. Blocking.
#include <string>

#include "common/kafka/settings.hpp"
#include "tools/hirewire/letter_book.hpp"

namespace hirewire::cli {

std::string dead_letters_of(const std::string& destination);  // the topic

// Reads all letters, and the outcomes since the oldest of them. Throws std::runtime_error when Kafka does not answer.
LetterBook read_book(const kafka::Settings& settings, const std::string& destination);

}  // namespace hirewire::cli
