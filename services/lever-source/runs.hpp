#pragma once
// hiring.runs: what it says of lever-source's past, and how a step of a run is told there.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/core/time.hpp"
#include "common/kafka/producer.hpp"
#include "common/kafka/settings.hpp"
#include "hirewire/v1/run.pb.h"

namespace hirewire::source {

// Kinds of runs. A sweep, a walk and a re-reading of hires are reasons of hints, too.
inline constexpr std::string_view sweep_kind = "sweep";
inline constexpr std::string_view walk_kind = "walk";
inline constexpr std::string_view hires_kind = "hires";
inline constexpr std::string_view postings_kind = "postings";

struct RunsSoFar {
    std::int64_t covered_until_ms = 0;  // by a finished sweep or walk; 0 = there never was one
    std::int64_t walked_at_ms = 0;      // when the last finished walk began
    std::string walk_id{};              // of a walk that was broken off, with where it stood
    std::string walk_offset{};
    std::int64_t walk_began_ms = 0;
    std::int64_t hires_read_at_ms = 0;  // when the open hires were last read again
    std::int64_t listed_at_ms = 0;      // when the last complete listing of the postings began
    std::set<std::string> missed{};     // the known postings that it lacked
};
void add_run(RunsSoFar& so_far, const v1::Run& run);
// From hiring.runs. Blocks; throws std::runtime_error when Kafka does not answer.
RunsSoFar read_runs(const kafka::Settings& settings);

// The checkpoint of a finished listing of postings.
std::string missed_text(const std::set<std::string>& missed);

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

// Round after round of work with rests in between, which end early when somebody asks for a run, or at the end.
class Rounds {
public:
    explicit Rounds(const boost::asio::any_io_executor& executor) : woken_{executor} {}
    // Until stop(). What a round throws is logged as `failed`, and the next one comes soon.
    boost::asio::awaitable<void> run(
        std::function<boost::asio::awaitable<void>()> round, Milliseconds interval, std::string failed);
    void ask(v1::Run run);
    // One round may serve several who have asked.
    std::vector<v1::Run> take_asked() { return std::exchange(asked_, {}); }
    void stop();
    [[nodiscard]] bool stopping() const { return stopping_; }
    boost::asio::awaitable<void> rest(Milliseconds most);

private:
    boost::asio::steady_timer woken_;
    std::vector<v1::Run> asked_{};
    bool stopping_ = false;
};

}  // namespace hirewire::source
