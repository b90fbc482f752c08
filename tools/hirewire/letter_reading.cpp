#include "tools/hirewire/letter_reading.hpp"

#include <chrono>

#include "common/core/time.hpp"
#include "common/kafka/reader.hpp"

namespace hirewire::cli {
namespace {

// The clocks of those who write letters and outcomes may differ by so much.
constexpr Milliseconds slack{std::chrono::minutes{10}};

}  // namespace

std::string dead_letters_of(const std::string& destination) {
    return "sync." + destination + ".dlq";
}

LetterBook read_book(const kafka::Settings& settings, const std::string& destination) {
    LetterBook book{destination};
    const auto add = [&book](const kafka::Record& record) { book.add(read_letter(record)); };
    kafka::read_all(settings, dead_letters_of(destination), add);
    book.close();
    if (book.size() == 0) return book;
    kafka::ReadTerms since;
    since.from_ms = book.oldest_ms() - slack.count();
    const auto hear = [&book](const kafka::Record& record) { book.hear(record); };
    kafka::read_all(settings, "sync.outcomes", hear, since);
    return book;
}

}  // namespace hirewire::cli
