#include "tools/hirewire/cleary_report.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>

#include "common/json/writer.hpp"
#include "common/sync/delivery.hpp"

namespace hirewire::cli {
namespace {

constexpr std::size_t most_failures = 20;

// In the order in which Cleary's own View Results has them; what is in no list comes last, by name.
constexpr std::array<const char*, 16> order{
    "found",
    "added",
    "changed",
    "unchanged",
    "failed",
    "needs_merge",
    "handed_over",
    "not_visible",
    "skipped",
    "new_hires_preboarding",
    "action_needed",
    "passed_since_last_run",
    "not_a_date",
    "unhired",
    "not_governing",
    "hired_before"};

std::string row(const std::string& name, std::int64_t count) {
    const std::size_t width = 24;
    const std::string number = std::to_string(count);
    const std::string gap(name.size() < width ? width - name.size() : 1, ' ');
    return "  " + name + gap + number + "\n";
}

bool is_for_somebody(const cleary::Ending& ending) {
    return cleary::is_failure(ending.outcome) || ending.outcome == v1::OUTCOME_KIND_NEEDS_MERGE;
}

std::string line_of(const std::string& opportunity, const cleary::Ending& ending) {
    const std::string reason = ending.reason.empty() ? "no reason is known" : ending.reason;
    return "  " + opportunity + "  " + std::string{sync::name_of(ending.outcome)} + ": " + reason + "\n";
}

}  // namespace

bool needs_somebody(const cleary::Endings& endings) {
    return std::any_of(
        endings.begin(), endings.end(), [](const auto& ending) { return is_for_somebody(ending.second); });
}

std::string cleary_table(const v1::Run& run, const cleary::Endings& endings) {
    std::array<char, 32> seconds{};
    std::snprintf(seconds.data(), seconds.size(), "%.1f", static_cast<double>(run.at_ms() - run.began_ms()) / 1'000);
    std::string text = "cleary finished in " + std::string{seconds.data()} + " s\n";
    std::map<std::string, std::int64_t> counts{run.counts().begin(), run.counts().end()};
    for (const char* name : order) {
        const auto found = counts.find(name);
        if (found == counts.end()) continue;
        text += row(name, found->second);
        counts.erase(found);
    }
    for (const auto& [name, count] : counts) text += row(name, count);
    std::string list;
    std::size_t listed = 0;
    std::size_t all = 0;
    for (const auto& [opportunity, ending] : endings) {
        if (!is_for_somebody(ending)) continue;
        if (++all > most_failures) continue;
        ++listed;
        list += line_of(opportunity, ending);
    }
    if (all == 0) return text;
    return text + "Somebody has to see to " + std::to_string(all) + ", by opportunity" +
           (listed < all ? ", of whom these are the first " + std::to_string(listed) : "") + ":\n" + list;
}

std::string cleary_json(const v1::Run& run, const cleary::Endings& endings) {
    json::Writer out;
    out.begin_object().member("run_id", run.run_id()).member("kind", run.kind());
    out.member("took_ms", run.at_ms() - run.began_ms()).key("counts").begin_object();
    const std::map<std::string, std::int64_t> counts{run.counts().begin(), run.counts().end()};
    for (const auto& [name, count] : counts) out.member(name, count);
    out.end_object().key("failures").begin_array();
    for (const auto& [opportunity, ending] : endings) {
        if (!is_for_somebody(ending)) continue;
        out.begin_object().member("opportunity", opportunity);
        out.member("outcome", sync::name_of(ending.outcome)).member("reason", ending.reason).end_object();
    }
    return out.end_array().end_object().text();
}

}  // namespace hirewire::cli
