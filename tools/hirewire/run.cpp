#include "tools/hirewire/run.hpp"

#include <unistd.h>

#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "common/core/uuid.hpp"
#include "common/json/writer.hpp"
#include "common/kafka/reader.hpp"
#include "hirewire/v1/run.pb.h"
#include "services/sync-cleary/agenda.hpp"
#include "services/sync-cleary/sources.hpp"
#include "tools/hirewire/cleary_report.hpp"
#include "tools/hirewire/runs.hpp"

namespace hirewire::cli {
namespace {

bool is_of_lever_source(const std::string& kind) {
    return kind == "sweep" || kind == "walk" || kind == "hires" || kind == "postings";
}

std::string service_of(const std::string& kind) {
    return is_of_lever_source(kind) ? "lever-source" : "sync-" + kind;
}

// Whether who waits for `wanted` sees that something is done: a service does one run after the other, and a walk, the
// first one above all, comes before what is asked for. Records that only remember something are no progress.
bool is_progress(const v1::Run& run, const std::string& wanted) {
    if (run.state() != v1::RUN_STATE_CHECKPOINT) return false;
    return run.kind() == wanted || (is_of_lever_source(run.kind()) && is_of_lever_source(wanted));
}

std::int64_t count_of(const v1::Run& run, const char* what) {
    const auto found = run.counts().find(what);
    return found != run.counts().end() ? found->second : 0;
}

// lever-source's checkpoints are its own; the daemons' end with the reason.
std::string reason_of(const v1::Run& failed) {
    if (is_of_lever_source(failed.kind()) || failed.checkpoint().empty()) {
        return "; the log of " + service_of(failed.kind()) + " says why";
    }
    return ": " + failed.checkpoint();
}

void print_report(const v1::Run& run) {
    std::printf(
        "%s finished in %.1f s:", run.kind().c_str(), static_cast<double>(run.at_ms() - run.began_ms()) / 1'000);
    const std::map<std::string, std::int64_t> counts{run.counts().begin(), run.counts().end()};
    const char* joint = " ";
    for (const auto& [what, count] : counts) {
        std::printf("%s%lld %s", std::exchange(joint, ", "), static_cast<long long>(count), what.c_str());
    }
    std::printf("\n");
}

// For who looks on.
void print_progress(const v1::Run& run) {
    if (isatty(STDERR_FILENO) == 0) return;
    if (run.kind() == cleary::run_kind) {
        const auto found = count_of(run, "found");
        std::fprintf(stderr, "\rcleary: %lld people to compare", static_cast<long long>(found));
        return;
    }
    const bool tells_jobs = run.kind() == "theorg";
    const auto done =
        tells_jobs ? count_of(run, "upserted") + count_of(run, "deleted") : count_of(run, "opportunities");
    const char* what = tells_jobs ? "jobs told" : "opportunities";
    std::fprintf(stderr, "\r%s: %lld %s so far", run.kind().c_str(), static_cast<long long>(done), what);
}

void print_json(const v1::Run& run) {
    json::Writer out;
    out.begin_object().member("run_id", run.run_id()).member("kind", run.kind());
    out.member("took_ms", run.at_ms() - run.began_ms()).key("counts").begin_object();
    for (const auto& [what, count] : run.counts()) out.member(what, static_cast<std::int64_t>(count));
    std::printf("%s\n", out.end_object().end_object().text().c_str());
}

// A run that joined another one has that one's outcomes.
void print_cleary(const RunCommand& command, const v1::Run& run) {
    const auto joined = cleary::joined_by(run);
    const auto endings = cleary::read_endings(command.kafka, joined.empty() ? run.run_id() : joined);
    if (command.as_json) {
        std::printf("%s\n", cleary_json(run, endings).c_str());
    } else {
        std::printf("%s", cleary_table(run, endings).c_str());
    }
}

}  // namespace

int ask_for_run(const RunCommand& command) {
    const SystemClock clock;
    v1::Run asked;
    asked.set_run_id(random_uuid());
    asked.set_kind(command.kind);
    asked.set_state(v1::RUN_STATE_ASKED);
    asked.set_at_ms(to_ms(clock.now()));
    asked.set_force(command.force);
    kafka::Tail tail{command.kafka, {"hiring.runs"}, kafka::Tail::From::end};
    write_run(command.kafka, asked);
    Instant until = clock.monotonic() + command.patience;
    while (clock.monotonic() < until) {
        const auto record = tail.next(Milliseconds{500});
        v1::Run run;
        if (!record || !record->value || !run.ParseFromString(*record->value)) continue;
        if (is_progress(run, command.kind)) {
            print_progress(run);
            until = clock.monotonic() + command.patience;
        }
        if (run.run_id() != asked.run_id() || run.state() == v1::RUN_STATE_ASKED) continue;
        if (run.state() == v1::RUN_STATE_FAILED) {
            std::fprintf(stderr, "hirewire: the run %s failed%s\n", run.kind().c_str(), reason_of(run).c_str());
            return 1;
        }
        if (run.state() != v1::RUN_STATE_FINISHED) continue;
        if (run.kind() == cleary::run_kind) {
            print_cleary(command, run);
            return 0;
        }
        command.as_json ? print_json(run) : print_report(run);
        return 0;
    }
    const auto service = service_of(command.kind);
    throw std::runtime_error{
        "no " + service + " has finished the run " + command.kind + " in time; is one running, and not paused?"};
}

}  // namespace hirewire::cli
