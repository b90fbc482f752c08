#include "services/lever-source/open_hires.hpp"

#include <chrono>

#include "common/core/time.hpp"
#include "common/kafka/reader.hpp"

namespace hirewire::source {

bool open_hire(const v1::Change& last, std::int64_t now_ms) {
    constexpr std::chrono::hours longest{24 * 90};
    if (!last.hired() || last.mark().deleted() || last.mark().anonymized()) return false;
    if (now_ms - last.hired_at_ms() > Milliseconds{longest}.count()) return false;
    // Dates as text are in order. A start today may still be put off.
    return last.start_date().empty() || last.start_date() >= iso_date(from_ms(now_ms));
}

std::set<std::string> read_open_hires(const kafka::Settings& settings, std::int64_t now_ms) {
    std::set<std::string> open;
    const auto look = [&](const kafka::Record& record) {
        v1::Change last;
        const bool readable = record.value && last.ParseFromString(*record.value);
        if (readable && open_hire(last, now_ms)) {
            open.insert(record.key);
        } else {
            open.erase(record.key);
        }
    };
    kafka::read_all(settings, "hiring.opportunities", look);
    return open;
}

}  // namespace hirewire::source
