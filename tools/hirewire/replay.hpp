#pragma once
// hirewire replay: asks a destination's daemon to tell it of the past once more, and looks on. The daemon does the
// work, so it goes on whatever becomes of the command line.
#include <string>

#include "common/core/time.hpp"
#include "common/kafka/settings.hpp"
#include "tools/hirewire/replay_view.hpp"

namespace hirewire::cli {

struct ReplayCommand {
    kafka::Settings kafka{};
    std::string destination{};
    ReplayWords words{};
    std::string id{};  // of list, status, pause, resume, cancel; a beginning of it does
    bool yes = false;
    bool as_json = false;
    // Of start: says what would be done, and does nothing. The rest is for that alone.
    bool dry_run = false;
    bool ask = false;
    bool all = false;
    std::string config_file{};
    std::string vocabulary_file{};
    // Until a daemon has taken it up, or given a sign of the one before. It gives one every 15 s, and another process
    // takes over within as long.
    Milliseconds patience{40'000};
};

// All answer the exit code. They throw config::Error for what cannot be meant, else std::runtime_error, with one
// sentence each.
int start_replay(const ReplayCommand& command);
int list_replays(const ReplayCommand& command);
int show_replay(const ReplayCommand& command);
int pause_replay(const ReplayCommand& command);
int resume_replay(const ReplayCommand& command);
int cancel_replay(const ReplayCommand& command);

}  // namespace hirewire::cli
