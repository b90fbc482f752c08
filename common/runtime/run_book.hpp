#pragma once
// hiring.runs as it is written: how a step of a run is told there. What a run does and when is its service's matter.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "common/core/time.hpp"
#include "common/kafka/producer.hpp"
#include "hirewire/v1/run.pb.h"

namespace hirewire::runtime {

using Counts = std::map<std::string, std::int64_t>;

class RunBook {
public:
    RunBook(std::string account, kafka::Producer& producer, const Clock& clock);
    // A run that begins now; not told yet.
    [[nodiscard]] v1::Run begin(std::string_view kind, std::string run_id = {}) const;
    // Answers the run as it was told. Throws std::runtime_error when hiring.runs cannot be written.
    boost::asio::awaitable<v1::Run> tell(v1::Run run, v1::RunState state, Counts counts);

private:
    std::string account_;
    kafka::Producer& producer_;
    const Clock& clock_;
};

}  // namespace hirewire::runtime
