#include "tests/support/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace hirewire::testing {
namespace {

constexpr Milliseconds poll_period{10};

// What would make a child find a secret or a configuration that the test has not given to it.
constexpr std::array<std::string_view, 11> stripped{
    "HIREWIRE_CONFIG",
    "HIREWIRE_INTERNAL_TOKEN",
    "LEVER_API_KEY",
    "LEVER_SIGNATURE_TOKENS",
    "CLARA_TOKEN",
    "CLUSTER_TOKEN",
    "CLEARY_TOKEN",
    "THEORG_API_KEY",
    "CLINCH_ACCESS_ID",
    "CLINCH_SECRET_KEY",
    "REDIS_PASSWORD"};

std::vector<std::string> environment_of(const Command& command) {
    std::map<std::string, std::string> all;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text{*entry};
        const auto equals = text.find('=');
        if (equals == std::string_view::npos) continue;
        all[std::string{text.substr(0, equals)}] = std::string{text.substr(equals + 1)};
    }
    for (const auto name : stripped) all.erase(std::string{name});
    for (const auto& [name, value] : command.environment) all[name] = value;
    std::vector<std::string> list;
    for (const auto& [name, value] : all) list.push_back(name + "=" + value);
    return list;
}

std::vector<char*> pointers_of(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (auto& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

int code_of(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Process::Process(Command command) : command_{std::move(command)} {
    const bool is_path = command_.program.find('/') != std::string::npos;
    if (is_path && ::access(command_.program.c_str(), X_OK) != 0) {
        throw std::runtime_error(command_.program + " is not there: build it first");
    }
    // All of it before the fork: the child of a process with threads may only make system calls.
    std::vector<std::string> arguments{command_.program};
    arguments.insert(arguments.end(), command_.arguments.begin(), command_.arguments.end());
    auto variables = environment_of(command_);
    const auto argv = pointers_of(arguments);
    const auto envp = pointers_of(variables);
    const std::string output_file = command_.log_file + ".out";
    const int parent = ::getpid();

    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork: " + std::string{std::strerror(errno)});
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(127);
        const int input = ::open("/dev/null", O_RDONLY);
        const int error = ::open(command_.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        const int output = ::open(output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        ::dup2(input, STDIN_FILENO);
        ::dup2(output, STDOUT_FILENO);
        ::dup2(error, STDERR_FILENO);
        ::close_range(3, ~0U, 0);
        ::execvpe(argv[0], argv.data(), envp.data());
        ::_exit(127);
    }
}

Process::~Process() {
    if (running()) kill();
}

bool Process::running() {
    return !wait(Milliseconds{0});
}

void Process::send(int signal) const {
    if (!exit_code_) ::kill(pid_, signal);
}

void Process::kill() {
    if (exit_code_) return;
    ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    exit_code_ = code_of(status);
}

void Process::freeze() {
    send(SIGSTOP);
    int status = 0;
    // Its threads go on for a moment after the signal was sent.
    while (::waitpid(pid_, &status, WUNTRACED) < 0 && errno == EINTR) {
    }
    if (WIFSTOPPED(status)) return;
    exit_code_ = code_of(status);
    throw std::runtime_error(command_.program + " ended instead of standing still");
}

void Process::thaw() const {
    send(SIGCONT);
}

std::optional<int> Process::wait(Milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!exit_code_) {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            exit_code_ = code_of(status);
            break;
        }
        if (std::chrono::steady_clock::now() >= deadline) return std::nullopt;
        std::this_thread::sleep_for(poll_period);
    }
    return exit_code_;
}

std::string Process::log() const {
    return read_file(command_.log_file);
}

std::string Process::output() const {
    return read_file(command_.log_file + ".out");
}

json::Document Process::await_event(std::string_view event, Milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (true) {
        const bool last_look = !running() || std::chrono::steady_clock::now() >= deadline;
        for (const auto& line : lines_of(log())) {
            auto document = json::Document::parse(line);
            if (document && (*document)["event"].string() == event) return std::move(*document);
        }
        if (last_look) break;
        std::this_thread::sleep_for(poll_period);
    }
    auto text = log();
    if (text.size() > 2000) text.erase(0, text.size() - 2000);
    const auto state = exit_code_ ? " ended with " + std::to_string(*exit_code_) : std::string{" is silent"};
    throw std::runtime_error(
        command_.program + state + " before it wrote " + std::string{event} + "; its log ends with:\n" + text);
}

Ended run(Command command, Milliseconds patience) {
    Process process{std::move(command)};
    const auto code = process.wait(patience);
    if (!code) throw std::runtime_error("still running, log: " + process.log());
    return {.exit_code = *code, .output = process.output(), .log = process.log()};
}

std::string read_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void write_file(const std::string& path, std::string_view text) {
    std::ofstream file{path, std::ios::binary | std::ios::trunc};
    file << text;
    if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        if (end > 0) lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

int free_port() {
    static std::mt19937 random{std::random_device{}()};
    std::uniform_int_distribution<int> ports{20'000, 32'000};
    for (int attempt = 0; attempt < 200; ++attempt) {
        const int port = ports(random);
        const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int bound = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        ::close(descriptor);
        if (bound == 0) return port;
    }
    throw std::runtime_error("no free port between 20000 and 32000");
}

TemporaryDirectory::TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hirewire-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp: " + pattern);
    path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
    if (std::getenv("HIREWIRE_KEEP_TEST_FILES") != nullptr) return;
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace hirewire::testing
