#pragma once
// hirewire pause and hirewire resume, pure: how an operator's word is said in hiring.runs, and what holds by it. One
// key for each destination, so that compaction keeps the newest word, and it holds across restarts.
#include <cstdint>
#include <string>
#include <string_view>

#include "hirewire/v1/run.pb.h"

namespace hirewire::sync {

// Of hiring.runs: the kind of an operator's word about a destination as a whole.
inline constexpr std::string_view pause_kind = "pause";

enum class Word { pause, resume };

// STARTED: nothing is sent to the destination; FINISHED: it goes on. `who` said so is the record's checkpoint: one
// line of 200 characters at most, with ? for what is not ASCII.
v1::Run word_of(Word word, const std::string& destination, std::string_view who, std::int64_t at_ms);

class PauseBook {
public:
    explicit PauseBook(std::string destination);
    enum class News { nothing, paused, goes_on };
    // Every record of hiring.runs, in the order of the topic. `goes_on` also when nothing was paused: it ends a hold.
    News add(const v1::Run& run);
    [[nodiscard]] bool paused() const { return paused_; }
    // Of the newest word; "" and 0 when there was none.
    [[nodiscard]] const std::string& who() const { return who_; }
    [[nodiscard]] std::int64_t at_ms() const { return at_ms_; }

private:
    std::string key_;
    bool paused_ = false;
    std::string who_{};
    std::int64_t at_ms_ = 0;
};

}  // namespace hirewire::sync
