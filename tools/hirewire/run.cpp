#include "tools/hirewire/run.hpp"

#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>

#include "common/core/uuid.hpp"
#include "common/kafka/probe.hpp"
#include "common/kafka/reader.hpp"
#include "hirewire/v1/run.pb.h"
#include "services/sync-cleary/agenda.hpp"
#include "services/sync-cleary/sources.hpp"
#include "tools/hirewire/cleary_report.hpp"
#include "tools/hirewire/run_view.hpp"
#include "tools/hirewire/runs.hpp"
#include "tools/hirewire/terminal.hpp"

namespace hirewire::cli {
namespace {

constexpr Milliseconds look{500};

v1::Run asked_for(const RunCommand& command) {
    v1::Run run;
    run.set_run_id(random_uuid());
    run.set_kind(command.kind);
    run.set_state(v1::RUN_STATE_ASKED);
    run.set_at_ms(to_ms(SystemClock{}.now()));
    run.set_force(command.force);
    return run;
}

// A run that joined another one has that one's outcomes.
int print_cleary(const RunCommand& command, const v1::Run& run) {
    const auto joined = cleary::joined_by(run);
    const auto endings = cleary::read_endings(command.kafka, joined.empty() ? run.run_id() : joined);
    if (command.as_json) {
        std::printf("%s\n", cleary_json(run, endings).c_str());
    } else {
        std::printf("%s", cleary_table(run, endings).c_str());
    }
    return needs_somebody(endings) ? 1 : 0;
}

// Answers the exit code.
int print_end(const RunCommand& command, const v1::Run& run) {
    if (run.state() == v1::RUN_STATE_FAILED) {
        std::fprintf(stderr, "hirewire: %s\n", failure_of(run).c_str());
        return 1;
    }
    if (run.kind() == cleary::run_kind) return print_cleary(command, run);
    std::printf("%s", (command.as_json ? run_json(run) + "\n" : run_report(run)).c_str());
    return 0;
}

// Answers the run as it ended.
v1::Run follow(const RunCommand& command, kafka::Tail& tail, const std::string& run_id) {
    const SystemClock clock;
    RunWatch watch{run_id, command.kind};
    Progress progress{command.as_json};
    Instant until = clock.monotonic() + command.patience_at_first;
    while (clock.monotonic() < until) {
        const auto record = tail.next(look);
        v1::Run run;
        if (!record || !record->value || !run.ParseFromString(*record->value)) continue;
        const auto heard = watch.hear(run);
        if (heard == RunWatch::Heard::nothing) continue;
        if (heard == RunWatch::Heard::ended) return run;
        if (heard == RunWatch::Heard::progress) progress.show("", progress_of(run));
        until = clock.monotonic() + command.patience;
    }
    throw std::runtime_error{watch.why_no_end()};
}

}  // namespace

int ask_for_run(const RunCommand& command) {
    if (command.force && !confirmed(force_question(command.kind), command.yes)) {
        std::fprintf(stderr, "Nothing was asked for.\n");
        return 1;
    }
    kafka::check_broker(command.kafka);
    const auto asked = asked_for(command);
    kafka::Tail tail{command.kafka, {"hiring.runs"}, kafka::Tail::From::end};
    write_run(command.kafka, asked);
    return print_end(command, follow(command, tail, asked.run_id()));
}

}  // namespace hirewire::cli
