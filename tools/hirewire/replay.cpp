#include "tools/hirewire/replay.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <utility>

#include "common/config/schema.hpp"
#include "common/core/uuid.hpp"
#include "common/kafka/probe.hpp"
#include "common/kafka/reader.hpp"
#include "common/kafka/topics.hpp"
#include "tools/hirewire/dry_run.hpp"
#include "tools/hirewire/place.hpp"
#include "tools/hirewire/runs.hpp"
#include "tools/hirewire/terminal.hpp"

namespace hirewire::cli {
namespace {

constexpr Milliseconds look{300};
// A replay that is under way is told of every fifteen seconds at least.
constexpr std::chrono::seconds silence{30};

ReplayList read_list(const kafka::Settings& settings) {
    kafka::check_broker(settings);
    ReplayList list;
    const auto add = [&list](const kafka::Record& record) {
        v1::Run run;
        if (record.value && run.ParseFromString(*record.value)) list.add(run);
    };
    kafka::read_all(settings, "hiring.runs", add);
    return list;
}

// Whether the operator means it.
bool is_meant(const ReplayCommand& command, const sync::ReplaySpec& spec) {
    if (!spec.forced) return true;
    const std::string question =
        command.destination +
        " is told once more the latest state of all that is wanted, also of what it was told before: " +
        sync::words_of(spec) + ". No version is lowered and no candidate is asked anything.";
    return confirmed(question, command.yes);
}

// Exit code of what is only looked at.
int look_ahead(const ReplayCommand& command, const sync::ReplaySpec& spec) {
    DryRunCommand ahead;
    ahead.kafka = command.kafka;
    ahead.destination = command.destination;
    ahead.spec = spec;
    ahead.config_file = command.config_file;
    ahead.vocabulary_file = command.vocabulary_file;
    ahead.ask = command.ask;
    ahead.all = command.all;
    ahead.as_json = command.as_json;
    return dry_run(ahead);
}

v1::Run asked_for(const ReplayCommand& command, const sync::ReplaySpec& spec, Timestamp now) {
    v1::Run run;
    run.set_run_id(random_uuid());
    run.set_kind(std::string{sync::replay_kind});
    run.set_state(v1::RUN_STATE_ASKED);
    run.set_at_ms(to_ms(now));
    run.set_destination(command.destination);
    run.set_force(spec.forced);
    run.set_spec(text_of(spec));
    return run;
}

// What whoever looks on sees of a replay that is under way.
class Onlooker {
public:
    explicit Onlooker(bool silent) : progress_{silent} {}
    void show(const v1::Run& run) {
        pace_.note(answered(run), clock_.now());
        progress_.show(bar_of(run), line_of(run, pace_));
    }
    void say(const std::string& line) { progress_.say(line); }
    void clear() { progress_.clear(); }

private:
    SystemClock clock_;
    ReplayPace pace_;
    Progress progress_;
};

void print_end(const ReplayCommand& command, const ReplayList::Entry& entry) {
    if (command.as_json) {
        std::printf("%s\n", json_of(entry).c_str());
    } else {
        std::printf("%s", outcome_report(entry.run).c_str());
    }
}

// How far it is, for programs alone: they have a last line whatever becomes of it.
void print_so_far(const ReplayCommand& command, const ReplayList::Entry& entry) {
    if (command.as_json) print_end(command, entry);
}

// Looks on until the replay ends, is paused, or nobody wants to look on any more.
class Watch {
public:
    Watch(const ReplayCommand& command, const v1::Run& asked)
        : command_{command}, id_{asked.run_id()}, onlooker_{command.as_json} {
        list_.add(asked);
        until_ = clock_.monotonic() + command.patience;
    }
    // Exit code.
    int look_on(kafka::Tail& tail) {
        while (!interrupted()) {
            mind_silence();
            const auto record = tail.next(look);
            v1::Run run;
            if (!record || !record->value || !run.ParseFromString(*record->value)) continue;
            list_.add(run);
            // That is an operator's word; only who does the work has news.
            if (run.state() == v1::RUN_STATE_ASKED) continue;
            if (run.run_id() != id_) {
                mind_another(run);
            } else if (const auto code = news()) {
                return *code;
            }
        }
        onlooker_.say(
            "The replay goes on; " + again_ + " shows how far it is, hirewire replay cancel " + id_ + " ends it.");
        print_so_far(command_, list_.find(id_));
        return 0;
    }

private:
    void mind_silence() {
        if (!taken_up_ && clock_.monotonic() >= until_) {
            print_so_far(command_, list_.find(id_));
            if (!waits_for_.empty()) {
                throw std::runtime_error{
                    "replay " + waits_for_ +
                    " comes first, and nothing has been heard of it for a while; this one is " +
                    "asked for and follows (" + again_ + ", or hirewire replay cancel " + id_ + ")"};
            }
            throw std::runtime_error{
                "no sync-" + command_.destination + " has taken the replay up yet; it will when it runs (" + again_ +
                ", or hirewire replay cancel " + id_ + ")"};
        }
        if (!taken_up_ || is_silent_ || clock_.monotonic() - heard_ < silence) return;
        is_silent_ = true;
        onlooker_.say(
            "nothing has been heard of it for 30 s; hirewire status shows whether sync-" + command_.destination +
            " runs");
    }
    // One after the other.
    void mind_another(const v1::Run& run) {
        const bool before = run.kind() == sync::replay_kind && run.destination() == command_.destination;
        if (taken_up_ || !before) return;
        until_ = clock_.monotonic() + command_.patience;
        const bool works = run.state() == v1::RUN_STATE_STARTED || run.state() == v1::RUN_STATE_CHECKPOINT;
        if (!works) {
            waits_for_.clear();
            return;
        }
        if (std::exchange(waits_for_, run.run_id()) != run.run_id()) {
            onlooker_.say("waiting: replay " + run.run_id() + " comes first");
        }
    }
    std::optional<int> news() {
        taken_up_ = true;
        is_silent_ = false;
        heard_ = clock_.monotonic();
        const auto entry = list_.find(id_);
        if (has_ended(entry.run)) {
            onlooker_.clear();
            print_end(command_, entry);
            return entry.run.state() == v1::RUN_STATE_FINISHED ? 0 : 1;
        }
        if (entry.run.state() == v1::RUN_STATE_PAUSED) {
            onlooker_.say("paused by somebody; hirewire replay resume " + id_);
            print_so_far(command_, entry);
            return 1;
        }
        const auto trouble = why_of(entry.run);
        if (!trouble.empty() && trouble != trouble_) {
            onlooker_.say("interrupted, and tried again soon: " + clean(trouble));
        }
        trouble_ = trouble;
        onlooker_.show(entry.run);
        return std::nullopt;
    }

    const ReplayCommand& command_;
    SystemClock clock_;
    std::string id_;
    std::string again_ = "hirewire replay status " + id_;
    Onlooker onlooker_;
    ReplayList list_{};
    bool taken_up_ = false;
    bool is_silent_ = false;
    std::string waits_for_{};
    std::string trouble_{};
    Instant heard_{};
    Instant until_{};
};

// Puts an operator's word about a replay behind all that was told of it.
int tell(const ReplayCommand& command, v1::RunState state, const char* what_holds) {
    const SystemClock clock;
    const auto entry = read_list(command.kafka).find(command.id);
    const std::string name = "replay " + entry.run.run_id();
    if (has_ended(entry.run)) throw std::runtime_error{name + " has ended: it is " + state_of(entry.run)};
    const bool is_paused = entry.run.state() == v1::RUN_STATE_PAUSED;
    if (state == v1::RUN_STATE_ASKED && !is_paused) throw std::runtime_error{name + " is not paused"};
    v1::Run run = entry.run;
    run.set_state(state);
    run.set_at_ms(std::max<std::int64_t>(to_ms(clock.now()), run.at_ms()));
    write_run(command.kafka, run);
    if (command.as_json) {
        auto told = entry;
        told.run = run;
        std::printf("%s\n", json_of(told).c_str());
    } else {
        std::printf("%s to %s %s\n", name.c_str(), run.destination().c_str(), what_holds);
    }
    return 0;
}

}  // namespace

int start_replay(const ReplayCommand& command) {
    const SystemClock clock;
    const auto spec = spec_of(command.words, clock.now());
    if (!command.dry_run && (command.ask || command.all || !command.vocabulary_file.empty())) {
        throw config::Error{"--ask, --all and --vocabulary say how --dry-run looks ahead: give --dry-run, too"};
    }
    need_told_of_changes("--to", command.destination);
    kafka::check_broker(command.kafka);
    const auto topics = kafka::existing_topics(command.kafka);
    need_destination(topics, command.destination);
    if (command.dry_run) return look_ahead(command, spec);
    need_replay_topics(topics, command.destination, spec.source);
    if (!is_meant(command, spec)) {
        std::fprintf(stderr, "Nothing was asked for.\n");
        return 1;
    }
    const auto asked = asked_for(command, spec, clock.now());
    kafka::Tail tail{command.kafka, {"hiring.runs"}, kafka::Tail::From::end};
    write_run(command.kafka, asked);
    if (!command.as_json) std::fprintf(stderr, "replay %s asked for\n", asked.run_id().c_str());
    const Interrupts interrupts;
    Watch watch{command, asked};
    return watch.look_on(tail);
}

int list_replays(const ReplayCommand& command) {
    const auto all = read_list(command.kafka).all();
    if (command.as_json) {
        std::printf("%s\n", json_of(all).c_str());
    } else {
        std::printf("%s", table_of(all).c_str());
    }
    return 0;
}

int show_replay(const ReplayCommand& command) {
    const auto list = read_list(command.kafka);
    // Of several, the one that was asked for last.
    const auto all = list.all();
    if (command.id.empty() && all.empty()) throw std::runtime_error{"no replay is known"};
    print_end(command, command.id.empty() ? all.back() : list.find(command.id));
    return 0;
}

int pause_replay(const ReplayCommand& command) {
    return tell(command, v1::RUN_STATE_PAUSED, "is paused: no more of it is written until hirewire replay resume");
}

int resume_replay(const ReplayCommand& command) {
    return tell(command, v1::RUN_STATE_ASKED, "goes on");
}

int cancel_replay(const ReplayCommand& command) {
    return tell(
        command,
        v1::RUN_STATE_CANCELLED,
        "is cancelled: what is left of it is not told any more, but for what is set aside in a retry topic");
}

}  // namespace hirewire::cli
