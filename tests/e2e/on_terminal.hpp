#pragma once
// A program on a pseudo-terminal: what a person would see of it, and what they type. The child dies with the object.
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/time.hpp"

namespace hirewire::testing {

class OnTerminal {
public:
    // `environment` is all that the program gets. Throws std::runtime_error when it cannot be started.
    OnTerminal(
        const std::string& program,
        std::vector<std::string> arguments,
        const std::map<std::string, std::string>& environment) {
        // All of it before the fork: the child may only make system calls.
        arguments.insert(arguments.begin(), program);
        std::vector<std::string> variables;
        for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
        auto argv = pointers_of(arguments);
        auto envp = pointers_of(variables);
        winsize size{};
        size.ws_row = 40;
        size.ws_col = 160;
        pid_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
        if (pid_ < 0) throw std::runtime_error("forkpty: " + std::string{std::strerror(errno)});
        if (pid_ == 0) {
            ::execve(program.c_str(), argv.data(), envp.data());
            ::_exit(127);
        }
    }
    OnTerminal(const OnTerminal&) = delete;
    OnTerminal& operator=(const OnTerminal&) = delete;
    ~OnTerminal() {
        if (!ended_) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        ::close(terminal_);
    }

    // As if somebody had typed it; "\003" is Ctrl-C.
    void type(std::string_view text) {
        if (::write(terminal_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
            throw std::runtime_error("the terminal takes nothing");
        }
    }
    // Reads on until the screen has shown `text`.
    void await(std::string_view text, Milliseconds patience = Milliseconds{30'000}) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (shown_.find(text) == std::string::npos) {
            if (!read_more(deadline)) {
                throw std::runtime_error("the terminal never showed \"" + std::string{text} + "\" but:\n" + shown_);
            }
        }
    }
    // The exit code once all was read; throws when the program goes on for longer.
    int wait(Milliseconds patience = Milliseconds{60'000}) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (read_more(deadline)) {
        }
        if (std::chrono::steady_clock::now() >= deadline) throw std::runtime_error("still running:\n" + shown_);
        int status = 0;
        ::waitpid(pid_, &status, 0);
        ended_ = true;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    // All bytes so far.
    [[nodiscard]] const std::string& shown() const { return shown_; }

private:
    static std::vector<char*> pointers_of(std::vector<std::string>& texts) {
        std::vector<char*> pointers;
        for (auto& text : texts) pointers.push_back(text.data());
        pointers.push_back(nullptr);
        return pointers;
    }
    // False at the end of the program, and of the time.
    bool read_more(Instant deadline) {
        const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now()).count();
        if (left <= 0) return false;
        pollfd watched{};
        watched.fd = terminal_;
        watched.events = POLLIN;
        if (::poll(&watched, 1, static_cast<int>(left)) <= 0) return false;
        char buffer[4096];
        // Linux answers EIO when the last process of a terminal has closed it.
        const auto n = ::read(terminal_, buffer, sizeof buffer);
        if (n <= 0) return false;
        shown_.append(buffer, static_cast<std::size_t>(n));
        return true;
    }

    pid_t pid_ = -1;
    int terminal_ = -1;
    bool ended_ = false;
    std::string shown_{};
};

}  // namespace hirewire::testing
