#include "services/sync-clara/rules.hpp"

#include <algorithm>

#include "common/json/writer.hpp"
#include "common/sync/judge.hpp"
#include "common/sync/status_json.hpp"

namespace hirewire::clara {
namespace {

const std::string map_is_off = "map_status is off";
const std::string follow_up_key = "follow_up_statuses";
const std::string map_key = "status_map";

sync::Plan skip(std::string reason) {
    return {sync::Settle{.outcome = v1::OUTCOME_KIND_SKIPPED, .reason = std::move(reason)}};
}

// CLARA has the candidates of some jobs only. Nothing when this is one of them, else why it is not.
std::optional<std::string> foreign_job(const v1::PostingFacts& posting, const Settings& settings) {
    const auto& chosen = settings.postings;
    if (!settings.external_only && chosen.empty()) return std::nullopt;
    if (posting.id().empty()) return "without a job that Lever shows";
    if (settings.external_only && (posting.state() != "published" || !posting.external())) {
        return "the job is not published on the external job site";
    }
    if (!chosen.empty() && std::find(chosen.begin(), chosen.end(), posting.id()) == chosen.end()) {
        return "clara.postings does not name the job";
    }
    return std::nullopt;
}

// Judged by the state: who has been un-archived since is not rejected any more.
bool was_rejected_before(const std::string& moment, const v1::Change& change) {
    const auto enabled = parse_iso(moment);
    return enabled && change.status().kind() == v1::STATUS_KIND_ARCHIVE_REASON && !change.hired() &&
           from_ms(change.mark().archived_at_ms()) < *enabled;
}

config::TextCheck a_moment() {
    return [](const std::string& value) -> std::string {
        if (value.empty() || parse_iso(value)) return {};
        return "a date such as \"2026-11-01\" or a time such as \"2026-11-01T09:00:00Z\"";
    };
}

// Whom CLARA was never told of must not be asked anything because somebody takes him out of the archive. The change
// no longer says since when he was in there; what is not known to be later than the moment counts as before it.
bool ends_old_rejection(const v1::Change& change, const sync::Situation& situation, const std::string& moment) {
    const auto& before = change.previous_status();
    const bool leaves_archive =
        change.kind() == v1::CHANGE_KIND_UNARCHIVED ||
        (before.kind() == v1::STATUS_KIND_ARCHIVE_REASON && change.status().kind() != v1::STATUS_KIND_ARCHIVE_REASON);
    const auto enabled = parse_iso(moment);
    if (!enabled || !leaves_archive || change.kind() == v1::CHANGE_KIND_UNHIRED) return false;
    return std::none_of(situation.older.begin(), situation.older.end(), [&](const v1::Change& older) {
        return older.kind() == v1::CHANGE_KIND_ARCHIVED && older.status().id() == before.id() &&
               from_ms(older.mark().archived_at_ms()) >= *enabled;
    });
}

bool is_follow_up(const v1::Change& change, const sync::Situation& situation, const Settings& settings) {
    return change.live() && !situation.backfill && !situation.late &&
           sync::names(settings.follow_up_statuses, change.status(), settings.known_follow_ups) &&
           change.status().id() != change.previous_status().id() &&
           !ends_old_rejection(change, situation, settings.skip_rejected_before);
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
            .flag(
                "external_only",
                settings_.external_only,
                "Only candidates of jobs that are published on the external job site: CLARA has no others.")
            .list("postings", settings_.postings, "Only candidates of the jobs with these ids. Empty: of all jobs.")
            .text(
                "skip_rejected_before",
                settings_.skip_rejected_before,
                "CLARA's \"Do not process prior rejected candidates\", by the moment of its enabling: a date or a "
                "time, UTC. Who was archived before it, and not hired, is not processed; a live rejection always "
                "is. Empty: off, as CLARA recommends.",
                a_moment())
            .list(
                follow_up_key,
                settings_.follow_up_statuses,
                "Stages and archive reasons whose entering may make CLARA ask the candidate something: names (case "
                "and white space do not matter) or id:<id>.")
            .table(
                map_key,
                settings_.status_map,
                "From a stage's or archive reason's id or name to CLARA's name. Empty: Lever's own go through; else "
                "a "
                "status that is not in it is reported as unmapped.");
    }

    [[nodiscard]] sync::Plan plan(const v1::Change& change, const sync::Situation& situation) const override {
        return put_status(change, situation, settings_);
    }

    [[nodiscard]] std::vector<sync::NamedStatuses> names() const override {
        sync::NamedStatuses follow_ups;
        follow_ups.key = follow_up_key;
        follow_ups.entries = settings_.follow_up_statuses;
        sync::NamedStatuses map;
        map.key = map_key;
        map.entries = sync::keys_of(settings_.status_map);
        map.values = sync::values_of(settings_.status_map);
        if (!map.entries.empty()) map.others = sync::Unnamed::unmapped;
        return {follow_ups, map};
    }

    void learn(std::string_view key, const sync::StatusNames& known) override {
        (key == map_key ? settings_.known_statuses : settings_.known_follow_ups) = known;
    }

    [[nodiscard]] std::string switched_off() const override { return settings_.map_status ? "" : map_is_off; }

private:
    Settings settings_;
};

}  // namespace

sync::Plan put_status(const v1::Change& change, const sync::Situation& situation, const Settings& settings) {
    if (!settings.map_status) return skip(map_is_off);
    if (change.mark().deleted() || change.mark().anonymized()) return skip("deleted or anonymized in Lever");
    if (change.status().id().empty()) return skip("no status");
    if (const auto reason = foreign_job(change.posting(), settings)) return skip(*reason);
    if (!change.live() && was_rejected_before(settings.skip_rejected_before, change)) {
        return skip("rejected before clara.skip_rejected_before");
    }
    const auto mapped = sync::mapped(settings.status_map, change.status(), settings.known_statuses);
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
