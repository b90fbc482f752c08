#include "tools/hirewire/letter_reading.hpp"

#include <chrono>
#include <utility>

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
    auto books = read_books(settings, {destination}, [] {});
    return std::move(books.front());
}

std::vector<LetterBook> read_books(
    const kafka::Settings& settings,
    const std::vector<std::string>& destinations,
    const std::function<void()>& check) {
    std::vector<LetterBook> books;
    for (const auto& destination : destinations) {
        auto& book = books.emplace_back(destination);
        const auto add = [&](const kafka::Record& record) {
            check();
            book.add(read_letter(record));
        };
        kafka::read_all(settings, dead_letters_of(destination), add);
        book.close();
    }
    const auto oldest = oldest_of(books);
    if (!oldest) return books;
    kafka::ReadTerms since;
    since.from_ms = *oldest - slack.count();
    const auto hear = [&](const kafka::Record& record) {
        check();
        for (auto& book : books) book.hear(record);
    };
    kafka::read_all(settings, "sync.outcomes", hear, since);
    return books;
}

}  // namespace hirewire::cli
