#include "common/sync/pause_book.hpp"

namespace hirewire::sync {
namespace {

constexpr std::size_t longest_who = 200;

std::string key_of(const std::string& destination) {
    return std::string{pause_kind} + "." + destination;
}

// It ends in logs, and anybody may write the topic. Only ASCII: half a letter at the end would make the record
// unreadable.
std::string one_line(std::string_view text) {
    std::string line;
    for (const char c : text.substr(0, longest_who)) {
        const auto code = static_cast<unsigned char>(c);
        line += code >= 0x20 && code < 0x7f ? c : '?';
    }
    return line;
}

}  // namespace

v1::Run word_of(Word word, const std::string& destination, std::string_view who, std::int64_t at_ms) {
    v1::Run run;
    run.set_run_id(key_of(destination));
    run.set_kind(std::string{pause_kind});
    run.set_state(word == Word::pause ? v1::RUN_STATE_STARTED : v1::RUN_STATE_FINISHED);
    run.set_destination(destination);
    run.set_began_ms(at_ms);
    run.set_at_ms(at_ms);
    run.set_checkpoint(one_line(who));
    return run;
}

PauseBook::PauseBook(std::string destination) : key_{key_of(destination)} {}

PauseBook::News PauseBook::add(const v1::Run& run) {
    if (run.kind() != pause_kind || run.run_id() != key_) return News::nothing;
    const bool pauses = run.state() == v1::RUN_STATE_STARTED;
    if (!pauses && run.state() != v1::RUN_STATE_FINISHED) return News::nothing;
    paused_ = pauses;
    who_ = one_line(run.checkpoint());
    at_ms_ = run.at_ms();
    return pauses ? News::paused : News::goes_on;
}

}  // namespace hirewire::sync
