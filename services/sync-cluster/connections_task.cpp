#include "services/sync-cluster/connections_task.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>
#include <utility>

#include "common/core/uuid.hpp"
#include "common/log/log.hpp"

namespace hirewire::cluster {
namespace {

namespace asio = boost::asio;

const std::string destination = "cluster";

// The same for the same work, so that a repeat after a restart meets its own keys.
std::string run_id_of(const std::string& what, const std::vector<std::string>& ids, std::int64_t since_ms) {
    std::string all;
    for (const auto& id : ids) all += id + "\n";
    return "cluster-" + what + "-" + uuid_v5({"cluster", what, all, std::to_string(since_ms)});
}

}  // namespace

ConnectionsTask::ConnectionsTask(
    const Settings& settings, std::unique_ptr<Retelling> retelling, Milliseconds look_interval)
    : settings_{settings},
      retelling_{std::move(retelling)},
      look_interval_{look_interval},
      hears_of_postings_{!settings.import_postings.empty()} {}

asio::awaitable<void> ConnectionsTask::run(sync::TaskTools& tools) {
    if (stopped_) co_return;
    leads_ = true;
    clock_ = &tools.clock;
    rounds_ = std::make_unique<runtime::Rounds>(tools.executor);
    const std::function<asio::awaitable<void>()> one = [this, &tools] { return round(tools); };
    co_await rounds_->run(one, look_interval_, "connections.failed");
}

// Who leads knows best, and hears only of what it has written itself.
void ConnectionsTask::hear(const v1::Run& run) {
    if (leads_ || run.kind() != connections_kind) return;
    remembered_ = run.checkpoint();
    connections_ = read_connections(remembered_);
}

void ConnectionsTask::reload() {
    if (!rounds_) return;
    const auto decision = decide(connections_, settings_, to_ms(clock_->now()));
    // What is being told may be about a job that is disconnected by now; the rest begins again.
    if (!(decision.after == connections_)) retelling_->stop();
    rounds_->wake();
}

void ConnectionsTask::stop() {
    stopped_ = true;
    retelling_->stop();
    if (rounds_) rounds_->stop();
}

asio::awaitable<void> ConnectionsTask::round(sync::TaskTools& tools) {
    Decision decision = decide(connections_, settings_, to_ms(tools.clock.now()));
    connections_ = decision.after;
    co_await remember(tools);
    bool reachable = true;
    for (const auto& job : decision.purge) {
        std::string id = job;
        const sync::Next next = co_await purge(tools, std::move(id));
        reachable = reachable && next != sync::Next::again && next != sync::Next::hold;
    }
    // What is told would wait for Cluster, and a purge that is owed would wait for that.
    if (!reachable) co_return;
    // In shadow nothing would arrive, so that it stays owed until there is something to be told to.
    if (!tools.courier.sends()) co_return;
    if (!decision.connect.empty()) co_await connect(tools, decision.connect);
    if (!decision.import.empty()) co_await import(tools, decision.import);
}

asio::awaitable<void> ConnectionsTask::remember(sync::TaskTools& tools) {
    std::string text = text_of(connections_);
    if (text == remembered_) co_return;
    std::int64_t connected = 0;
    std::int64_t owed = 0;
    for (const auto& [id, connection] : connections_.jobs) ++(connection.link == Link::purging ? owed : connected);
    v1::Run record = tools.runs.begin(connections_kind, std::string{connections_kind});
    record.set_destination(destination);
    record.set_checkpoint(text);
    runtime::Counts counts{{"connected", connected}, {"purges_owed", owed}};
    co_await tools.runs.tell(std::move(record), v1::RUN_STATE_CHECKPOINT, std::move(counts));
    remembered_ = std::move(text);
}

asio::awaitable<sync::Next> ConnectionsTask::purge(sync::TaskTools& tools, std::string job) {
    const auto since_ms = connections_.jobs[job].since_ms;
    sync::Parcel parcel;
    parcel.request = purge_request(job);
    parcel.id = job;
    parcel.change_id = uuid_v5({tools.account, connections_kind, "purge", job, std::to_string(since_ms)});
    parcel.version = since_ms * 16;  // as versions of changes count
    // It may wait through an outage or a pause, and the job may be connected again meanwhile.
    parcel.still_wanted = [this, job] { return !is_connected(settings_, job); };
    const sync::Judge judge = &sync::judge_by_contract;
    const sync::Delivered delivered = co_await tools.courier.deliver(std::move(parcel), judge);
    const auto& judgement = delivered.judgement;
    // The next round tells the job's candidates in its stead.
    if (delivered.unwanted) {
        rounds_->wake();
        co_return sync::Next::done;
    }
    if (judgement.next != sync::Next::done || judgement.outcome == v1::OUTCOME_KIND_SHADOW) {
        complain(job, delivered);
        co_return judgement.next;
    }
    connections_.jobs.erase(job);
    complaints_.erase(job);
    log::info("job.purged", {{"destination", destination}, {"job", job}, {"status", delivered.http_status}});
    co_await remember(tools);
    co_return sync::Next::done;
}

void ConnectionsTask::complain(const std::string& job, const sync::Delivered& delivered) {
    const bool shadow = delivered.judgement.outcome == v1::OUTCOME_KIND_SHADOW;
    const std::string reason = shadow ? "in shadow mode nothing is sent" : delivered.judgement.reason;
    if (std::exchange(complaints_[job], reason) == reason) return;
    log::warning(
        "purge.owed",
        {{"destination", destination},
         {"job", job},
         {"status", delivered.http_status},
         {"reason", reason},
         {"consequence", "Cluster still has what Lever told of this job's candidates; it is tried again"}});
}

// Forced, for what Cluster was told before a purge, it has lost.
asio::awaitable<void> ConnectionsTask::connect(sync::TaskTools& tools, std::vector<std::string> jobs) {
    std::int64_t since_ms = 0;
    for (const auto& job : jobs) since_ms = std::max(since_ms, connections_.jobs[job].since_ms);
    sync::ReplayTerms terms;
    terms.run_id = run_id_of("connect", jobs, since_ms);
    terms.source = sync::ReplaySource::opportunities;
    terms.forced = true;
    terms.wants = [chosen = std::set<std::string>{jobs.begin(), jobs.end()}](const v1::Change& change) {
        return change.has_cluster() && chosen.contains(change.cluster().job_id());
    };
    const Told told = co_await retelling_->tell(tools, std::move(terms));
    if (told != Told::all) co_return;
    for (const auto& job : jobs) connections_.jobs[job].link = Link::connected;
    log::info("jobs.connected", {{"destination", destination}, {"jobs", jobs.size()}});
    co_await remember(tools);
}

asio::awaitable<void> ConnectionsTask::import(sync::TaskTools& tools, std::vector<std::string> postings) {
    if (!hears_of_postings_) {
        log::warning(
            "postings.not_read",
            {{"destination", destination},
             {"consequence", "the chosen postings are told now, but not what becomes of them later"},
             {"remedy", "restart sync-cluster: cluster.import_postings was empty at its start"}});
    }
    std::int64_t since_ms = 0;
    for (const auto& posting : postings) since_ms = std::max(since_ms, connections_.imports[posting].since_ms);
    sync::ReplayTerms terms;
    terms.run_id = run_id_of("import", postings, since_ms);
    terms.source = sync::ReplaySource::postings;
    terms.forced = true;
    // A posting's change has its id for an opportunity's.
    terms.wants = [chosen = std::set<std::string>{postings.begin(), postings.end()}](const v1::Change& change) {
        return chosen.contains(change.opportunity_id());
    };
    const Told told = co_await retelling_->tell(tools, std::move(terms));
    if (told != Told::all) co_return;
    for (const auto& posting : postings) connections_.imports[posting].told = true;
    log::info("postings.imported", {{"destination", destination}, {"postings", postings.size()}});
    co_await remember(tools);
}

}  // namespace hirewire::cluster
