#pragma once
// The runs: every few hours, and when somebody asks. A run reads hiring.postings whole, decides what is to be told,
// tells it one by one, and reports the import. One at a time: who asks while one is under way is told of that one's
// end.
#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/time.hpp"
#include "common/kafka/producer.hpp"
#include "common/metrics/registry.hpp"
#include "common/runtime/rounds.hpp"
#include "common/runtime/run_book.hpp"
#include "common/sync/courier.hpp"
#include "services/sync-theorg/past.hpp"
#include "services/sync-theorg/rules.hpp"

namespace hirewire::theorg {

struct RunnerSettings {
    Settings rules{};
    std::string account = "main";
    Milliseconds run_interval{std::chrono::hours{6}};
    Milliseconds retry_interval{std::chrono::minutes{15}};  // after a run that weather or Kafka spoilt
    Milliseconds probe_interval{std::chrono::minutes{5}};   // while held
    Milliseconds deletion_alarm{std::chrono::hours{48}};
    Milliseconds look_interval{std::chrono::seconds{30}};  // at the clock
    bool sends = true;                                     // not in shadow mode; the courier knows, too
};

// What Kafka holds. Both block, and throw std::runtime_error when it does not answer.
struct Sources {
    std::function<Past()> past{};
    std::function<Postings()> postings{};
};

class Runner {
public:
    Runner(
        const boost::asio::any_io_executor& executor,
        RunnerSettings settings,
        Sources sources,
        sync::Courier& courier,
        runtime::RunBook& book,
        kafka::Producer& producer,
        const Clock& clock,
        metrics::Registry& metrics);
    ~Runner();
    // Until stop(). To be spawned once.
    boost::asio::awaitable<void> run();
    // What hiring.runs says from now on: requests for runs, and how Lever's postings were listed.
    void hear(const v1::Run& run);
    void use(RunnerSettings settings);
    // Ends a hold.
    void release();
    // By the operator's word: no run begins until resume().
    void suspend() { suspended_ = true; }
    void resume();
    void stop();
    [[nodiscard]] bool taken_over() const { return taken_over_; }
    [[nodiscard]] bool held() const { return held_; }
    // For gauges that are computed.
    void refresh_metrics() const;

private:
    // One run, from its beginning to its end.
    struct Course {
        v1::Run run{};
        Settings rules{};
        Decision decision{};
        Tally tally{};
        std::string trouble{};       // why the run is not complete
        std::string first_reason{};  // why the first of the jobs that were not told was not
        std::int64_t told = 0;       // jobs that were put or deleted
        int steps = 0;
        bool over = false;           // no more jobs are told
        bool held = false;           // not even the import is reported
        bool weather = false;        // what went wrong may be right soon
        bool overtaken = false;      // The Org knows a newer run's state
        bool interrupted = false;    // what was decided may not hold any more: it is decided anew
        Milliseconds not_before{0};  // the next one, as The Org wishes
        int unanswered = 0;          // jobs in a row that could not be told
        std::string doubted{};       // the last job, when it was answered so that it may be about all
        // Of what is told: a later decision of the run is newer, and the next run is newer than all of them.
        [[nodiscard]] std::int64_t version() const { return run.began_ms() + std::max(0, decisions - 1); }
        int decisions = 0;
        // Over all decisions of the run:
        std::set<std::string> upserted{};  // jobs that were put and are to stay
        std::set<std::string> failed{};    // change ids that could not be told; once a run is enough
    };

    boost::asio::awaitable<void> round();
    boost::asio::awaitable<void> take_over();
    [[nodiscard]] bool is_due(std::int64_t now_ms) const;
    boost::asio::awaitable<void> do_run();
    boost::asio::awaitable<void> carry_out(Course& course);
    boost::asio::awaitable<void> decide_and_tell(Course& course);
    void begin_tally(Course& course) const;
    boost::asio::awaitable<void> tell_jobs(Course& course);
    boost::asio::awaitable<void> report_unfit(Course& course);
    void end_tally(Course& course) const;
    boost::asio::awaitable<sync::Delivered> deliver(sync::Parcel parcel);
    boost::asio::awaitable<void> tell_delete(Course& course, std::string id);
    boost::asio::awaitable<void> tell_put(Course& course, Put put);
    boost::asio::awaitable<void> tell_import(Course& course);
    // Says so in hiring.runs from time to time, for who waits for the end.
    boost::asio::awaitable<void> tell_progress(Course& course);
    // Whether The Org has it now. Reports what came of it, unless it was never sent.
    boost::asio::awaitable<bool> settle(
        Course& course, std::string id, std::string change_id, std::int64_t since_ms, sync::Delivered delivered);
    // Throws std::runtime_error when sync.outcomes cannot be written.
    boost::asio::awaitable<void> report(v1::Outcome outcome);
    // The jobs, unless hiring.runs has them so.
    boost::asio::awaitable<void> remember();
    boost::asio::awaitable<void> tell_ends();
    void show(const Course& course) const;
    void conclude(Course& course);
    void watch_deletions(std::int64_t now_ms);
    [[nodiscard]] bool somebody_insists(std::int64_t now_ms) const;

    RunnerSettings settings_;
    Sources sources_;
    sync::Courier& courier_;
    runtime::RunBook& book_;
    kafka::Producer& producer_;
    const Clock& clock_;
    metrics::Registry& metrics_;
    metrics::Gauge held_gauge_;
    metrics::Gauge bulk_deletion_;
    metrics::Gauge deletion_owed_;
    runtime::Rounds rounds_;
    Past past_{};
    std::vector<v1::Run> heard_{};  // before the past was read
    std::string remembered_{};      // the jobs, as hiring.runs has them
    std::vector<v1::Run> ends_{};   // runs that have ended and are not told so yet
    std::int64_t next_ms_ = 0;
    std::int64_t not_before_ms_ = 0;
    bool taken_over_ = false;
    bool held_ = false;
    bool suspended_ = false;
    bool overdue_said_ = false;
    boost::asio::thread_pool reading_{1};  // reading Kafka whole blocks
};

}  // namespace hirewire::theorg
