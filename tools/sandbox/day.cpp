#include "tools/sandbox/day.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "common/json/writer.hpp"
#include "tools/sandbox/day_check.hpp"
#include "tools/sandbox/day_control.hpp"
#include "tools/sandbox/day_feed.hpp"
#include "tools/sandbox/day_postings.hpp"
#include "tools/sandbox/day_report.hpp"
#include "tools/sandbox/day_runs.hpp"
#include "tools/sandbox/day_script.hpp"
#include "tools/sandbox/moment.hpp"

namespace hirewire::sandbox {
namespace {

// How long one look into the topics waits when nothing is there.
constexpr Milliseconds look{20};

// Of the destinations that are waited for, those that are among `all`, in this order.
std::vector<std::string> wanted_of(const std::vector<std::string>& all, const DaySettings& settings) {
    const auto& wanted = settings.destinations;
    std::vector<std::string> both;
    for (const auto& one : all) {
        if (std::find(wanted.begin(), wanted.end(), one) != wanted.end()) both.push_back(one);
    }
    return both;
}

// The candidates' stories as they unfold: each one's next step begins when the one before has arrived everywhere.
class CandidateStories {
public:
    CandidateStories(const DaySettings& settings, Control& control)
        : settings_{settings}, control_{control}, candidates_{hiring_day(SystemClock{}.now())} {
        act_.subject = "candidate";
        act_.destinations = wanted_of({"clara", "cluster", "cleary", "clinch"}, settings);
        if (act_.destinations.empty()) return;
        for (const auto& candidate : candidates_) {
            Story story{.label = candidate.label};
            for (const auto& step : candidate.steps) story.transitions.push_back({.step = step});
            act_.stories.push_back(std::move(story));
            progress_.push_back({});
            subjects_.push_back({.label = candidate.label, .at_cluster = candidate.at_cluster});
        }
    }

    [[nodiscard]] bool over() const {
        return std::all_of(progress_.begin(), progress_.end(), [](const Progress& p) { return p.ended; });
    }
    [[nodiscard]] const Act& act() const { return act_; }
    [[nodiscard]] const std::vector<Subject>& subjects() const { return subjects_; }

    // Makes every move whose time has come, and gives up those that took too long.
    void move_on(Instant now);
    void hear(const Emitted& emitted);
    void hear(const Decided& decided);

private:
    struct Progress {
        std::size_t next = 0;  // the first transition that is not made yet
        Instant made_at{};
        bool ended = false;
    };

    [[nodiscard]] bool arrived(const Transition& transition) const {
        return transition.arrivals.size() == act_.destinations.size();
    }
    void make(std::size_t index, Transition& transition);
    void settle(Transition& transition);

    const DaySettings& settings_;
    Control& control_;
    std::vector<Candidate> candidates_;
    Act act_;
    std::vector<Progress> progress_;
    std::vector<Subject> subjects_;
    std::map<std::string, std::map<std::string, Arrival>> heard_;  // by change id, then destination
};

std::string progress_text(const std::vector<Act>& acts) {
    std::size_t done = 0;
    std::size_t total = 0;
    std::string waiting;
    for (const auto& act : acts) {
        for (const auto& story : act.stories) {
            total += story.transitions.size();
            for (const auto& transition : story.transitions) {
                if (transition.arrivals.size() == act.destinations.size())
                    ++done;
                else if (transition.at != 0)
                    waiting += (waiting.empty() ? "" : ", ") + story.label;
            }
        }
    }
    return "  " + std::to_string(done) + " of " + std::to_string(total) + " transitions have arrived" +
           (waiting.empty() ? "" : ", on the way: " + waiting);
}

void CandidateStories::move_on(Instant now) {
    for (std::size_t i = 0; i < act_.stories.size(); ++i) {
        auto& progress = progress_[i];
        auto& transitions = act_.stories[i].transitions;
        if (progress.ended) continue;
        const bool on_the_way = progress.next > 0 && !arrived(transitions[progress.next - 1]);
        if (on_the_way) {
            progress.ended = now - progress.made_at > settings_.patience;
        } else if (progress.next == transitions.size()) {
            progress.ended = true;
        } else {
            make(i, transitions[progress.next]);
            progress.made_at = now;
            ++progress.next;
        }
    }
}

void CandidateStories::make(std::size_t index, Transition& transition) {
    const auto& candidate = candidates_[index];
    auto& subject = subjects_[index];
    if (transition.step.call.empty()) {
        json::Writer body;
        body.begin_object().member("name", candidate.name);
        if (candidate.at_cluster) {
            body.key("cluster").begin_object().member("job", "staff-engineer");
            // Cluster's own ids; any will do, as long as they differ from day to day.
            body.member("candidate", candidate.label + "-" + std::to_string(wall_clock())).end_object();
        }
        body.end_object();
        const auto answer = control_.post("/opportunities", body.text());
        subject.opportunity = answer["id"].string();
        subject.contact = answer["contact"].string();
        transition.at = answer["at"].integer();
        return;
    }
    const auto answer =
        control_.post("/opportunities/" + subject.opportunity + transition.step.call, transition.step.body);
    transition.at = answer["at"].integer();
    subject.ever_hired = subject.ever_hired || transition.step.kind == "hired";
}

void CandidateStories::hear(const Emitted& emitted) {
    for (std::size_t i = 0; i < act_.stories.size(); ++i) {
        if (subjects_[i].opportunity != emitted.opportunity) continue;
        for (auto& transition : act_.stories[i].transitions) {
            const bool expected = transition.at != 0 && transition.change_id.empty() &&
                                  transition.step.kind == emitted.kind && emitted.occurred_at >= transition.at;
            if (!expected) continue;
            transition.change_id = emitted.change_id;
            settle(transition);
            return;
        }
    }
}

void CandidateStories::hear(const Decided& decided) {
    if (!decided.final) return;
    // The first decision is the one that took effect; a repetition after a restart is not news.
    heard_[decided.change_id].try_emplace(
        decided.destination, Arrival{.outcome = decided.outcome, .ms = decided.latency_ms});
    for (auto& story : act_.stories) {
        for (auto& transition : story.transitions) {
            if (transition.change_id == decided.change_id) settle(transition);
        }
    }
}

void CandidateStories::settle(Transition& transition) {
    for (const auto& entry : heard_[transition.change_id]) {
        const auto& wanted = act_.destinations;
        if (std::find(wanted.begin(), wanted.end(), entry.first) != wanted.end()) {
            transition.arrivals.insert(entry);
        }
    }
}

// Clinch knows people by their addresses.
void add_addresses(std::vector<Subject>& subjects, json::Value people) {
    for (const auto& person : people.items()) {
        for (auto& subject : subjects) {
            if (subject.contact == person["contact"].string()) subject.address = person["email"].string();
        }
    }
}

std::vector<Verdict> judge(const DaySettings& settings, std::vector<Subject> subjects, Control& control) {
    const auto lever = control.get("/opportunities");
    const auto postings = control.get("/postings");
    add_addresses(subjects, control.get("/people").root());
    std::vector<Verdict> verdicts;
    for (const auto& destination : settings.destinations) {
        const auto state = control.get("/" + destination + "/state");
        const auto violations = control.get("/" + destination + "/violations");
        Verdict verdict{.destination = destination};
        verdict.differences = differences(destination, subjects, lever.root(), state.root());
        for (auto& one : job_differences(destination, postings.root(), state.root())) {
            verdict.differences.push_back(std::move(one));
        }
        verdict.violations = violations.root().items().size();
        verdicts.push_back(std::move(verdict));
    }
    return verdicts;
}

// One line that changes, for who looks on.
class ProgressLine {
public:
    ~ProgressLine() {
        if (!shown_.empty()) std::cerr << clear << std::flush;
    }
    ProgressLine() = default;
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void show(std::string text) {
        if (!is_terminal_ || text == shown_) return;
        std::cerr << clear << text << std::flush;
        shown_ = std::move(text);
    }

private:
    static constexpr const char* clear = "\r\x1b[K";
    bool is_terminal_ = isatty(STDERR_FILENO) != 0;
    std::string shown_{};
};

// Plays until everything has arrived or was given up. Answers the acts.
std::vector<Act> play(
    const DaySettings& settings, const kafka::Settings& kafka, Control& control, std::vector<Subject>& subjects) {
    Feed feed{kafka};
    CandidateStories candidates{settings, control};
    const auto ask = [&kafka](const std::string& kind) { return ask_for_run(kafka, kind); };
    PostingStories postings{wanted_of({"theorg", "clinch"}, settings), settings.patience, control, ask};
    ProgressLine line;
    while (!candidates.over() || !postings.over()) {
        const auto now = SystemClock{}.monotonic();
        candidates.move_on(now);
        postings.move_on(now);
        if (const auto heard = feed.next(look)) {
            if (const auto* emitted = std::get_if<Emitted>(&*heard)) candidates.hear(*emitted);
            if (const auto* ended = std::get_if<Ended>(&*heard)) postings.hear(*ended, now);
            if (const auto* decided = std::get_if<Decided>(&*heard)) {
                candidates.hear(*decided);
                postings.hear(*decided);
            }
        }
        line.show(progress_text({candidates.act(), postings.act()}));
    }
    subjects = candidates.subjects();
    return {candidates.act(), postings.act()};
}

}  // namespace

int play_day(const DaySettings& settings) {
    const kafka::Settings kafka_settings{
        .brokers = settings.brokers, .topic_prefix = settings.topic_prefix, .fetch_wait = Milliseconds{10}};
    Control control{settings.lever_url};
    control.get("/people");  // a sandbox that is not there is told before a broker is looked for
    const auto began = SystemClock{}.monotonic();
    std::vector<Subject> subjects;
    auto acts = play(settings, kafka_settings, control, subjects);
    std::erase_if(acts, [](const Act& act) { return act.destinations.empty(); });
    const auto took = std::chrono::duration_cast<Milliseconds>(SystemClock{}.monotonic() - began);

    const auto colour = isatty(STDOUT_FILENO) != 0 ? Colour::yes : Colour::no;
    const auto verdicts = judge(settings, std::move(subjects), control);
    std::cout << headline(acts, took, colour);
    for (const auto& act : acts) std::cout << table(act, colour);
    std::cout << summary(acts, verdicts, colour) << std::endl;
    bool all_well = std::all_of(verdicts.begin(), verdicts.end(), [](const Verdict& v) {
        return v.differences.empty() && v.violations == 0;
    });
    for (const auto& act : acts) {
        for (const auto& sentence : missing(act)) {
            std::cerr << "missing: " << sentence << '\n';
            all_well = false;
        }
    }
    return all_well ? 0 : 1;
}

}  // namespace hirewire::sandbox
