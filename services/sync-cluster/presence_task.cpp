#include "services/sync-cluster/presence_task.hpp"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "common/core/uuid.hpp"
#include "common/log/log.hpp"

namespace hirewire::cluster {
namespace {

namespace asio = boost::asio;

const std::string destination = "cluster";
// After a look that weather spoilt.
constexpr std::chrono::minutes soon{5};
constexpr std::chrono::seconds shortest_interval{1};
// A list that is longer than this goes round in circles.
constexpr int most_pages = 100'000;
// So many jobs in a row without an answer are an outage, and the rest is not tried.
constexpr int outage = 3;

// A job or candidate that is not there any more, or not connected, is no error: there is nobody to mark.
sync::Judgement judge_presence(http::Method method, const sync::Answer& answer) {
    const bool gone = answer && (answer->status == 404 || answer->status == 410);
    if (!gone) return sync::judge_by_contract(method, answer);
    sync::Judgement judgement;
    judgement.outcome = v1::OUTCOME_KIND_SKIPPED;
    judgement.reason = answer->status == 404 ? "Cluster does not know the job" : "Cluster has the job disconnected";
    return judgement;
}

bool is_end(v1::RunState state) {
    return state == v1::RUN_STATE_FINISHED || state == v1::RUN_STATE_FAILED || state == v1::RUN_STATE_CANCELLED;
}

}  // namespace

PresenceTask::PresenceTask(const Settings& settings, Milliseconds look_interval)
    : settings_{settings}, look_interval_{look_interval} {}

asio::awaitable<void> PresenceTask::run(sync::TaskTools& tools) {
    if (stopped_) co_return;
    rounds_ = std::make_unique<runtime::Rounds>(tools.executor);
    const std::function<asio::awaitable<void>()> one = [this, &tools] { return round(tools); };
    co_await rounds_->run(one, look_interval_, "presence.failed");
}

void PresenceTask::hear(const v1::Run& run) {
    if (run.kind() != presence_kind) return;
    const auto& id = run.run_id();
    if (is_end(run.state())) {
        open_.erase(id);
        ended_.erase(id);
        return;
    }
    if (!ended_.contains(id)) open_.try_emplace(id, run);
    if (rounds_ && run.state() == v1::RUN_STATE_ASKED) rounds_->wake();
}

void PresenceTask::reload() {
    const auto& jobs = settings_.jobs;
    const bool has_new =
        std::any_of(jobs.begin(), jobs.end(), [this](const JobLink& job) { return !checked_jobs_.contains(job.id); });
    if (has_new) next_ms_ = 0;
    if (rounds_) rounds_->wake();
}

void PresenceTask::stop() {
    stopped_ = true;
    if (rounds_) rounds_->stop();
}

bool PresenceTask::is_due(std::int64_t now_ms) const {
    return !open_.empty() || (!settings_.jobs.empty() && now_ms >= next_ms_);
}

asio::awaitable<void> PresenceTask::round(sync::TaskTools& tools) {
    if (!is_due(to_ms(tools.clock.now()))) co_return;
    Course course;
    course.run = tools.runs.begin(presence_kind, open_.empty() ? std::string{} : open_.begin()->first);
    course.run.set_destination(destination);
    for (const auto& [id, run] : open_) course.asked.insert(id);
    const runtime::Counts none;
    co_await tools.runs.tell(course.run, v1::RUN_STATE_STARTED, none);
    // A reload may change the list meanwhile.
    const std::vector<JobLink> jobs = settings_.jobs;
    checked_jobs_.clear();
    for (const auto& job : jobs) checked_jobs_.insert(job.id);
    for (const auto& job : jobs) {
        if (course.over || stopped_) break;
        if (!is_connected(settings_, job.id)) continue;
        std::string id = job.id;
        co_await check_job(tools, course, std::move(id));
    }
    // Who takes over does it again, under the same id.
    if (stopped_) co_return;
    co_await conclude(tools, course);
}

asio::awaitable<void> PresenceTask::check_job(sync::TaskTools& tools, Course& course, std::string job) {
    std::string cursor;
    for (int pages = 0; pages < most_pages; ++pages) {
        std::optional<Page> page = co_await read_candidates(tools, course, job, cursor);
        if (!page) co_return;
        const std::string next = page->next;
        co_await check_page(tools, course, job, std::move(*page));
        if (course.over || stopped_ || next.empty()) co_return;
        if (next == cursor) break;
        cursor = next;
    }
    if (course.trouble.empty()) course.trouble = "Cluster's list of candidates does not end";
}

asio::awaitable<std::optional<Page>> PresenceTask::read_candidates(
    sync::TaskTools& tools, Course& course, std::string job, std::string cursor) {
    sync::Parcel parcel;
    parcel.request = candidates_request(job, cursor);
    parcel.id = job;
    const sync::Judge judge = &judge_presence;
    const sync::Delivered delivered = co_await tools.courier.deliver(std::move(parcel), judge);
    const auto& judgement = delivered.judgement;
    if (judgement.outcome == v1::OUTCOME_KIND_SHADOW) {
        course.over = true;
        co_return std::nullopt;
    }
    if (judgement.outcome == v1::OUTCOME_KIND_SKIPPED) {
        if (course.trouble.empty()) course.trouble = "job " + job + ": " + judgement.reason;
        co_return std::nullopt;
    }
    std::optional<Page> page;
    if (judgement.next == sync::Next::done && delivered.answer) page = read_page(delivered.answer->body);
    if (page) {
        course.unanswered = 0;
        co_return page;
    }
    const bool weather = judgement.next == sync::Next::again;
    course.weather = course.weather || weather;
    course.unanswered = weather ? course.unanswered + 1 : 0;
    // The next job may fare better, unless it is the credential or an outage.
    const bool held = judgement.next == sync::Next::hold || judgement.next == sync::Next::doubtful;
    course.over = held || course.unanswered >= outage;
    const bool unreadable = judgement.next == sync::Next::done;
    const std::string reason = unreadable ? "the answer is not what the contract says" : judgement.reason;
    if (course.trouble.empty()) course.trouble = "the candidates of job " + job + " were not read: " + reason;
    co_return std::nullopt;
}

asio::awaitable<void> PresenceTask::check_page(sync::TaskTools& tools, Course& course, std::string job, Page page) {
    course.checked += static_cast<std::int64_t>(page.candidates.size());
    course.malformed += page.malformed;
    if (page.malformed > 0) {
        log::warning(
            "candidates.malformed",
            {{"destination", destination},
             {"job", job},
             {"count", page.malformed},
             {"consequence", "they are not looked up, and may be exported although Lever knows them"}});
        const bool none = page.candidates.empty();
        if (none && course.trouble.empty()) course.trouble = "no candidate on a page of job " + job + " can be read";
    }
    std::vector<std::string> addresses = addresses_to_ask(page);
    if (addresses.empty()) co_return;
    // Who is considered in confidence is not given away by a mark either.
    const auto confidential = tools.confidential ? sync::Confidential::told : sync::Confidential::left_out;
    const auto answer = co_await tools.lever_source.presence(std::move(addresses), confidential);
    if (!answer) {
        course.over = true;
        course.weather = true;
        if (course.trouble.empty()) course.trouble = "Lever was not asked: " + answer.error().message();
        co_return;
    }
    Known known;
    for (const auto& person : *answer) {
        if (!person.opportunities.empty()) known[folded_address(person.email)] = person.opportunities.front();
    }
    for (const auto& found : marks(page, known)) {
        if (course.over || stopped_) co_return;
        // Disconnected meanwhile: nothing of Lever's goes there any more.
        if (!is_connected(settings_, job)) co_return;
        ++course.matched;
        Mark one = found;
        co_await mark(tools, course, job, std::move(one));
    }
}

// A key of this run's own: a flag that was removed with a purge is set anew.
asio::awaitable<void> PresenceTask::mark(sync::TaskTools& tools, Course& course, std::string job, Mark one) {
    sync::Parcel parcel;
    parcel.request = mark_request(job, one);
    parcel.id = job;
    parcel.change_id = uuid_v5({tools.account, "cluster.presence", course.run.run_id(), job, one.candidate});
    parcel.version = course.run.began_ms() * 16;  // as versions of changes count
    const sync::Judge judge = &judge_presence;
    const sync::Delivered delivered = co_await tools.courier.deliver(std::move(parcel), judge);
    const auto& judgement = delivered.judgement;
    if (judgement.outcome == v1::OUTCOME_KIND_SKIPPED) co_return;
    if (judgement.next == sync::Next::done) {
        ++course.marked;
        co_return;
    }
    ++course.failed;
    course.weather = course.weather || judgement.next == sync::Next::again;
    // The other candidates may fare better only when it was about this one.
    course.over = judgement.next != sync::Next::refused;
    if (course.trouble.empty()) course.trouble = "a candidate of job " + job + " was not marked: " + judgement.reason;
}

asio::awaitable<void> PresenceTask::conclude(sync::TaskTools& tools, Course& course) {
    const bool complete = course.trouble.empty();
    const auto state = complete ? v1::RUN_STATE_FINISHED : v1::RUN_STATE_FAILED;
    const runtime::Counts counts{
        {"checked", course.checked},
        {"failed", course.failed},
        {"malformed", course.malformed},
        {"marked", course.marked},
        {"matched", course.matched}};
    course.asked.insert(course.run.run_id());
    for (const auto& id : course.asked) {
        v1::Run end = course.run;
        end.set_run_id(id);
        end.set_checkpoint(course.trouble);
        co_await tools.runs.tell(std::move(end), state, counts);
        open_.erase(id);
        ended_.insert(id);
    }
    const Milliseconds interval = std::max<Milliseconds>(settings_.presence_interval, shortest_interval);
    const Milliseconds pause = course.weather ? std::min<Milliseconds>(interval, soon) : interval;
    const bool has_new_jobs = std::any_of(settings_.jobs.begin(), settings_.jobs.end(), [this](const JobLink& job) {
        return !checked_jobs_.contains(job.id);
    });
    next_ms_ = has_new_jobs ? 0 : to_ms(tools.clock.now()) + pause.count();
    const metrics::Labels labels{{"destination", destination}, {"result", complete ? "complete" : "incomplete"}};
    tools.metrics.counter(metrics::runs, labels).add();
    if (!complete) log::warning("run.failed", {{"run", course.run.run_id()}, {"reason", course.trouble}});
}

}  // namespace hirewire::cluster
