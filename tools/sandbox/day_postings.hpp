#pragma once
// The day's postings as they open, change and close. Lever announces none of it, so each move is followed by two runs
// that are asked for: lever-source lists the postings, and sync-theorg tells The Org.
#include <functional>
#include <string>
#include <vector>

#include "common/core/time.hpp"
#include "tools/sandbox/day_control.hpp"
#include "tools/sandbox/day_feed.hpp"
#include "tools/sandbox/day_report.hpp"

namespace hirewire::sandbox {

class PostingStories {
public:
    // Answers the id of the run that it asked for.
    using Ask = std::function<std::string(const std::string& kind)>;

    // `destinations`: of those that are told of postings; without any, nothing is played.
    PostingStories(std::vector<std::string> destinations, Milliseconds patience, Control& control, Ask ask);

    [[nodiscard]] bool over() const { return at_ == parts_.size(); }
    [[nodiscard]] const Act& act() const { return act_; }

    // Makes the move and asks for the run whose time has come, and gives up what took too long.
    void move_on(Instant now);
    void hear(const Decided& decided);
    void hear(const Ended& ended, Instant now);

private:
    // A transition, by story and place in it.
    struct Part {
        std::size_t story = 0;
        std::size_t step = 0;
    };

    [[nodiscard]] Transition& transition() { return act_.stories[parts_[at_].story].transitions[parts_[at_].step]; }
    [[nodiscard]] bool is_told_to(const std::string& destination) const;
    void make(Instant now);
    void want(const std::string& kind, Instant when);

    Control& control_;
    Ask ask_;
    Milliseconds patience_;
    Act act_;
    std::vector<Part> parts_;  // one after the other
    std::size_t at_ = 0;
    std::string posting_{};  // the one that is moved now
    Instant made_at_{};
    std::string run_id_{};    // asked for, and not ended
    std::string run_kind_{};  // of that, or of the next one
    Instant ask_at_{};
};

}  // namespace hirewire::sandbox
