#include "services/sync-cluster/rules.hpp"

#include "common/json/writer.hpp"
#include "common/sync/judge.hpp"

namespace hirewire::cluster {
namespace {

sync::Plan skip(std::string reason) {
    return {sync::Settle{.outcome = v1::OUTCOME_KIND_SKIPPED, .reason = std::move(reason)}};
}

std::string body(
    const v1::Change& change, const sync::Situation& situation, const std::optional<std::string>& mapped) {
    json::Writer out;
    out.begin_object();
    out.member("opportunity_id", change.opportunity_id());
    out.key("posting_id");
    change.posting().id().empty() ? out.null() : out.string(change.posting().id());
    out.key("status");
    sync::write_status(out, change.status(), mapped);
    out.key("previous_status");
    sync::write_status(out, change.previous_status());
    out.member("occurred_at", iso_time(from_ms(change.occurred_at_ms())));
    out.member("hired", change.hired());
    out.member("backfill", situation.backfill);
    out.end_object();
    return out.text();
}

class Cluster final : public sync::Destination {
public:
    [[nodiscard]] std::string_view name() const override { return "cluster"; }
    [[nodiscard]] std::uint16_t default_admin_port() const override { return 9112; }

    void declare(config::Section& section) override {
        section.table(
            "status_map",
            settings_.status_map,
            "From a stage's or archive reason's id or name to Cluster's name; a status that is not in it goes "
            "through "
            "with Lever's own name.");
    }

    [[nodiscard]] sync::Plan plan(const v1::Change& change, const sync::Situation& situation) const override {
        return put_ats_status(change, situation, settings_);
    }

private:
    Settings settings_;
};

}  // namespace

sync::Plan put_ats_status(const v1::Change& change, const sync::Situation& situation, const Settings& settings) {
    if (!change.has_cluster()) return skip("not a candidate of Cluster's");
    if (change.mark().deleted() || change.mark().anonymized()) return skip("deleted or anonymized in Lever");
    if (change.status().id().empty()) return skip("no status");
    http::Request request;
    request.method = http::Method::put;
    request.target = "/jobs/" + http::percent_encode(change.cluster().job_id()) + "/candidates/" +
                     http::percent_encode(change.cluster().candidate_id()) + "/ats-status";
    request.body = body(change, situation, sync::mapped(settings.status_map, change.status()));
    const bool first_sync = situation.first_sync;
    return {sync::Send{.request = std::move(request), .then = [first_sync](const sync::Answer& answer) {
                           return sync::judge(answer, first_sync);
                       }}};
}

std::unique_ptr<sync::Destination> make_destination() {
    return std::make_unique<Cluster>();
}

}  // namespace hirewire::cluster
