#include "tools/hirewire/run.hpp"

#include <cstdio>
#include <stdexcept>

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
    for (const auto& [what, count] : run.counts()) {
        std::printf(" %lld %s", static_cast<long long>(count), what.c_str());
    }
    std::printf("\n");
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
    const Instant until = clock.monotonic() + command.patience;
    while (clock.monotonic() < until) {
        const auto record = tail.next(Milliseconds{500});
        v1::Run run;
        if (!record || !record->value || !run.ParseFromString(*record->value)) continue;
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
