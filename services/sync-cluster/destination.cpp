// Cluster as a destination: its keys, its rules and its tasks.
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/sync/leader_task.hpp"
#include "services/sync-cluster/connections_task.hpp"
#include "services/sync-cluster/presence_task.hpp"
#include "services/sync-cluster/rules.hpp"

namespace hirewire::cluster {
namespace {

void declare_job(config::Section& row, JobLink& job) {
    const auto need = config::Need::required;
    row.text("id", job.id, "Cluster's id of the job, as its links have it.", {}, need)
        .text("posting", job.posting, "Lever's id of the posting that Cluster shows as connected.", {}, need);
}

std::string fault_of_last(const std::vector<JobLink>& jobs) {
    const auto& last = jobs.back();
    for (std::size_t i = 0; i + 1 < jobs.size(); ++i) {
        if (jobs[i].id != last.id) continue;
        return "the job \"" + last.id + "\" is connected twice; leave one of the tables out.";
    }
    return {};
}

class Cluster final : public sync::Destination {
public:
    [[nodiscard]] std::string_view name() const override { return "cluster"; }
    [[nodiscard]] std::uint16_t default_admin_port() const override { return 9112; }

    void declare(config::Section& section) override {
        section
            .table(
                "status_map",
                settings_.status_map,
                "From a stage's or archive reason's id or name to Cluster's name; a status that is not in it goes "
                "through with Lever's own name.")
            .list(
                "import_postings",
                settings_.import_postings,
                "The ids of Lever's postings that Cluster gets as drafts of jobs, and keeps hearing of.")
            .duration(
                "presence_interval",
                settings_.presence_interval,
                "How often Cluster's candidates of connected jobs are looked up in Lever.")
            .rows<JobLink>(
                "job",
                settings_.jobs,
                "A job of Cluster's that its users have connected to a posting. Candidates of other jobs are not "
                "told of. Taken out, with a SIGHUP or a restart, the job is disconnected: Cluster is asked to remove "
                "all that it has from Lever.",
                declare_job,
                fault_of_last);
    }

    [[nodiscard]] sync::Plan plan(const v1::Change& change, const sync::Situation& situation) const override {
        return put_ats_status(change, situation, settings_);
    }
    [[nodiscard]] bool wants_postings() const override { return !settings_.import_postings.empty(); }
    [[nodiscard]] sync::Plan plan_posting(
        const sync::PostingNews& news, [[maybe_unused]] const sync::Situation& situation) const override {
        return put_posting(news, settings_);
    }
    // Which of Cluster's candidates Lever knows.
    [[nodiscard]] bool asks_lever_source() const override { return true; }
    [[nodiscard]] std::vector<std::unique_ptr<sync::LeaderTask>> tasks() override {
        std::vector<std::unique_ptr<sync::LeaderTask>> all;
        all.push_back(std::make_unique<ConnectionsTask>(settings_, make_retelling()));
        all.push_back(std::make_unique<PresenceTask>(settings_));
        return all;
    }
    [[nodiscard]] std::vector<sync::NamedStatuses> names() const override {
        sync::NamedStatuses map;
        map.key = "status_map";
        map.entries = sync::keys_of(settings_.status_map);
        map.values = sync::values_of(settings_.status_map);
        map.others = sync::Unnamed::goes_through;
        return {map};
    }
    void learn(std::string_view key, const sync::StatusNames& known) override {
        if (key == "status_map") settings_.status_names = known;
    }
    // Whoever has revoked the access has left Lever's data at Cluster, and nobody else may remember.
    [[nodiscard]] std::string why_refused(const http::Reply& reply, [[maybe_unused]] Timestamp now) const override {
        if (reply.status != 401 && reply.status != 403) return {};
        return "if the integration was ended, a purge of Lever's data at Cluster is owed: take the [[cluster.job]] "
               "tables out and send SIGHUP, with a token that works";
    }

private:
    Settings settings_;
};

}  // namespace

std::unique_ptr<sync::Destination> make_destination() {
    return std::make_unique<Cluster>();
}

}  // namespace hirewire::cluster
