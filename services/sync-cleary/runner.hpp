#pragma once
// The runs of sync-cleary, one at a time: each day at its time, and when somebody asks. A run compares every standing
// hire with what Cleary has, by a replay that the ledger does not cut short, and reports what came of it. Who asks
// while one is under way gets that one's end under the id of the request.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "common/core/time.hpp"
#include "common/metrics/registry.hpp"
#include "common/runtime/rounds.hpp"
#include "common/runtime/run_book.hpp"
#include "common/sync/replay_terms.hpp"
#include "services/sync-cleary/agenda.hpp"
#include "services/sync-cleary/report.hpp"
#include "services/sync-cleary/rules.hpp"

namespace hirewire::cleary {

// What a run works with.
struct RunMeans {
    using Tell = std::function<boost::asio::awaitable<void>(sync::ReplayProgress)>;

    std::string account = "main";
    // Both block, and throw std::runtime_error when Kafka does not answer.
    std::function<Hires()> hires{};
    std::function<Endings(const std::string&)> endings{};  // of the run of this id
    // As sync::Replay has them.
    std::function<boost::asio::awaitable<sync::ReplayProgress>(sync::ReplayTerms, Tell)> replay{};
    std::function<void()> stop_replay{};
    Milliseconds look_interval{std::chrono::seconds{30}};  // at the clock
    Milliseconds tell_interval{std::chrono::seconds{5}};   // how far a run has come
    Milliseconds retry_interval{std::chrono::minutes{1}};  // after Kafka failed in the middle of a run
};

class Runner {
public:
    // `settings` outlive it and may change between two runs.
    Runner(
        const boost::asio::any_io_executor& executor,
        const Settings& settings,
        RunMeans means,
        Agenda agenda,
        runtime::RunBook& book,
        const Clock& clock,
        metrics::Registry& metrics);
    ~Runner();
    // Until stop(). To be spawned once.
    boost::asio::awaitable<void> run();
    void hear(const v1::Run& run);
    // Changed settings may make a run due.
    void look_again() { rounds_.wake(); }
    void stop();

private:
    // One run, from its beginning to its end.
    struct Course {
        v1::Run run{};
        Selection selection{};
        std::int64_t unhired = 0;
        Days days{};
        std::set<std::string> told_to_wait{};  // who joined it and has been told so
        Instant told{};                        // when it was last told how far it has come
    };

    boost::asio::awaitable<void> round();
    boost::asio::awaitable<void> do_run(v1::Run next);
    boost::asio::awaitable<void> carry_out(Course& course);
    boost::asio::awaitable<void> read(Course& course);
    boost::asio::awaitable<void> tell_progress(Course& course, sync::ReplayProgress progress);
    boost::asio::awaitable<void> conclude(Course& course, sync::ReplayProgress progress);
    // In hiring.runs, and on our own agenda before it is heard from there.
    boost::asio::awaitable<void> tell(v1::Run run, v1::RunState state, runtime::Counts counts);
    // Who waits for the end of another run than their own.
    [[nodiscard]] std::vector<v1::Run> joiners(const Course& course) const;

    const Settings& settings_;
    RunMeans means_;
    Agenda agenda_;
    runtime::RunBook& book_;
    const Clock& clock_;
    metrics::Counter complete_;
    runtime::Rounds rounds_;
    std::string current_{};  // the id of the run that is under way
    Instant not_before_{};
    boost::asio::thread_pool reading_{1};  // reading Kafka whole blocks
};

}  // namespace hirewire::cleary
