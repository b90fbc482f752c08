#pragma once
// What Hirewire's topics say while the day is played: changes that were emitted, and what destinations made of them.
#include <optional>
#include <string>
#include <variant>

#include "common/kafka/reader.hpp"

namespace hirewire::sandbox {

struct Emitted {
    std::string change_id{};
    std::string opportunity{};
    std::string kind{};  // as Step::kind
    std::int64_t occurred_at = 0;
};

struct Decided {
    std::string change_id{};
    std::string destination{};
    std::string outcome{};  // in words: applied, needs merge
    bool final = true;      // nothing more will come of it by itself
    std::int64_t latency_ms = 0;
};

class Feed {
public:
    // From now on. Throws std::runtime_error when the broker does not answer or a topic is not there.
    explicit Feed(const kafka::Settings& settings);
    // The next one, or nothing within `wait`.
    std::optional<std::variant<Emitted, Decided>> next(Milliseconds wait);

private:
    kafka::Tail tail_;
};

}  // namespace hirewire::sandbox
