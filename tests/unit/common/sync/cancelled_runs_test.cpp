#include "common/sync/cancelled_runs.hpp"

#include <doctest/doctest.h>

using namespace hirewire;
using namespace hirewire::sync;

namespace {

v1::Run run(const std::string& id, v1::RunState state, const std::string& kind = "replay") {
    v1::Run r;
    r.set_run_id(id);
    r.set_kind(kind);
    r.set_state(state);
    return r;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("cancelled runs: a record is of no use when each replay that asked for it was cancelled") {
    CancelledRuns runs;
    runs.hear(run("a", v1::RUN_STATE_CANCELLED));
    runs.hear(run("b", v1::RUN_STATE_CANCELLED));
    runs.hear(run("c", v1::RUN_STATE_PAUSED));
    CHECK(runs.all_cancelled(Ids{"a"}));
    CHECK(runs.all_cancelled(Ids{"b", "a"}));
    CHECK_FALSE(runs.all_cancelled(Ids{"a", "c"}));
    CHECK_FALSE(runs.all_cancelled(Ids{"another"}));
}

// Protects live changes, which no run asks for, and those that a run of another kind compares.
TEST_CASE("cancelled runs: what no run asked for is never given up, nor what another kind of run asked for") {
    CancelledRuns runs;
    CHECK_FALSE(runs.all_cancelled(Ids{}));
    runs.hear(run("daily", v1::RUN_STATE_CANCELLED, "cleary"));
    CHECK_FALSE(runs.all_cancelled(Ids{"daily"}));
}

TEST_CASE("cancelled runs: the last thousand are remembered, each once, and what comes later revives none") {
    CancelledRuns runs;
    for (std::size_t i = 0; i <= CancelledRuns::most_remembered; ++i) {
        const auto cancelled = run(std::to_string(i), v1::RUN_STATE_CANCELLED);
        runs.hear(cancelled);
        runs.hear(cancelled);
    }
    CHECK_FALSE(runs.all_cancelled(Ids{"0"}));
    CHECK(runs.all_cancelled(Ids{"1"}));
    runs.hear(run("1", v1::RUN_STATE_CHECKPOINT));
    CHECK(runs.all_cancelled(Ids{"1", std::to_string(CancelledRuns::most_remembered)}));
}
