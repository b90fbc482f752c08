#include "tests/support/topic_log.hpp"

#include <algorithm>

namespace hirewire::testing {
namespace {

bool holds(const kafka::Record& record, std::string_view text) {
    return record.value && record.value->find(text) != std::string::npos;
}

}  // namespace

TopicLog::TopicLog(const kafka::Settings& settings, const std::vector<std::string>& topics)
    : tail_{settings, topics, kafka::Tail::From::beginning} {}

std::optional<kafka::Record> TopicLog::find(std::string_view text, Milliseconds patience) {
    const auto known =
        std::find_if(records_.begin(), records_.end(), [&](const auto& record) { return holds(record, text); });
    if (known != records_.end()) return *known;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < deadline) {
        auto record = tail_.next(Milliseconds{200});
        if (!record) continue;
        records_.push_back(std::move(*record));
        if (holds(records_.back(), text)) return records_.back();
    }
    return std::nullopt;
}

std::size_t TopicLog::count(std::string_view text) {
    const auto& records = all();
    return static_cast<std::size_t>(
        std::count_if(records.begin(), records.end(), [&](const auto& record) { return holds(record, text); }));
}

const std::vector<kafka::Record>& TopicLog::all(Milliseconds quiet) {
    while (auto record = tail_.next(quiet)) records_.push_back(std::move(*record));
    return records_;
}

}  // namespace hirewire::testing
