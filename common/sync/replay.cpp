#include "common/sync/replay.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cmath>
#include <exception>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include "common/core/offload.hpp"
#include "common/json/value.hpp"
#include "common/json/writer.hpp"
#include "common/kafka/reader.hpp"
#include "common/sync/batch.hpp"
#include "common/sync/posting_change.hpp"

namespace hirewire::sync {
namespace {

namespace asio = boost::asio;

// Written and not answered: enough to keep a destination busy, few enough for a pause or an end to come soon, and for
// the embedded broker, which keeps 5 MiB of a partition. At a rate, as many as are due in so many seconds.
constexpr double most_open = 2'000;
constexpr double seconds_open = 2;
constexpr Milliseconds between_reports{1'000};
constexpr Milliseconds listening_slice{200};
// The clocks of two machines may differ; runs are told apart by their ids.
constexpr Milliseconds clock_margin{std::chrono::minutes{10}};

}  // namespace

std::string replay_checkpoint(Timestamp began, const std::string& trouble) {
    json::Writer out;
    out.begin_object().member("since_ms", to_ms(began));
    if (!trouble.empty()) out.member("trouble", trouble);
    return out.end_object().text();
}

std::optional<Timestamp> read_replay_checkpoint(const std::string& checkpoint) {
    const auto document = json::Document::parse(checkpoint);
    if (!document || !(*document)["since_ms"].is_integer()) return std::nullopt;
    return from_ms((*document)["since_ms"].integer());
}

std::string trouble_in(const std::string& checkpoint) {
    const auto document = json::Document::parse(checkpoint);
    return document ? std::string{(*document)["trouble"].string()} : std::string{};
}

std::int64_t most_open_at(double per_second) {
    if (per_second <= 0) return static_cast<std::int64_t>(most_open);
    return static_cast<std::int64_t>(std::clamp(std::ceil(per_second * seconds_open), 1.0, most_open));
}

std::int64_t counted_open(std::int64_t open, std::int64_t retrying) {
    return open >= static_cast<std::int64_t>(most_open) ? open : open - retrying;
}

// What the threads and the coroutines of a run share. The tally belongs to the executor, but while the past is read.
struct Replay::Course {
    Course(const asio::any_io_executor& executor, const ReplayTerms& terms, const std::string& destination)
        : run_id{terms.run_id},
          replay_topic{"sync." + destination + ".replay"},
          checkpoint{terms.checkpoint},
          tally{terms.run_id, destination},
          woken{executor} {
        control->most_open = most_open_at(terms.per_second);
    }

    void take(const v1::Outcome& outcome) {
        tally.add(outcome);
        count_open();
        if (is_over()) woken.cancel();
    }
    void count_open() { control->open = counted_open(tally.open(), tally.retrying()); }
    void fail(std::string reason) {
        if (failure.empty()) failure = std::move(reason);
        woken.cancel();
    }
    [[nodiscard]] bool is_through() const { return through && tally.open() == 0; }
    [[nodiscard]] bool is_over() const { return is_through() || !failure.empty() || control->stopped; }
    [[nodiscard]] ReplayProgress progress() const {
        auto progress = tally.progress();
        progress.checkpoint = checkpoint;
        progress.done = is_through();
        return progress;
    }

    std::string run_id;
    std::string replay_topic;
    std::string checkpoint;
    ReplayTally tally;
    std::unordered_set<std::string> past{};  // told of before the run was taken up; the same all the while it writes
    asio::steady_timer woken;
    std::shared_ptr<WritingControl> control = std::make_shared<WritingControl>();
    std::unique_ptr<kafka::Tail> tail{};
    bool through = false;  // all is written
    std::string failure{};
};

Replay::Replay(
    asio::any_io_executor executor,
    kafka::Settings kafka,
    kafka::Producer& producer,
    const Clock& clock,
    std::string destination)
    : executor_{executor},
      kafka_{kafka},
      clock_{clock},
      destination_{destination},
      writer_{std::move(executor), std::move(kafka), producer, destination} {}

Replay::~Replay() {
    stop();
    listening_.stop();
    listening_.join();
}

void Replay::pause() {
    paused_ = true;
    if (const auto course = current_.lock()) course->control->paused = true;
}

void Replay::resume() {
    paused_ = false;
    if (const auto course = current_.lock()) course->control->paused = false;
}

void Replay::stop() {
    const auto course = current_.lock();
    if (!course) return;
    course->control->stopped = true;
    course->woken.cancel();
}

// What an earlier process wrote, and what has come of it.
void Replay::read_past(Course& course, const kafka::Settings& kafka, Timestamp since) {
    kafka::ReadTerms terms;
    terms.from_ms = to_ms(since - clock_margin);
    const auto check = [&course] {
        if (course.control->stopped) throw std::runtime_error{"the process is ending"};
    };
    const auto add_sent = [&](const kafka::Record& record) {
        check();
        const auto asked = read_asked(record.headers);
        const auto& runs = asked.run_ids;
        if (std::find(runs.begin(), runs.end(), course.run_id) == runs.end()) return;
        if (const auto change = read_change(record)) course.tally.add_sent(record.key, change->version());
    };
    kafka::read_all(kafka, course.replay_topic, add_sent, terms);
    const auto add_outcome = [&](const kafka::Record& record) {
        check();
        v1::Outcome outcome;
        if (record.value && outcome.ParseFromString(*record.value)) course.tally.add(outcome);
    };
    kafka::read_all(kafka, "sync.outcomes", add_outcome, terms);
    course.count_open();
    course.past = course.tally.keys();
}

// Blocks until the run is over.
void Replay::listen(const std::shared_ptr<Course>& course, const asio::any_io_executor& executor) {
    std::string failure;
    try {
        while (!course->control->stopped) {
            const auto record = course->tail->next(listening_slice);
            v1::Outcome outcome;
            if (!record || !record->value || !outcome.ParseFromString(*record->value)) continue;
            const auto& runs = outcome.run_ids();
            if (std::find(runs.begin(), runs.end(), course->run_id) == runs.end()) continue;
            asio::post(executor, [course, heard = std::move(outcome)] { course->take(heard); });
        }
    } catch (const std::exception& e) {
        failure = std::string{"sync.outcomes is not read: "} + e.what();
    }
    if (!failure.empty()) asio::post(executor, [course, failure] { course->fail(failure); });
}

asio::awaitable<void> Replay::write(std::shared_ptr<Course> course, ReplayTerms terms) {
    WritingHooks hooks;
    hooks.found = [course](std::int64_t found, std::int64_t overtaken) { course->tally.found(found, overtaken); };
    hooks.known = [course](const std::string& key) { return course->past.contains(key); };
    hooks.admit = [course](const std::string& opportunity, std::int64_t version) {
        if (!course->tally.add_sent(opportunity, version)) return false;
        course->count_open();
        return true;
    };
    std::string failure;
    try {
        co_await writer_.write(std::move(terms), std::move(hooks), course->control);
        course->through = true;
    } catch (const std::exception& e) {
        failure = e.what();
    }
    if (!failure.empty()) course->fail(std::move(failure));
    course->woken.cancel();
}

asio::awaitable<void> Replay::accompany(std::shared_ptr<Course> course, Tell tell) {
    while (!course->is_over()) {
        auto progress = course->progress();
        co_await tell(std::move(progress));
        if (course->is_over()) break;
        course->woken.expires_after(between_reports);
        boost::system::error_code ignored;
        co_await course->woken.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

asio::awaitable<ReplayProgress> Replay::run(ReplayTerms terms, Tell tell) {
    const auto course = std::make_shared<Course>(executor_, terms, destination_);
    current_ = course;
    course->control->paused = paused_;
    const auto since = read_replay_checkpoint(terms.checkpoint);
    course->checkpoint = replay_checkpoint(since.value_or(clock_.now()));
    std::exception_ptr failure;
    try {
        // Stands before anything is written, so that no outcome is missed.
        const std::function<void()> stand = [course, kafka = kafka_, since] {
            course->tail = std::make_unique<kafka::Tail>(
                kafka,
                std::vector<std::string>(1, "sync.outcomes"),
                kafka::Tail::From::end,
                &course->control->stopped);
            if (since) read_past(*course, kafka, *since);
        };
        co_await offload(listening_, stand);
        asio::post(listening_, [course, executor = executor_] { listen(course, executor); });
        auto writing = write(course, std::move(terms));
        asio::co_spawn(executor_, std::move(writing), [](std::exception_ptr) {});
        co_await accompany(course, tell);
        if (course->is_through()) {
            auto last = course->progress();
            co_await tell(std::move(last));
        }
    } catch (const std::exception&) {
        failure = std::current_exception();
    }
    const bool stopped = course->control->stopped;
    auto progress = course->progress();
    course->control->stopped = true;  // for those who still read or write
    if (stopped || progress.done) co_return progress;
    if (failure) std::rethrow_exception(failure);
    throw std::runtime_error{course->failure};
}

}  // namespace hirewire::sync
