#include "services/lever-source/runs.hpp"

#include <algorithm>
#include <cstdlib>

#include "common/kafka/reader.hpp"

namespace hirewire::source {
namespace {

const std::string runs_topic = "hiring.runs";

std::set<std::string> read_missed(std::string_view text) {
    std::set<std::string> missed;
    while (!text.empty()) {
        const auto id = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), id.size() + 1));
        missed.emplace(id);
    }
    return missed;
}

void add_finished(RunsSoFar& so_far, const v1::Run& run) {
    if (run.kind() == hires_kind) {
        so_far.hires_read_at_ms = std::max<std::int64_t>(so_far.hires_read_at_ms, run.began_ms());
    } else if (run.kind() == postings_kind) {
        if (run.began_ms() < so_far.listed_at_ms) return;
        so_far.listed_at_ms = run.began_ms();
        so_far.missed = read_missed(run.checkpoint());
    } else {
        so_far.covered_until_ms =
            std::max<std::int64_t>(so_far.covered_until_ms, std::strtoll(run.checkpoint().c_str(), nullptr, 10));
        if (run.kind() == walk_kind) {
            so_far.walked_at_ms = std::max<std::int64_t>(so_far.walked_at_ms, run.began_ms());
        }
    }
}

}  // namespace

void add_run(RunsSoFar& so_far, const v1::Run& run) {
    const bool ours = run.kind() == sweep_kind || run.kind() == walk_kind || run.kind() == hires_kind ||
                      run.kind() == postings_kind;
    if (!ours) return;
    // A finished walk leaves nothing of an older one to be done.
    const bool walked = run.kind() == walk_kind && run.state() == v1::RUN_STATE_FINISHED;
    if (walked && run.began_ms() >= so_far.walk_began_ms) so_far.walk_id.clear();
    if (run.state() == v1::RUN_STATE_FINISHED) add_finished(so_far, run);
    if (run.state() == v1::RUN_STATE_CHECKPOINT && run.kind() == walk_kind) {
        so_far.walk_id = run.run_id();
        so_far.walk_offset = run.checkpoint();
        so_far.walk_began_ms = run.began_ms();
    }
}

RunsSoFar read_runs(const kafka::Settings& settings) {
    RunsSoFar so_far;
    const auto add = [&so_far](const kafka::Record& record) {
        v1::Run run;
        if (record.value && run.ParseFromString(*record.value)) add_run(so_far, run);
    };
    kafka::read_all(settings, runs_topic, add);
    return so_far;
}

std::string missed_text(const std::set<std::string>& missed) {
    std::string text;
    for (const auto& id : missed) {
        if (!text.empty()) text += ' ';
        text += id;
    }
    return text;
}

}  // namespace hirewire::source
