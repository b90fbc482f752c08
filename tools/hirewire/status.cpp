#include "tools/hirewire/status.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "common/core/time.hpp"
#include "common/kafka/group_lag.hpp"
#include "common/kafka/reader.hpp"
#include "common/kafka/topics.hpp"
#include "common/sync/pause_book.hpp"
#include "tools/hirewire/daemon_metrics.hpp"
#include "tools/hirewire/letter_reading.hpp"
#include "tools/hirewire/place.hpp"
#include "tools/hirewire/status_view.hpp"
#include "tools/hirewire/terminal.hpp"

namespace hirewire::cli {
namespace {

constexpr Milliseconds between_drawings{2'000};
constexpr Milliseconds look{100};
// Counting dead letters reads topics whole.
constexpr std::chrono::minutes letters_hold_for{1};

struct Dead {
    std::int64_t count = 0;
    std::vector<LetterGroup> groups{};
};

Dead count_dead(const kafka::Settings& kafka, const std::string& destination) {
    const auto book = read_book(kafka, destination);
    LetterSummary summary{0};
    if (book.size() > 0) {
        const auto look_at = [&](const kafka::Record& record) {
            const auto letter = read_letter(record);
            const auto standing = book.standing(letter);
            if (standing == Standing::open) summary.add(letter, standing);
        };
        kafka::read_all(kafka, dead_letters_of(destination), look_at);
    }
    Dead dead;
    dead.count = summary.count();
    dead.groups = summary.groups();
    return dead;
}

class Look {
public:
    explicit Look(const StatusCommand& command) : command_{command} {
        if (!command_.config_file.empty()) ports_ = admin_ports_of(command_.config_file);
    }

    Overview take() {
        const auto topics = kafka::existing_topics(command_.kafka);
        need_topic(topics, "hiring.changes");
        Overview overview;
        overview.now_ms = to_ms(clock_.now());
        const auto metrics = ask_for_metrics(ports_);
        if (const auto lever = metrics.find("lever-source"); lever != metrics.end()) {
            overview.webhooks = webhooks_of(lever->second);
        }
        const auto names = destinations_in(topics);
        count_letters(names);
        for (const auto& name : names) overview.destinations.push_back(destination(name, metrics));
        add_runs(overview);
        return overview;
    }

private:
    void count_letters(const std::vector<std::string>& names) {
        if (counted_ && clock_.monotonic() - *counted_ < letters_hold_for) return;
        for (const auto& name : names) dead_[name] = count_dead(command_.kafka, name);
        counted_ = clock_.monotonic();
    }

    DestinationStatus destination(const std::string& name, const std::map<std::string, std::string>& metrics) {
        DestinationStatus status;
        status.name = name;
        status.by_runs = name == "theorg";
        const std::string replays = "sync." + name + ".replay";
        const auto lags = kafka::group_lag(command_.kafka, "hirewire.sync-" + name, {"hiring.changes", replays});
        if (const auto lag = lags.find("hiring.changes"); lag != lags.end()) {
            status.begun = lag->second.known;
            status.behind = lag->second.records;
            status.missed = lag->second.missed;
            status.oldest_ms = lag->second.oldest_ms;
        }
        if (const auto lag = lags.find(replays); lag != lags.end()) status.to_replay = lag->second.records;
        status.dead = dead_[name].count;
        status.dead_by_reason = dead_[name].groups;
        status.asked = std::any_of(ports_.begin(), ports_.end(), [&](const auto& p) { return p.service == name; });
        const auto said = metrics.find(name);
        if (said != metrics.end()) status.daemon = daemon_status_of(said->second);
        return status;
    }

    void add_runs(Overview& overview) const {
        LastRuns runs;
        std::map<std::string, sync::PauseBook> pauses;
        for (const auto& status : overview.destinations) pauses.emplace(status.name, sync::PauseBook{status.name});
        const auto hear = [&](const kafka::Record& record) {
            v1::Run run;
            if (!record.value || !run.ParseFromString(*record.value)) return;
            runs.add(run);
            const auto pause = pauses.find(run.destination());
            if (pause != pauses.end()) pause->second.add(run);
        };
        kafka::read_all(command_.kafka, "hiring.runs", hear);
        overview.runs = runs.all();
        for (auto& status : overview.destinations) {
            const auto& pause = pauses.at(status.name);
            if (!pause.paused()) continue;
            status.paused_by = pause.who() + ", " + iso_time(from_ms(pause.at_ms()));
        }
    }

    StatusCommand command_;
    SystemClock clock_;
    std::vector<AdminPort> ports_;
    std::map<std::string, Dead> dead_;
    std::optional<Instant> counted_;
};

void print(const StatusCommand& command, const Overview& overview) {
    const bool terminal = on_terminal(STDOUT_FILENO);
    if (command.as_json) {
        std::printf("%s\n", json_of(overview).c_str());
    } else {
        // From the top of an empty screen.
        if (command.watch && terminal) std::printf("\033[H\033[2J");
        std::printf("%s", table_of(overview, width_of(STDOUT_FILENO), colours_on()).c_str());
    }
    std::fflush(stdout);
}

}  // namespace

int show_status(const StatusCommand& command) {
    const SystemClock clock;
    Look look_at{command};
    if (!command.watch) {
        const auto overview = look_at.take();
        print(command, overview);
        return needs_of(overview).empty() ? 0 : 1;
    }
    const Interrupts interrupts;
    int exit_code = 0;
    while (!interrupted()) {
        const auto overview = look_at.take();
        print(command, overview);
        exit_code = needs_of(overview).empty() ? 0 : 1;
        const auto next = clock.monotonic() + between_drawings;
        while (clock.monotonic() < next && !interrupted()) std::this_thread::sleep_for(look);
    }
    return exit_code;
}

}  // namespace hirewire::cli
