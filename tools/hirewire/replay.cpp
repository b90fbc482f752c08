#include "tools/hirewire/replay.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "common/config/schema.hpp"
#include "common/core/uuid.hpp"
#include "common/kafka/reader.hpp"
#include "common/kafka/topics.hpp"
#include "tools/hirewire/dry_run.hpp"
#include "tools/hirewire/place.hpp"
#include "tools/hirewire/runs.hpp"
#include "tools/hirewire/terminal.hpp"

namespace hirewire::cli {
namespace {

constexpr Milliseconds look{300};
// A replay that is under way is told of about once a second.
constexpr std::chrono::seconds silence{30};

ReplayList read_list(const kafka::Settings& settings) {
    ReplayList list;
    const auto add = [&list](const kafka::Record& record) {
        v1::Run run;
        if (record.value && run.ParseFromString(*record.value)) list.add(run);
    };
    kafka::read_all(settings, "hiring.runs", add);
    return list;
}

void check_destination(const ReplayCommand& command) {
    if (command.destination == "theorg") {
        throw config::Error{"--to theorg: The Org is told by runs that compare everything: hirewire run theorg"};
    }
    need_destination(kafka::existing_topics(command.kafka), command.destination);
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

// Until the replay ends, is paused, or nobody wants to look on any more.
int follow(const ReplayCommand& command, kafka::Tail& tail, const v1::Run& asked) {
    const SystemClock clock;
    const std::string& id = asked.run_id();
    const std::string again = "hirewire replay status " + id;
    Onlooker onlooker{command.as_json};
    ReplayList list;
    list.add(asked);
    bool taken_up = false;
    bool is_silent = false;
    std::string waits_for;
    Instant heard = clock.monotonic();
    Instant until = clock.monotonic() + command.patience;
    while (!interrupted()) {
        if (!taken_up && clock.monotonic() >= until) {
            throw std::runtime_error{
                "no sync-" + command.destination + " has taken the replay up yet; it will when it runs (" + again +
                ", or hirewire replay cancel " + id + ")"};
        }
        if (taken_up && !is_silent && clock.monotonic() - heard >= silence) {
            is_silent = true;
            onlooker.say(
                "nothing has been heard of it for 30 s; hirewire status shows whether sync-" + command.destination +
                " runs");
        }
        const auto record = tail.next(look);
        v1::Run run;
        if (!record || !record->value || !run.ParseFromString(*record->value)) continue;
        list.add(run);
        const bool by_daemon = run.state() != v1::RUN_STATE_ASKED;
        if (run.run_id() != id) {
            // One after the other.
            const bool before = run.kind() == sync::replay_kind && run.destination() == command.destination;
            if (taken_up || !before || !by_daemon) continue;
            until = clock.monotonic() + command.patience;
            if (std::exchange(waits_for, run.run_id()) != run.run_id()) {
                onlooker.say("waiting: replay " + run.run_id() + " comes first");
            }
            continue;
        }
        if (!by_daemon) continue;
        taken_up = true;
        is_silent = false;
        heard = clock.monotonic();
        const auto entry = list.find(id);
        if (has_ended(entry.run)) {
            onlooker.clear();
            print_end(command, entry);
            return entry.run.state() == v1::RUN_STATE_FINISHED ? 0 : 1;
        }
        if (entry.run.state() == v1::RUN_STATE_PAUSED) {
            onlooker.say("paused by somebody; hirewire replay resume " + id);
            return 1;
        }
        onlooker.show(entry.run);
    }
    onlooker.say("The replay goes on; " + again + " shows how far it is, hirewire replay cancel " + id + " ends it.");
    return 0;
}

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
    check_destination(command);
    if (command.dry_run) return look_ahead(command, spec);
    if (!is_meant(command, spec)) {
        std::fprintf(stderr, "Nothing was asked for.\n");
        return 1;
    }
    const auto asked = asked_for(command, spec, clock.now());
    kafka::Tail tail{command.kafka, {"hiring.runs"}, kafka::Tail::From::end};
    write_run(command.kafka, asked);
    if (!command.as_json) std::fprintf(stderr, "replay %s asked for\n", asked.run_id().c_str());
    const Interrupts interrupts;
    return follow(command, tail, asked);
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
    return tell(command, v1::RUN_STATE_CANCELLED, "is cancelled: what is written already is still told");
}

}  // namespace hirewire::cli
