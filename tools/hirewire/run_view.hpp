#pragma once
// A run that an operator asks for, as the command line sees it: which flags it may have, what is asked before it is
// forced, how it is getting on by hiring.runs, and what is said at its end. Pure.
#include <string>

#include "hirewire/v1/run.pb.h"

namespace hirewire::cli {

// Throws config::Error for a flag that this kind of run does not have.
void check_flags(const std::string& kind, bool force, bool csv);
// What may happen when a run of this kind is forced.
std::string force_question(const std::string& kind);

// What a record of hiring.runs says to who waits for a run.
class RunWatch {
public:
    RunWatch(std::string run_id, std::string kind);

    // `alive`: the service that does such runs is there, with this one or another; `progress`: and tells how far it
    // is; `ended`: this run has, well or not.
    enum class Heard { nothing, alive, progress, ended };
    Heard hear(const v1::Run& run);
    // One sentence for who has waited in vain: what becomes of the run, and why nothing is known of it.
    [[nodiscard]] std::string why_no_end() const;

private:
    std::string run_id_;
    std::string kind_;
    bool alive_ = false;
};

// "sweep: 300 opportunities so far"
std::string progress_of(const v1::Run& run);
// "the run sweep failed; the log of lever-source says why"
std::string failure_of(const v1::Run& run);
// Of one that is finished: "sweep finished in 0.1 s: 20 opportunities, 1 pages", and the same for programs.
std::string run_report(const v1::Run& run);
std::string run_json(const v1::Run& run);

}  // namespace hirewire::cli
