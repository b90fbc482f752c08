#include "tools/hirewire/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "common/config/schema.hpp"

namespace hirewire::cli {
namespace {

constexpr std::size_t usual_width = 100;
constexpr Milliseconds between_lines{10'000};
constexpr const char* clear_line = "\r\033[K";

volatile std::sig_atomic_t asked_to_end = 0;

void on_signal(int) {
    asked_to_end = 1;
}

const char* code_of(Colour colour) {
    switch (colour) {
        case Colour::red:
            return "\033[31m";
        case Colour::yellow:
            return "\033[33m";
        case Colour::green:
            return "\033[32m";
        case Colour::grey:
            return "\033[90m";
        case Colour::bold:
            return "\033[1m";
    }
    return "";
}

bool continues_a_character(char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

std::size_t characters_in(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return !continues_a_character(c); }));
}

// How many bytes the control character has that begins here; 0 = none does.
std::size_t control_at(std::string_view text, std::size_t at) {
    const auto first = static_cast<unsigned char>(text[at]);
    if (first < 0x20U || first == 0x7fU) return 1;
    if (first != 0xc2U || at + 1 == text.size()) return 0;
    const auto second = static_cast<unsigned char>(text[at + 1]);
    return second >= 0x80U && second <= 0x9fU ? 2 : 0;
}

}  // namespace

bool on_terminal(int descriptor) {
    return isatty(descriptor) != 0;
}

std::size_t width_of(int descriptor) {
    winsize size{};
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return usual_width;
    return size.ws_col;
}

bool colours_wanted(bool terminal, const char* no_color, const char* term) {
    if (!terminal) return false;
    if (no_color != nullptr && *no_color != '\0') return false;
    return term != nullptr && *term != '\0' && std::string_view{term} != "dumb";
}

bool colours_on() {
    return colours_wanted(on_terminal(STDOUT_FILENO), std::getenv("NO_COLOR"), std::getenv("TERM"));
}

std::string painted(std::string_view text, Colour colour, bool colours) {
    if (!colours) return std::string{text};
    return code_of(colour) + std::string{text} + "\033[0m";
}

std::string bar(std::int64_t done, std::int64_t of, std::size_t width) {
    const auto part = std::clamp<std::int64_t>(done, 0, std::max<std::int64_t>(of, 0));
    const double share = of > 0 ? static_cast<double>(part) / static_cast<double>(of) : 0;
    const auto full = static_cast<std::size_t>(share * static_cast<double>(width));
    return "[" + std::string(full, '=') + std::string(width - full, ' ') + "]";
}

std::string clean(std::string_view text) {
    std::string shown;
    shown.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto control = control_at(text, at);
        shown += control > 0 ? '?' : text[at];
        at += std::max(control, std::size_t{1});
    }
    return shown;
}

std::string clipped(std::string_view text, std::size_t width) {
    constexpr std::string_view dots = "...";
    const std::string whole = clean(text);
    std::string shown;
    const bool all = characters_in(whole) <= width;
    const std::size_t room = all || width < dots.size() ? width : width - dots.size();
    std::size_t characters = 0;
    for (const char c : whole) {
        if (!continues_a_character(c) && characters++ == room) break;
        shown += c;
    }
    if (!all && width >= dots.size()) shown += dots;
    return shown;
}

std::string aligned(std::vector<std::vector<std::string>> rows) {
    std::vector<std::size_t> widths;
    for (auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            row[i] = clean(row[i]);
            widths[i] = std::max(widths[i], characters_in(row[i]));
        }
    }
    std::string text;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            text += row[i];
            if (i + 1 < row.size()) text.append(widths[i] + 2 - characters_in(row[i]), ' ');
        }
        while (text.ends_with(' ')) text.pop_back();
        text += '\n';
    }
    return text;
}

std::string grouped(std::int64_t number) {
    std::string digits = std::to_string(number);
    const std::size_t first = number < 0 ? 1 : 0;
    for (std::size_t at = digits.size(); at > first + 3;) {
        at -= 3;
        digits.insert(at, 1, ',');
    }
    return digits;
}

Progress::Progress(bool silent) : silent_{silent}, drawn_in_place_{on_terminal(STDERR_FILENO)} {
    next_line_ = SystemClock{}.monotonic() + between_lines;
}

Progress::~Progress() {
    clear();
}

void Progress::show(const std::string& bar, const std::string& words) {
    if (silent_) return;
    if (drawn_in_place_) {
        const std::string line = bar.empty() ? words : bar + " " + words;
        std::fprintf(stderr, "%s%s", clear_line, clipped(line, width_of(STDERR_FILENO) - 1).c_str());
        drawn_ = true;
        return;
    }
    const auto now = SystemClock{}.monotonic();
    if (now < next_line_) return;
    next_line_ = now + between_lines;
    std::fprintf(stderr, "%s\n", clean(words).c_str());
}

void Progress::say(const std::string& line) {
    clear();
    if (!silent_) std::fprintf(stderr, "%s\n", clean(line).c_str());
}

void Progress::clear() {
    if (std::exchange(drawn_, false)) std::fprintf(stderr, "%s", clear_line);
}

bool confirmed(const std::string& question, bool yes) {
    if (yes) return true;
    if (!on_terminal(STDIN_FILENO)) {
        throw config::Error{question + " Nobody can be asked here: give --yes, too."};
    }
    std::fprintf(stderr, "%s Go on? [y/N] ", question.c_str());
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

Interrupts::Interrupts() {
    asked_to_end = 0;
    std::signal(SIGINT, &on_signal);
    std::signal(SIGTERM, &on_signal);
}

Interrupts::~Interrupts() {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
}

bool interrupted() {
    return asked_to_end != 0;
}

}  // namespace hirewire::cli
