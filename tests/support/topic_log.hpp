#pragma once
// All that was ever written to some topics, read from their beginning: for looking a record up, and for scanning raw
// bytes.
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/time.hpp"
#include "common/kafka/reader.hpp"

namespace hirewire::testing {

class TopicLog {
public:
    TopicLog(const kafka::Settings& settings, const std::vector<std::string>& topics);

    // The first record whose value holds `text`, or nothing within `patience`.
    std::optional<kafka::Record> find(std::string_view text, Milliseconds patience = Milliseconds{15'000});
    // How many hold it once nothing new has come for a while.
    std::size_t count(std::string_view text);
    // Reads until nothing new has come for `quiet`.
    const std::vector<kafka::Record>& all(Milliseconds quiet = Milliseconds{1'500});

private:
    kafka::Tail tail_;
    std::vector<kafka::Record> records_;
};

}  // namespace hirewire::testing
