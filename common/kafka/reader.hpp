#pragma once
// Reading a topic as a whole or from now on, outside any consumer group: to rebuild a memory, to check, to show.
// Blocking; for start-up, tools and tests.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/kafka/record.hpp"
#include "common/kafka/settings.hpp"

namespace hirewire::kafka {

struct ReadTerms {
    Milliseconds patience{30'000};            // with a broker that says nothing
    std::optional<std::int32_t> partition{};  // this one alone
    std::optional<std::int64_t> last{};       // of each partition no more than so many offsets before its end
};

// Hands every record of the topic that is there now to `each`, partitions interleaved. Throws std::runtime_error when
// the broker does not answer.
void read_all(
    const Settings& settings,
    const std::string& topic,
    const std::function<void(const Record&)>& each,
    const ReadTerms& terms = {});

class Tail {
public:
    enum class From { beginning, end };
    // Throws std::runtime_error when a topic is not there.
    Tail(const Settings& settings, const std::vector<std::string>& topics, From from);
    ~Tail();
    // The next record, or nothing within `wait`.
    std::optional<Record> next(Milliseconds wait);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hirewire::kafka
