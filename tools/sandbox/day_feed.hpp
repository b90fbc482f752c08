#pragma once
// What Hirewire's topics say while the day is played: changes that were emitted, what destinations made of them, and
// how runs ended.
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
    std::string resource{};  // of a posting's news: its id
    std::string destination{};
    std::string outcome{};  // in words: applied, needs merge
    bool final = true;      // nothing more will come of it by itself
    std::int64_t latency_ms = 0;
    std::int64_t decided_at = 0;
};

struct Ended {
    std::string run_id{};
    bool finished = true;  // or it failed
};

using Notice = std::variant<Emitted, Decided, Ended>;

class Feed {
public:
    // From now on. Throws std::runtime_error when the broker does not answer or a topic is not there.
    explicit Feed(const kafka::Settings& settings);
    // The next one, or nothing within `wait`.
    std::optional<Notice> next(Milliseconds wait);

private:
    kafka::Tail tail_;
};

}  // namespace hirewire::sandbox
