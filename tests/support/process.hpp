#pragma once
// A program of ours (or a neighbour such as redis-server) as a child of the test. Its standard error goes to a file
// of its own, where JSON log lines are looked for. The child dies with the test, whatever the test dies of.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/time.hpp"
#include "common/json/value.hpp"

namespace hirewire::testing {

struct Command {
    std::string program{};  // a path, or a name that is looked for in PATH
    std::vector<std::string> arguments{};
    std::map<std::string, std::string> environment{};  // on top of the test's own, which is stripped of our secrets
    std::string log_file{};                            // standard error; standard output goes to log_file + ".out"
};

class Process {
public:
    // Throws std::runtime_error when the program cannot be started.
    explicit Process(Command command);
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();  // kills

    [[nodiscard]] int pid() const { return pid_; }
    [[nodiscard]] bool running();
    void send(int signal) const;
    // SIGKILL, and waits until it is gone.
    void kill();
    // Stands still once this has returned: its connections stay, nothing is answered.
    void freeze();
    void thaw() const;
    // The exit code (128 + signal when a signal ended it), or nothing while it still runs after `patience`.
    std::optional<int> wait(Milliseconds patience);

    [[nodiscard]] const std::string& log_file() const { return command_.log_file; }
    [[nodiscard]] std::string log() const;     // standard error so far
    [[nodiscard]] std::string output() const;  // standard output so far
    // The first log line with this "event". Throws with the end of the log when the program ends, or `patience` does,
    // before there is one.
    json::Document await_event(std::string_view event, Milliseconds patience);

private:
    Command command_;
    int pid_ = -1;
    std::optional<int> exit_code_{};
};

// Runs to the end.
struct Ended {
    int exit_code = 0;
    std::string output{};
    std::string log{};
};
Ended run(Command command, Milliseconds patience = Milliseconds{30'000});

std::string read_file(const std::string& path);  // "" when there is none
void write_file(const std::string& path, std::string_view text);
std::vector<std::string> lines_of(std::string_view text);  // without the empty ones

// Under the range that the kernel gives to outgoing connections, so that a restarted service finds its port still
// free.
int free_port();

// A directory that is removed with all that is in it at the end, unless HIREWIRE_KEEP_TEST_FILES is set.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory();
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace hirewire::testing
