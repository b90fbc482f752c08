#include "services/sync-theorg/runner.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "common/core/offload.hpp"
#include "common/core/uuid.hpp"
#include "common/log/log.hpp"
#include "common/sync/delivery.hpp"

namespace hirewire::theorg {
namespace {

namespace asio = boost::asio;
using runtime::Counts;

const std::string destination = "theorg";
const std::string insist_hint = "if they are really gone, hirewire run theorg --force";
// So many jobs in a row that could not be told are an outage, and the rest is not tried.
constexpr int outage = 3;
constexpr int progress_every = 50;
// A job that waits for longer is not told by what was decided before: it may have become confidential meanwhile.
constexpr Milliseconds decision_holds{60'000};
// In one run; after so many the rest is the next one's.
constexpr int most_decisions = 10;
// Who insists does so for now, and not for the day when somebody does the run.
constexpr std::chrono::hours insisting{1};

bool insists(const v1::Run& asked, std::int64_t now_ms) {
    return asked.force() && asked.state() == v1::RUN_STATE_ASKED &&
           now_ms - asked.at_ms() <= Milliseconds{insisting}.count();
}

Counts counts_of(const Tally& tally, const Decision& decision) {
    return {
        {"deleted", tally.deleted},
        {"failed", tally.failed},
        {"seen", tally.seen},
        {"unchanged", tally.unchanged},
        {"unfit", static_cast<std::int64_t>(decision.unfit.size() - decision.unreadable)},
        {"upserted", tally.upserted},
        {"withheld", static_cast<std::int64_t>(decision.withheld)}};
}

}  // namespace

Runner::Runner(
    const asio::any_io_executor& executor,
    RunnerSettings settings,
    Sources sources,
    sync::Courier& courier,
    runtime::RunBook& book,
    kafka::Producer& producer,
    const Clock& clock,
    metrics::Registry& metrics)
    : settings_{std::move(settings)},
      sources_{std::move(sources)},
      courier_{courier},
      book_{book},
      producer_{producer},
      clock_{clock},
      metrics_{metrics},
      held_gauge_{metrics.gauge(metrics::held, {{"destination", destination}})},
      bulk_deletion_{metrics.gauge(metrics::bulk_deletion, {{"destination", destination}})},
      deletion_owed_{metrics.gauge(metrics::deletion_owed, {{"destination", destination}})},
      rounds_{executor} {}

Runner::~Runner() {
    reading_.stop();
    reading_.join();
}

asio::awaitable<void> Runner::run() {
    const std::function<asio::awaitable<void>()> one = [this] { return round(); };
    co_await rounds_.run(one, settings_.look_interval, "import.failed");
}

void Runner::stop() {
    courier_.stop();
    rounds_.stop();
}

void Runner::hear(const v1::Run& run) {
    const bool asked = run.kind() == import_kind && run.state() == v1::RUN_STATE_ASKED;
    if (!asked && run.kind() != listing_kind) return;
    if (!taken_over_) {
        heard_.push_back(run);
        return;
    }
    add_run(past_, run);
    rounds_.wake();
}

void Runner::use(RunnerSettings settings) {
    const bool goes_live = settings.sends && !settings_.sends;
    settings_ = std::move(settings);
    if (!goes_live) return;
    next_ms_ = 0;
    rounds_.wake();
}

void Runner::release() {
    if (!held_) return;
    not_before_ms_ = 0;
    next_ms_ = 0;
    rounds_.wake();
}

void Runner::resume() {
    suspended_ = false;
    rounds_.wake();
}

asio::awaitable<void> Runner::round() {
    if (!taken_over_) co_await take_over();
    co_await tell_ends();
    const auto now = to_ms(clock_.now());
    watch_deletions(now);
    if (!is_due(now)) co_return;
    co_await do_run();
    co_await tell_ends();
}

asio::awaitable<void> Runner::take_over() {
    Past past = co_await offload(reading_, sources_.past);
    for (const auto& run : heard_) add_run(past, run);
    heard_.clear();
    past_ = std::move(past);
    remembered_ = text_of(past_.jobs);
    next_ms_ = past_.last_failed ? 0 : past_.complete_began_ms + settings_.run_interval.count();
    taken_over_ = true;
}

bool Runner::is_due(std::int64_t now_ms) const {
    if (suspended_ || now_ms < not_before_ms_) return false;
    if (!past_.open.empty()) return true;
    // Before Lever's postings were listed for the first time there is nothing to tell.
    return past_.listed_at_ms != 0 && now_ms >= next_ms_;
}

bool Runner::somebody_insists(std::int64_t now_ms) const {
    return std::any_of(
        past_.open.begin(), past_.open.end(), [now_ms](const auto& one) { return insists(one.second, now_ms); });
}

asio::awaitable<void> Runner::do_run() {
    Course course;
    course.rules = settings_.rules;
    course.run = book_.begin(import_kind, past_.open.empty() ? std::string{} : past_.open.begin()->first);
    // Later than every one before, whatever this machine's clock says: The Org goes by it.
    course.run.set_began_ms(std::max<std::int64_t>(course.run.began_ms(), past_.last_began_ms + most_decisions));
    add_run(past_, course.run);
    std::string failure;
    try {
        co_await carry_out(course);
    } catch (const std::exception& e) {
        failure = e.what();
    }
    // Who takes over does it again, under the same id.
    if (rounds_.stopping()) co_return;
    if (!failure.empty()) {
        course.weather = true;
        if (course.trouble.empty()) course.trouble = failure;
    }
    conclude(course);
}

asio::awaitable<void> Runner::carry_out(Course& course) {
    const Counts none;
    co_await book_.tell(course.run, v1::RUN_STATE_STARTED, none);
    co_await decide_and_tell(course);
    while (course.interrupted && !course.over && course.decisions < most_decisions) {
        log::info("run.decides_anew", {{"run", course.run.run_id()}});
        co_await decide_and_tell(course);
    }
    course.weather = course.weather || course.interrupted;
    co_await report_unfit(course);
    if (!course.held && !course.overtaken) co_await tell_import(course);
    co_await remember();
}

asio::awaitable<void> Runner::decide_and_tell(Course& course) {
    ++course.decisions;
    course.interrupted = false;
    course.trouble.clear();
    course.rules = settings_.rules;
    Postings postings;
    std::string failure;
    try {
        postings = co_await offload(reading_, sources_.postings);
    } catch (const std::exception& e) {
        failure = e.what();
    }
    if (!failure.empty()) {
        course.weather = true;
        course.trouble = "hiring.postings was not read: " + failure;
        co_return;
    }
    const auto now = to_ms(clock_.now());
    const Guard guard = somebody_insists(now) ? Guard::off : Guard::on;
    course.decision = decide(postings, past_.jobs, course.rules, now, guard);
    // What The Org has or is owed; in shadow mode nothing changes about that.
    if (settings_.sends) past_.jobs = course.decision.jobs;
    show(course);
    begin_tally(course);
    co_await remember();
    co_await tell_jobs(course);
    end_tally(course);
}

void Runner::show(const Course& course) const {
    const auto& decision = course.decision;
    bulk_deletion_.set(decision.implausible ? 1 : 0);
    if (!decision.implausible) return;
    log::error(
        "deletions.implausible",
        {{"destination", destination},
         {"known", past_.jobs.size()},
         {"to_delete", decision.withheld},
         {"consequence", "they are not deleted"},
         {"hint", insist_hint}});
}

// What was put by an earlier decision of the run is unchanged by this one, unless it is to be told anew.
void Runner::begin_tally(Course& course) const {
    const auto& decision = course.decision;
    auto& tally = course.tally;
    std::erase_if(course.upserted, [&](const std::string& id) {
        const auto job = decision.jobs.find(id);
        return job == decision.jobs.end() || job->second.fingerprint.empty() || job->second.owed_since_ms != 0;
    });
    tally.seen = static_cast<std::int64_t>(decision.puts.size() + decision.unchanged + decision.unreadable);
    tally.upserted = static_cast<std::int64_t>(course.upserted.size());
    tally.unchanged = static_cast<std::int64_t>(decision.unchanged) - tally.upserted;
    course.told = 0;
}

asio::awaitable<void> Runner::tell_jobs(Course& course) {
    const auto& decision = course.decision;
    for (const auto& id : decision.deletes) {
        if (course.over || course.interrupted) break;
        std::string job = id;
        co_await tell_delete(course, std::move(job));
    }
    for (const auto& put : decision.puts) {
        if (course.over || course.interrupted) break;
        Put job = put;
        co_await tell_put(course, std::move(job));
    }
}

asio::awaitable<void> Runner::report_unfit(Course& course) {
    for (const auto& unfit : course.decision.unfit) {
        v1::Outcome outcome;
        outcome.set_resource(unfit.id);
        outcome.set_version(course.version());
        outcome.set_outcome(v1::OUTCOME_KIND_SKIPPED);
        outcome.set_reason(unfit.reason);
        co_await report(std::move(outcome));
    }
}

// A posting that cannot be a job is Lever's to mend, and completes the run all the same: its outcome says what it
// lacks.
void Runner::end_tally(Course& course) const {
    const auto& decision = course.decision;
    auto& tally = course.tally;
    const auto wanted = decision.deletes.size() + decision.puts.size() + decision.unreadable;
    tally.failed = static_cast<std::int64_t>(wanted) - course.told;
    std::string reason = course.first_reason;
    if (reason.empty()) reason = course.interrupted ? "the run was interrupted" : "a record cannot be read";
    if (course.held) {
        course.trouble = "held: " + course.first_reason;
    } else if (tally.failed > 0) {
        course.trouble = std::to_string(tally.failed) + " not told: " + reason;
    } else if (decision.implausible) {
        course.trouble = std::to_string(decision.withheld) +
                         " deletions are held back, since so many jobs are not in hiring.postings any more; " +
                         insist_hint;
    } else if (!is_listed_whole(past_)) {
        course.trouble = past_.listed_at_ms == 0 ? "Lever's postings have not been listed yet"
                                                 : "the last listing of Lever's postings failed";
    }
}

asio::awaitable<sync::Delivered> Runner::deliver(sync::Parcel parcel) {
    sync::Judge judge_by = judge;
    co_return co_await courier_.deliver(std::move(parcel), std::move(judge_by));
}

asio::awaitable<void> Runner::tell_delete(Course& course, std::string id) {
    sync::Parcel parcel;
    parcel.request = delete_job(course.rules, id, course.run.run_id());
    parcel.id = id;
    parcel.change_id = uuid_v5({settings_.account, "posting", id, "gone"});
    parcel.version = course.version();
    parcel.good_for = decision_holds;
    const std::string change_id = parcel.change_id;
    if (course.failed.contains(change_id)) co_return;
    const auto since = past_.jobs[id].owed_since_ms;
    const auto delivered = co_await deliver(std::move(parcel));
    const bool told = co_await settle(course, id, change_id, since, delivered);
    if (told) {
        past_.jobs.erase(id);
        ++course.tally.deleted;
    }
    co_await tell_progress(course);
}

asio::awaitable<void> Runner::tell_put(Course& course, Put put) {
    sync::Parcel parcel;
    parcel.request = put_job(course.rules, put, course.run.run_id());
    parcel.id = put.id;
    parcel.change_id = uuid_v5({settings_.account, "posting", put.id, put.fingerprint});
    parcel.version = course.version();
    parcel.good_for = decision_holds;
    const std::string change_id = parcel.change_id;
    if (course.failed.contains(change_id)) co_return;
    const auto delivered = co_await deliver(std::move(parcel));
    const bool told = co_await settle(course, put.id, change_id, put.written_ms, delivered);
    if (told) {
        past_.jobs[put.id].fingerprint = put.fingerprint;
        const bool unchanged = delivered.judgement.outcome == v1::OUTCOME_KIND_UNCHANGED;
        ++(unchanged ? course.tally.unchanged : course.tally.upserted);
        if (!unchanged) course.upserted.insert(put.id);
    }
    co_await tell_progress(course);
}

asio::awaitable<bool> Runner::settle(
    Course& course, std::string id, std::string change_id, std::int64_t since_ms, sync::Delivered delivered) {
    course.interrupted = delivered.interrupted;
    if (delivered.interrupted && delivered.attempts == 0) co_return false;
    Judgement judgement = delivered.judgement;
    if (judgement.next == Next::doubtful && !course.doubted.empty()) {
        judgement.next = Next::hold;
        judgement.outcome = v1::OUTCOME_KIND_HELD;
    }
    if (judgement.next != Next::again) course.doubted = judgement.next == Next::doubtful ? id : std::string{};
    course.unanswered = judgement.next == Next::again ? course.unanswered + 1 : 0;

    const auto now = to_ms(clock_.now());
    v1::Outcome outcome;
    outcome.set_change_id(change_id);
    outcome.set_version(course.version());
    outcome.set_resource(id);
    outcome.set_outcome(judgement.outcome);
    outcome.set_attempts(delivered.attempts);
    outcome.set_http_status(delivered.http_status);
    outcome.set_reason(judgement.reason);
    outcome.set_latency_ms(since_ms > 0 ? std::max<std::int64_t>(0, now - since_ms) : 0);
    co_await report(std::move(outcome));

    if (judgement.outcome == v1::OUTCOME_KIND_SHADOW) {
        if (course.first_reason.empty()) course.first_reason = "nothing is sent in shadow mode";
        co_return false;
    }
    course.overtaken = judgement.outcome == v1::OUTCOME_KIND_SUPERSEDED;
    if (judgement.next == Next::done && !course.overtaken) {
        ++course.told;
        co_return true;
    }
    course.failed.insert(std::move(change_id));
    log::warning(
        "delivery.failed",
        {{"destination", destination},
         {"id", id},
         {"status", delivered.http_status},
         {"attempts", delivered.attempts},
         {"reason", judgement.reason}});
    if (course.first_reason.empty() || judgement.next == Next::hold) course.first_reason = judgement.reason;
    const bool not_soon = judgement.at_least > courier_.longest_wish();
    if (not_soon) course.not_before = judgement.at_least;
    course.held = judgement.next == Next::hold;
    course.weather = course.weather || judgement.next == Next::again;
    course.over = course.held || course.overtaken || not_soon || course.unanswered >= outage;
    co_return false;
}

asio::awaitable<void> Runner::report(v1::Outcome outcome) {
    const auto now = clock_.now();
    const std::string word{sync::name_of(outcome.outcome())};
    outcome.set_destination(destination);
    outcome.set_decided_at_ms(to_ms(now));
    kafka::Message message;
    message.topic = "sync.outcomes";
    message.key = outcome.resource();
    message.value = outcome.SerializeAsString();
    message.headers = kafka::cloud_event(
        random_uuid(),
        "hirewire:" + settings_.account + "/sync-theorg",
        "hirewire.outcome." + word,
        iso_time(now),
        "application/protobuf");
    const auto written = co_await producer_.write(std::move(message));
    if (!written) throw std::runtime_error{"sync.outcomes cannot be written: " + written.error().message()};
    const metrics::Labels labels{{"destination", destination}, {"outcome", word}};
    metrics_.counter(metrics::outcomes, labels).add();
}

asio::awaitable<void> Runner::tell_progress(Course& course) {
    if (++course.steps % progress_every != 0) co_return;
    Counts counts = counts_of(course.tally, course.decision);
    co_await book_.tell(course.run, v1::RUN_STATE_CHECKPOINT, std::move(counts));
}

// The mail that The Org sends because of it is sent once for each run id, so it may be reported twice.
asio::awaitable<void> Runner::tell_import(Course& course) {
    course.tally.complete = course.trouble.empty();
    sync::Parcel parcel;
    parcel.request = report_import(course.rules, course.tally, course.run.run_id());
    parcel.id = course.run.run_id();
    parcel.change_id = course.run.run_id();
    parcel.version = course.version();
    const auto delivered = co_await deliver(std::move(parcel));
    const auto& judgement = delivered.judgement;
    if (judgement.next == Next::done && judgement.outcome != v1::OUTCOME_KIND_SUPERSEDED) co_return;
    // It is about no single job.
    course.held = judgement.next == Next::hold || judgement.next == Next::doubtful;
    course.weather = course.weather || judgement.next == Next::again;
    if (judgement.at_least > courier_.longest_wish()) course.not_before = judgement.at_least;
    const std::string reason = "the import was not reported: " + judgement.reason;
    if (course.trouble.empty() || course.held) course.trouble = course.held ? "held: " + judgement.reason : reason;
}

asio::awaitable<void> Runner::remember() {
    std::string text = text_of(past_.jobs);
    if (text == remembered_) co_return;
    v1::Run jobs = book_.begin(jobs_kind, std::string{jobs_kind});
    jobs.set_checkpoint(text);
    Counts counts{{"jobs", static_cast<std::int64_t>(past_.jobs.size())}};
    co_await book_.tell(std::move(jobs), v1::RUN_STATE_CHECKPOINT, std::move(counts));
    remembered_ = std::move(text);
}

void Runner::conclude(Course& course) {
    const auto now = to_ms(clock_.now());
    const bool complete = course.trouble.empty();
    const Counts counts = counts_of(course.tally, course.decision);
    for (const auto& [id, asked] : past_.open) {
        // It was asked too late for this one, and is done next.
        if (course.decision.implausible && insists(asked, now)) continue;
        v1::Run end = course.run;
        end.set_run_id(id);
        end.set_state(complete ? v1::RUN_STATE_FINISHED : v1::RUN_STATE_FAILED);
        end.set_at_ms(now);
        end.set_checkpoint(course.trouble);
        for (const auto& [what, count] : counts) (*end.mutable_counts())[what] = count;
        ends_.push_back(std::move(end));
    }
    for (const auto& end : ends_) add_run(past_, end);
    if (!past_.open.empty()) rounds_.wake();

    const auto soon = std::min(settings_.retry_interval, settings_.run_interval);
    next_ms_ = course.weather ? now + soon.count() : course.run.began_ms() + settings_.run_interval.count();
    not_before_ms_ = now + course.not_before.count();
    if (course.held) {
        not_before_ms_ = now + settings_.probe_interval.count();
        next_ms_ = not_before_ms_;
    }
    held_gauge_.set(course.held ? 1 : 0);
    if (course.held && !held_) {
        log::error(
            "destination.held",
            {{"destination", destination},
             {"reason", course.trouble},
             {"remedy", "see to it at The Org; SIGHUP tries at once, and it is tried again every probe_interval"}});
    }
    if (held_ && !course.held) log::info("destination.goes_on", {{"destination", destination}});
    held_ = course.held;
    const char* result = complete ? "complete" : course.held ? "held" : "incomplete";
    const metrics::Labels labels{{"destination", destination}, {"result", result}};
    metrics_.counter(metrics::runs, labels).add();
    if (!complete) {
        log::warning("run.failed", {{"run", course.run.run_id()}, {"reason", course.trouble}});
    }
}

asio::awaitable<void> Runner::tell_ends() {
    while (!ends_.empty()) {
        v1::Run end = ends_.front();
        const auto state = end.state();
        Counts counts{end.counts().begin(), end.counts().end()};
        co_await book_.tell(std::move(end), state, std::move(counts));
        ends_.erase(ends_.begin());
    }
}

void Runner::watch_deletions(std::int64_t now_ms) {
    const auto since = owed_since(past_.jobs);
    const bool overdue = since != 0 && now_ms - since > settings_.deletion_alarm.count();
    if (overdue && !overdue_said_) {
        log::error(
            "deletion.overdue",
            {{"destination", destination},
             {"owed_ms", now_ms - since},
             {"consequence", "The Org shows a job that is not open any more, and promises three days"}});
    }
    overdue_said_ = overdue;
}

void Runner::refresh_metrics() const {
    const auto since = owed_since(past_.jobs);
    const auto age = since == 0 ? 0 : std::max<std::int64_t>(0, to_ms(clock_.now()) - since);
    deletion_owed_.set(static_cast<double>(age) / 1'000);
}

}  // namespace hirewire::theorg
