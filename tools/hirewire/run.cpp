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
#include "tools/hirewire/runs.hpp"

namespace hirewire::cli {
namespace {

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
    const auto count = run.counts().find("opportunities");
    const auto seen = count != run.counts().end() ? count->second : 0;
    std::fprintf(stderr, "\r%s: %lld opportunities so far", run.kind().c_str(), static_cast<long long>(seen));
}

void print_json(const v1::Run& run) {
    json::Writer out;
    out.begin_object().member("run_id", run.run_id()).member("kind", run.kind());
    out.member("took_ms", run.at_ms() - run.began_ms()).key("counts").begin_object();
    for (const auto& [what, count] : run.counts()) out.member(what, static_cast<std::int64_t>(count));
    std::printf("%s\n", out.end_object().end_object().text().c_str());
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
        if (run.state() == v1::RUN_STATE_CHECKPOINT) {
            // A walk, the first one above all, comes before what is asked for.
            print_progress(run);
            until = clock.monotonic() + command.patience;
        }
        if (run.run_id() != asked.run_id() || run.state() == v1::RUN_STATE_ASKED) continue;
        if (run.state() == v1::RUN_STATE_FAILED) {
            std::fprintf(stderr, "hirewire: the %s failed; lever-source's log says why\n", command.kind.c_str());
            return 1;
        }
        if (run.state() != v1::RUN_STATE_FINISHED) continue;
        command.as_json ? print_json(run) : print_report(run);
        return 0;
    }
    throw std::runtime_error{"no lever-source has finished the " + command.kind + " in time; is one running?"};
}

}  // namespace hirewire::cli
