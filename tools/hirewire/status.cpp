#include "tools/hirewire/status.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "common/core/time.hpp"
#include "common/kafka/group_lag.hpp"
#include "common/kafka/probe.hpp"
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

// What has been read by then is half of it, and is not shown.
struct Interruption : std::runtime_error {
    Interruption() : std::runtime_error{"interrupted"} {}
};

void end_if_asked() {
    if (interrupted()) throw Interruption{};
}

Dead count_dead(const kafka::Settings& kafka, const std::string& destination, const LetterBook& book) {
    LetterSummary summary{0};
    if (book.size() > 0) {
        const auto look_at = [&](const kafka::Record& record) {
            end_if_asked();
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

    // Throws Interruption, while an Interrupts exists, once the operator asks to end.
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
        const auto books = read_books(command_.kafka, names, &end_if_asked);
        for (std::size_t i = 0; i < names.size(); ++i) {
            dead_[names[i]] = count_dead(command_.kafka, names[i], books[i]);
        }
        counted_ = clock_.monotonic();
    }

    DestinationStatus destination(const std::string& name, const std::map<std::string, std::string>& metrics) {
        DestinationStatus status;
        status.name = name;
        status.by_runs = name == "theorg";
        const std::string replays = "sync." + name + ".replay";
        const auto lags =
            kafka::group_lag(command_.kafka, "hirewire.sync-" + name, {"hiring.changes", "hiring.postings", replays});
        if (const auto changes = lags.find("hiring.changes"); changes != lags.end()) {
            auto lag = changes->second;
            status.begun = lag.known;
            // Who is told of postings, too, has a place there.
            const auto postings = lags.find("hiring.postings");
            if (postings != lags.end() && postings->second.known) lag = kafka::together(lag, postings->second);
            status.behind = lag.records;
            status.missed = lag.missed;
            status.oldest_ms = lag.oldest_ms;
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
            end_if_asked();
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

// In place of a new drawing, below the last one. It passes by itself, or is said again.
void print_trouble(const StatusCommand& command, const std::string& trouble) {
    if (command.as_json || !on_terminal(STDOUT_FILENO)) {
        std::fprintf(stderr, "hirewire: %s\n", clean(trouble).c_str());
        return;
    }
    std::printf("\r\033[K%s\r", clipped(trouble, width_of(STDOUT_FILENO) - 1).c_str());
    std::fflush(stdout);
}

int draw(const StatusCommand& command, Look& look_at) {
    kafka::check_broker(command.kafka);
    const auto overview = look_at.take();
    print(command, overview);
    return needs_of(overview).empty() ? 0 : 1;
}

// A hiccup of Kafka's is what somebody watches, and no reason to look away.
int draw_or_say(const StatusCommand& command, Look& look_at) {
    try {
        return draw(command, look_at);
    } catch (const Interruption&) {
        throw;
    } catch (const std::runtime_error& e) {
        print_trouble(command, e.what());
        return 1;
    }
}

// Until Ctrl-C; the exit code is that of the last drawing, and 1 when there was none. The first one has to succeed.
int watch(const StatusCommand& command, Look& look_at) {
    const SystemClock clock;
    const Interrupts interrupts;
    int exit_code = 1;
    try {
        exit_code = draw(command, look_at);
        while (true) {
            const auto next = clock.monotonic() + between_drawings;
            while (clock.monotonic() < next && !interrupted()) std::this_thread::sleep_for(look);
            if (interrupted()) break;
            exit_code = draw_or_say(command, look_at);
        }
    } catch (const Interruption&) {
        // The last drawing stands.
    }
    return exit_code;
}

}  // namespace

int show_status(const StatusCommand& command) {
    Look look_at{command};
    return command.watch ? watch(command, look_at) : draw(command, look_at);
}

}  // namespace hirewire::cli
