#pragma once
// Reading a topic as a whole or from now on, outside any consumer group: to rebuild a memory, to check, to show.
// Blocking; for start-up, tools and tests.
#include <atomic>
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
    // Nothing that was written before this time, epoch ms. A broker that can't look up offsets by time is read whole.
    std::optional<std::int64_t> from_ms{};
    std::string key{};  // records with this key alone; the others are not even unpacked. "" = all
};

// Hands every record of the topic that is there now to `each`, partitions interleaved. Throws std::runtime_error when
// the broker does not answer.
void read_all(
    const Settings& settings,
    const std::string& topic,
    const std::function<void(const Record&)>& each,
    const ReadTerms& terms = {});

// As read_all(), of some partitions of any topics at once; a topic that is not there throws.
void read_parts(
    const Settings& settings,
    const std::vector<Partition>& parts,
    const std::function<void(const Record&)>& each,
    const ReadTerms& terms = {});

class Tail {
public:
    enum class From { beginning, end };
    // Throws std::runtime_error when a topic is not there, or the broker does not answer for ten seconds. From the
    // beginning, it gives up within half a second once another thread has set `gives_up`.
    // `from_ms`, from the beginning alone: where the broker can look up offsets by time, what was written before that
    // time is left out; elsewhere it comes as well.
    Tail(
        const Settings& settings,
        const std::vector<std::string>& topics,
        From from,
        const std::atomic<bool>* gives_up = nullptr,
        std::optional<std::int64_t> from_ms = {});
    ~Tail();
    // The next record, or nothing within `wait`.
    std::optional<Record> next(Milliseconds wait);
    // Whether the end of every partition has been reached once: all that was there at the start has been handed out.
    [[nodiscard]] bool caught_up() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hirewire::kafka
