#pragma once
// The letter books of destinations, read from Kafka. Blocking.
#include <functional>
#include <string>
#include <vector>

#include "common/kafka/settings.hpp"
#include "tools/hirewire/letter_book.hpp"

namespace hirewire::cli {

std::string dead_letters_of(const std::string& destination);  // the topic

// Reads all letters, and the outcomes since the oldest of them. Throws std::runtime_error when Kafka does not answer.
LetterBook read_book(const kafka::Settings& settings, const std::string& destination);
// As read_book() of each, in their order, with one reading of the outcomes for all of them. `check` is called at
// every record, and what it throws ends the reading.
std::vector<LetterBook> read_books(
    const kafka::Settings& settings,
    const std::vector<std::string>& destinations,
    const std::function<void()>& check);

}  // namespace hirewire::cli
