#pragma once
// What a person at a terminal sees and a program does not: colours, bars that are drawn in place, questions. Without
// a terminal there are plain lines, and nobody is asked.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/time.hpp"

namespace hirewire::cli {

// Of a file descriptor such as STDOUT_FILENO.
bool on_terminal(int descriptor);
// Columns; 100 where nobody says.
std::size_t width_of(int descriptor);

// Pure: https://no-color.org, and terminals that cannot.
bool colours_wanted(bool terminal, const char* no_color, const char* term);
// Of standard output, by the environment.
bool colours_on();

enum class Colour { red, yellow, green, grey, bold };
// `text` as it is when colours are off.
std::string painted(std::string_view text, Colour colour, bool colours);

// "[======      ]"; of nothing, nothing is done.
std::string bar(std::int64_t done, std::int64_t of, std::size_t width = 24);
// What others have written, harmless: each control character, which could steer a terminal, is shown as "?". Those
// are C0 with tab and line feed, DEL, and C1 in UTF-8.
std::string clean(std::string_view text);
// Clean, and not longer than so many characters; "..." stands for what is left out. UTF-8 stays whole.
std::string clipped(std::string_view text, std::size_t width);
// Columns as wide as their widest cell, two spaces between them; the last one is not padded. Every cell is made
// clean, so a line is painted as a whole, afterwards.
std::string aligned(std::vector<std::vector<std::string>> rows);
// "1,234,567"
std::string grouped(std::int64_t number);

// One line on standard error that is drawn in place on a terminal, and every ten seconds without one. Silent when
// told so.
class Progress {
public:
    explicit Progress(bool silent);
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress();  // clears
    // `bar` goes before the words on a terminal only.
    void show(const std::string& bar, const std::string& words);
    // A line that stays.
    void say(const std::string& line);
    void clear();

private:
    bool silent_;
    bool drawn_in_place_;
    bool drawn_ = false;
    Instant next_line_{};
};

// Asks on standard error and reads a line: true for y or yes. With `yes` nobody is asked. Throws config::Error, which
// says that --yes is wanted, when standard input is no terminal.
bool confirmed(const std::string& question, bool yes);

// While one exists, Ctrl-C and SIGTERM end nothing by themselves but are seen by interrupted().
class Interrupts {
public:
    Interrupts();
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;
    ~Interrupts();
};
bool interrupted();

}  // namespace hirewire::cli
