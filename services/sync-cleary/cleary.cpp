#include "services/sync-cleary/cleary.hpp"

#include "services/sync-cleary/calendar.hpp"
#include "services/sync-cleary/daily_run.hpp"

namespace hirewire::cleary {
namespace {

config::TextCheck a_time_of_day() {
    return [](const std::string& value) -> std::string {
        return read_time_of_day(value) ? "" : "a time of day such as \"06:00\"";
    };
}

}  // namespace

void declare(config::Section& section, Settings& settings) {
    section
        .text(
            "hired_since",
            settings.hired_since,
            "A date. Who was hired before it is never created: the day on which Hirewire took over.",
            config::a_date(),
            config::Need::required)
        .text(
            "time_zone",
            settings.time_zone,
            "The company's time zone by its IANA name: whose midnight makes a first day future or past.",
            zone_fault,
            config::Need::required)
        .text(
            "daily_at",
            settings.daily_at,
            "When the daily run begins, by the clocks there. A run that nobody was there for is made up.",
            a_time_of_day())
        .text(
            "today_is",
            settings.today_is,
            "Where somebody shows in the report whose first day is today: action_needed or preboarding.",
            config::one_of({"action_needed", "preboarding"}))
        .flag(
            "at_once",
            settings.at_once,
            "Whether a hire is told as soon as it is known. Off: the daily run and hirewire run cleary alone tell.")
        .text(
            "user_name",
            settings.user_name,
            "opaque or personal_email.",
            config::one_of({"opaque", "personal_email"}))
        .flag(
            "deactivate_unhired",
            settings.deactivate_unhired,
            "Whether an un-hired person loses the start date. Off: it is reported only.");
}

std::string Cleary::resource(const v1::Change& change) const {
    return change.contact_id().empty() ? change.opportunity_id() : change.contact_id();
}

sync::Plan Cleary::plan(const v1::Change& change, const sync::Situation& situation) const {
    return bring_to_preboarding(change, situation, settings_);
}

std::vector<std::unique_ptr<sync::LeaderTask>> Cleary::tasks() {
    std::vector<std::unique_ptr<sync::LeaderTask>> all;
    all.push_back(std::make_unique<DailyRun>(settings_));
    return all;
}

std::unique_ptr<sync::Destination> make_destination() {
    return std::make_unique<Cleary>();
}

}  // namespace hirewire::cleary
