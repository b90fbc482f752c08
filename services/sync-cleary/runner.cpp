#include "services/sync-cleary/runner.hpp"

#include <memory>
#include <stdexcept>
#include <utility>

#include "common/core/offload.hpp"
#include "services/sync-cleary/calendar.hpp"

namespace hirewire::cleary {
namespace {

namespace asio = boost::asio;

const std::string destination = "cleary";

}  // namespace

Runner::Runner(
    const asio::any_io_executor& executor,
    const Settings& settings,
    RunMeans means,
    Agenda agenda,
    runtime::RunBook& book,
    const Clock& clock,
    metrics::Registry& metrics)
    : settings_{settings},
      means_{std::move(means)},
      agenda_{std::move(agenda)},
      book_{book},
      clock_{clock},
      complete_{metrics.counter(metrics::runs, {{"destination", destination}, {"result", "complete"}})},
      rounds_{executor} {}

Runner::~Runner() {
    reading_.stop();
    reading_.join();
}

asio::awaitable<void> Runner::run() {
    const std::function<asio::awaitable<void>()> one = [this] { return round(); };
    co_await rounds_.run(one, means_.look_interval, "daily_run.failed");
}

void Runner::stop() {
    rounds_.stop();
    means_.stop_replay();
}

void Runner::hear(const v1::Run& run) {
    if (run.kind() != run_kind) return;
    add_run(agenda_, run);
    if (run.state() == v1::RUN_STATE_ASKED) rounds_.wake();
    if (run.state() == v1::RUN_STATE_CANCELLED && run.run_id() == current_) means_.stop_replay();
}

asio::awaitable<void> Runner::round() {
    while (!rounds_.stopping() && clock_.monotonic() >= not_before_) {
        auto next = next_run(agenda_, means_.account, clock_.now(), settings_);
        if (!next) co_return;
        v1::Run run = std::move(*next);
        co_await do_run(std::move(run));
    }
}

asio::awaitable<void> Runner::do_run(v1::Run next) {
    Course course;
    course.run = book_.begin(run_kind, next.run_id());
    course.run.set_destination(destination);
    course.run.set_checkpoint(next.checkpoint());
    // Of one that an earlier process began.
    if (next.began_ms() != 0) course.run.set_began_ms(next.began_ms());
    current_ = course.run.run_id();
    std::string failure;
    try {
        co_await carry_out(course);
    } catch (const std::exception& e) {
        failure = e.what();
    }
    current_.clear();
    if (failure.empty() || rounds_.stopping()) co_return;
    // It stays on the agenda, and goes on where it was left.
    not_before_ = clock_.monotonic() + means_.retry_interval;
    throw std::runtime_error{"the run " + course.run.run_id() + " is interrupted and goes on soon: " + failure};
}

asio::awaitable<void> Runner::carry_out(Course& course) {
    runtime::Counts none;
    co_await tell(course.run, v1::RUN_STATE_STARTED, std::move(none));
    co_await read(course);

    sync::ReplayTerms terms;
    terms.run_id = replay_id(course.run.run_id());
    // What Cleary has is compared again, whatever it was told before.
    terms.forced = true;
    terms.checkpoint = course.run.checkpoint();
    terms.wants = [ids = course.selection.opportunities()](const v1::Change& change) {
        return change.hired() && ids.contains(change.opportunity_id());
    };
    const RunMeans::Tell tell_how_far = [this, &course](sync::ReplayProgress progress) {
        return tell_progress(course, std::move(progress));
    };
    sync::ReplayProgress progress = co_await means_.replay(std::move(terms), tell_how_far);
    // Cancelled, or to be taken up by the next process.
    if (agenda_.ended.contains(course.run.run_id()) || rounds_.stopping()) co_return;
    if (!progress.done) throw std::runtime_error{"the replay has stopped before its end"};
    co_await conclude(course, std::move(progress));
}

asio::awaitable<void> Runner::read(Course& course) {
    const auto hires = co_await offload(reading_, means_.hires);
    const auto& zone = settings_.time_zone;
    course.selection = select(hires.standing(), settings_);
    course.unhired = hires.unhired_since(agenda_.last_began_ms);
    course.days.today = local_date(from_ms(course.run.began_ms()), zone);
    if (agenda_.last_began_ms != 0) course.days.previous = local_date(from_ms(agenda_.last_began_ms), zone);
    course.days.on_the_day =
        settings_.today_is == "preboarding" ? Bucket::new_hires_preboarding : Bucket::action_needed;
}

asio::awaitable<void> Runner::tell_progress(Course& course, sync::ReplayProgress progress) {
    auto waiting_ones = joiners(course);
    for (auto& waiting : waiting_ones) {
        if (!course.told_to_wait.insert(waiting.run_id()).second) continue;
        v1::Run joined = std::move(waiting);
        joined.set_began_ms(course.run.began_ms());
        joined.set_checkpoint(joins(course.run.run_id()));
        runtime::Counts none;
        co_await tell(std::move(joined), v1::RUN_STATE_STARTED, std::move(none));
    }
    const bool is_time = course.told == Instant{} || clock_.monotonic() - course.told >= means_.tell_interval;
    if (progress.done || !is_time || agenda_.ended.contains(course.run.run_id())) co_return;
    course.told = clock_.monotonic();
    course.run.set_checkpoint(progress.checkpoint);
    runtime::Counts counts = counts_of(progress);
    co_await tell(course.run, v1::RUN_STATE_CHECKPOINT, std::move(counts));
}

asio::awaitable<void> Runner::conclude(Course& course, sync::ReplayProgress progress) {
    const std::function<Endings()> read_endings = [this, id = course.run.run_id()] { return means_.endings(id); };
    const Endings endings = co_await offload(reading_, read_endings);
    runtime::Counts counts = counts_of(progress);
    add_buckets(counts, course.selection, endings, course.days);
    counts["hired_before"] = course.selection.hired_before;
    counts["not_governing"] = course.selection.not_governing;
    counts["unhired"] = course.unhired;
    // Ours last: until then it counts as begun, and who takes over tells the others again.
    auto waiting_ones = joiners(course);
    for (auto& waiting : waiting_ones) {
        v1::Run joined = std::move(waiting);
        joined.set_began_ms(course.run.began_ms());
        joined.set_checkpoint(joins(course.run.run_id()));
        runtime::Counts same = counts;
        co_await tell(std::move(joined), v1::RUN_STATE_FINISHED, std::move(same));
    }
    course.run.clear_checkpoint();
    co_await tell(course.run, v1::RUN_STATE_FINISHED, std::move(counts));
    complete_.add();
}

asio::awaitable<void> Runner::tell(v1::Run run, v1::RunState state, runtime::Counts counts) {
    v1::Run told = co_await book_.tell(std::move(run), state, std::move(counts));
    add_run(agenda_, told);
}

std::vector<v1::Run> Runner::joiners(const Course& course) const {
    std::vector<v1::Run> all;
    for (const auto& [id, run] : agenda_.open) {
        if (id != course.run.run_id()) all.push_back(run);
    }
    return all;
}

}  // namespace hirewire::cleary
