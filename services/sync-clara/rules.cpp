#include "services/sync-clara/rules.hpp"

#include "common/json/writer.hpp"
#include "common/sync/judge.hpp"

namespace hirewire::clara {
namespace {

sync::Plan skip(std::string reason) {
    return {sync::Settle{.outcome = v1::OUTCOME_KIND_SKIPPED, .reason = std::move(reason)}};
}

bool is_follow_up(const v1::Change& change, const sync::Situation& situation, const Settings& settings) {
    return change.live() && !situation.backfill && !situation.late &&
           sync::names(settings.follow_up_statuses, change.status()) &&
           change.status().id() != change.previous_status().id();
}

std::string body(
    const v1::Change& change,
    const sync::Situation& situation,
    const Settings& settings,
    const std::optional<std::string>& mapped) {
    json::Writer out;
    out.begin_object();
    out.key("status");
    sync::write_status(out, change.status(), mapped);
    out.key("previous_status");
    sync::write_status(out, change.previous_status());
    out.member("contact_id", change.contact_id());
    out.key("posting_id");
    change.posting().id().empty() ? out.null() : out.string(change.posting().id());
    out.member("occurred_at", iso_time(from_ms(change.occurred_at_ms())));
    out.member("hired", change.hired());
    out.member("follow_up", is_follow_up(change, situation, settings));
    out.member("backfill", situation.backfill);
    out.end_object();
    return out.text();
}

class Clara final : public sync::Destination {
public:
    [[nodiscard]] std::string_view name() const override { return "clara"; }
    [[nodiscard]] std::uint16_t default_admin_port() const override { return 9111; }

    void declare(config::Section& section) override {
        section
            .flag("map_status", settings_.map_status, "CLARA's \"Map action between Lever and CLARA\". Off: no call.")
            .list(
                "follow_up_statuses",
                settings_.follow_up_statuses,
                "Ids or names of stages and archive reasons whose entering may make CLARA ask the candidate "
                "something.")
            .table(
                "status_map",
                settings_.status_map,
                "From a stage's or archive reason's id or name to CLARA's name. Empty: Lever's own go through; else "
                "a "
                "status that is not in it is reported as unmapped.");
    }

    [[nodiscard]] sync::Plan plan(const v1::Change& change, const sync::Situation& situation) const override {
        return put_status(change, situation, settings_);
    }

private:
    Settings settings_;
};

}  // namespace

sync::Plan put_status(const v1::Change& change, const sync::Situation& situation, const Settings& settings) {
    if (!settings.map_status) return skip("map_status is off");
    if (change.mark().deleted() || change.mark().anonymized()) return skip("deleted or anonymized in Lever");
    if (change.status().id().empty()) return skip("no status");
    const auto mapped = sync::mapped(settings.status_map, change.status());
    if (!mapped && !settings.status_map.empty()) {
        return {sync::Settle{
            .outcome = v1::OUTCOME_KIND_UNMAPPED, .reason = "clara.status_map does not name this status"}};
    }
    http::Request request;
    request.method = http::Method::put;
    request.target = "/integrations/lever/opportunities/" + http::percent_encode(change.opportunity_id()) + "/status";
    request.body = body(change, situation, settings, mapped);
    const bool first_sync = situation.first_sync;
    return {sync::Send{.request = std::move(request), .then = [first_sync](const sync::Answer& answer) {
                           return sync::judge(answer, first_sync);
                       }}};
}

std::unique_ptr<sync::Destination> make_destination() {
    return std::make_unique<Clara>();
}

}  // namespace hirewire::clara
