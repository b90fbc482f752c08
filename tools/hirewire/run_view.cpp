#include "tools/hirewire/run_view.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <utility>

#include "common/config/schema.hpp"
#include "common/json/writer.hpp"
#include "services/sync-cleary/agenda.hpp"

namespace hirewire::cli {
namespace {

bool is_of_lever_source(const std::string& kind) {
    return kind == "sweep" || kind == "walk" || kind == "hires" || kind == "postings";
}

std::string service_of(const std::string& kind) {
    return is_of_lever_source(kind) ? "lever-source" : "sync-" + kind;
}

std::int64_t count_of(const v1::Run& run, const char* what) {
    const auto found = run.counts().find(what);
    return found != run.counts().end() ? found->second : 0;
}

// By name: a Protobuf map has no order.
std::map<std::string, std::int64_t> counts_of(const v1::Run& run) {
    return {run.counts().begin(), run.counts().end()};
}

}  // namespace

void check_flags(const std::string& kind, bool force, bool csv) {
    if (csv && kind != "cleary") throw config::Error{"--csv is for hirewire run cleary alone"};
    if (force && kind != "postings" && kind != "theorg") {
        throw config::Error{"--force is for hirewire run postings and hirewire run theorg alone: leave it out"};
    }
}

std::string force_question(const std::string& kind) {
    if (kind == "theorg") {
        return "What is not in hiring.postings any more is deleted at The Org: more than half of its jobs may be "
               "deleted. Where no sync-theorg runs now, this holds for an hour.";
    }
    return "What Lever's listings do not show counts as gone: more than half of the postings may be deleted from "
           "hiring.postings, and so at every destination that is told of them.";
}

RunWatch::RunWatch(std::string run_id, std::string kind) : run_id_{std::move(run_id)}, kind_{std::move(kind)} {}

// A service does one run after the other, and a walk, the first one above all, comes before what is asked for.
RunWatch::Heard RunWatch::hear(const v1::Run& run) {
    if (run.state() == v1::RUN_STATE_ASKED || service_of(run.kind()) != service_of(kind_)) return Heard::nothing;
    alive_ = true;
    const bool has_ended = run.state() == v1::RUN_STATE_FINISHED || run.state() == v1::RUN_STATE_FAILED;
    if (has_ended && run.run_id() == run_id_) return Heard::ended;
    return run.state() == v1::RUN_STATE_CHECKPOINT ? Heard::progress : Heard::alive;
}

std::string RunWatch::why_no_end() const {
    const auto service = service_of(kind_);
    if (alive_) {
        return "the run " + kind_ +
               " has not ended in time; it goes on without you, and hirewire status shows its end";
    }
    return "no " + service + " has begun the run " + kind_ + " yet; it stays asked for, and is done as soon as " +
           service + " runs and is neither paused nor busy (hirewire status shows it)";
}

std::string progress_of(const v1::Run& run) {
    if (run.kind() == cleary::run_kind) {
        return "cleary: " + std::to_string(count_of(run, "found")) + " people to compare";
    }
    const bool tells_jobs = run.kind() == "theorg";
    const auto done =
        tells_jobs ? count_of(run, "upserted") + count_of(run, "deleted") : count_of(run, "opportunities");
    return run.kind() + ": " + std::to_string(done) + (tells_jobs ? " jobs told" : " opportunities") + " so far";
}

// lever-source's checkpoints are its own; the daemons' end with the reason.
std::string failure_of(const v1::Run& run) {
    const std::string failed = "the run " + run.kind() + " failed";
    if (is_of_lever_source(run.kind()) || run.checkpoint().empty()) {
        return failed + "; the log of " + service_of(run.kind()) + " says why";
    }
    return failed + ": " + run.checkpoint();
}

std::string run_report(const v1::Run& run) {
    std::array<char, 32> seconds{};
    std::snprintf(seconds.data(), seconds.size(), "%.1f", static_cast<double>(run.at_ms() - run.began_ms()) / 1'000);
    std::string text = run.kind() + " finished in " + seconds.data() + " s";
    const char* joint = ": ";
    for (const auto& [what, count] : counts_of(run)) {
        text += std::exchange(joint, ", ") + std::to_string(count) + " " + what;
    }
    return text + "\n";
}

std::string run_json(const v1::Run& run) {
    json::Writer out;
    out.begin_object().member("run_id", run.run_id()).member("kind", run.kind());
    out.member("took_ms", run.at_ms() - run.began_ms()).key("counts").begin_object();
    for (const auto& [what, count] : counts_of(run)) out.member(what, count);
    return out.end_object().end_object().text();
}

}  // namespace hirewire::cli
