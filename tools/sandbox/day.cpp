#include "tools/sandbox/day.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "common/json/writer.hpp"
#include "tools/sandbox/day_check.hpp"
#include "tools/sandbox/day_control.hpp"
#include "tools/sandbox/day_feed.hpp"
#include "tools/sandbox/day_report.hpp"
#include "tools/sandbox/day_script.hpp"
#include "tools/sandbox/moment.hpp"

namespace hirewire::sandbox {
namespace {

// How long one look into the topics waits when nothing is there.
constexpr Milliseconds look{20};

// The stories as they unfold: each candidate's next step begins when the one before has arrived everywhere.
class Day {
public:
    Day(const DaySettings& settings, Control& control)
        : settings_{settings}, control_{control}, candidates_{hiring_day(SystemClock{}.now())} {
        for (const auto& candidate : candidates_) {
            Story story{.label = candidate.label};
            for (const auto& step : candidate.steps) story.transitions.push_back({.step = step});
            total_ += story.transitions.size();
            stories_.push_back(std::move(story));
            progress_.push_back({});
            subjects_.push_back({.label = candidate.label, .at_cluster = candidate.at_cluster});
        }
    }

    [[nodiscard]] bool over() const {
        return std::all_of(progress_.begin(), progress_.end(), [](const Progress& p) { return p.ended; });
    }
    [[nodiscard]] const std::vector<Story>& stories() const { return stories_; }
    [[nodiscard]] const std::vector<Subject>& subjects() const { return subjects_; }
    [[nodiscard]] std::string progress_text() const;

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
        return transition.arrivals.size() == settings_.destinations.size();
    }
    void make(std::size_t index, Transition& transition);
    void settle(Transition& transition);

    const DaySettings& settings_;
    Control& control_;
    std::vector<Candidate> candidates_;
    std::vector<Story> stories_;
    std::vector<Progress> progress_;
    std::vector<Subject> subjects_;
    std::map<std::string, std::map<std::string, Arrival>> heard_;  // by change id, then destination
    std::size_t total_ = 0;
};

std::string Day::progress_text() const {
    std::size_t done = 0;
    std::string waiting;
    for (const auto& story : stories_) {
        for (const auto& transition : story.transitions) {
            if (arrived(transition))
                ++done;
            else if (transition.at != 0)
                waiting += (waiting.empty() ? "" : ", ") + story.label;
        }
    }
    return "  " + std::to_string(done) + " of " + std::to_string(total_) + " transitions have arrived" +
           (waiting.empty() ? "" : ", on the way: " + waiting);
}

void Day::move_on(Instant now) {
    for (std::size_t i = 0; i < stories_.size(); ++i) {
        auto& progress = progress_[i];
        auto& transitions = stories_[i].transitions;
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

void Day::make(std::size_t index, Transition& transition) {
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

void Day::hear(const Emitted& emitted) {
    for (std::size_t i = 0; i < stories_.size(); ++i) {
        if (subjects_[i].opportunity != emitted.opportunity) continue;
        for (auto& transition : stories_[i].transitions) {
            const bool expected = transition.at != 0 && transition.change_id.empty() &&
                                  transition.step.kind == emitted.kind && emitted.occurred_at >= transition.at;
            if (!expected) continue;
            transition.change_id = emitted.change_id;
            settle(transition);
            return;
        }
    }
}

void Day::hear(const Decided& decided) {
    if (!decided.final) return;
    // The first decision is the one that took effect; a repetition after a restart is not news.
    heard_[decided.change_id].try_emplace(
        decided.destination, Arrival{.outcome = decided.outcome, .ms = decided.latency_ms});
    for (auto& story : stories_) {
        for (auto& transition : story.transitions) {
            if (transition.change_id == decided.change_id) settle(transition);
        }
    }
}

void Day::settle(Transition& transition) {
    for (const auto& entry : heard_[transition.change_id]) {
        const auto& wanted = settings_.destinations;
        if (std::find(wanted.begin(), wanted.end(), entry.first) != wanted.end()) {
            transition.arrivals.insert(entry);
        }
    }
}

std::vector<Verdict> judge(const DaySettings& settings, const Day& day, Control& control) {
    std::vector<Verdict> verdicts;
    const auto lever = control.get("/opportunities");
    for (const auto& destination : settings.destinations) {
        const auto state = control.get("/" + destination + "/state");
        const auto violations = control.get("/" + destination + "/violations");
        verdicts.push_back(
            {.destination = destination,
             .differences = differences(destination, day.subjects(), lever.root(), state.root()),
             .violations = violations.root().items().size()});
    }
    return verdicts;
}

}  // namespace

int play_day(const DaySettings& settings) {
    const kafka::Settings kafka_settings{
        .brokers = settings.brokers, .topic_prefix = settings.topic_prefix, .fetch_wait = Milliseconds{10}};
    Control control{settings.lever_url};
    control.get("/people");  // a sandbox that is not there is told before a broker is looked for
    Feed feed{kafka_settings};
    Day day{settings, control};

    const bool show_progress = isatty(STDERR_FILENO) != 0;
    const auto began = SystemClock{}.monotonic();
    std::string shown;
    while (!day.over()) {
        day.move_on(SystemClock{}.monotonic());
        if (const auto heard = feed.next(look)) {
            std::visit([&](const auto& notice) { day.hear(notice); }, *heard);
        }
        if (auto text = day.progress_text(); show_progress && text != shown) {
            std::cerr << "\r\x1b[K" << text << std::flush;
            shown = std::move(text);
        }
    }
    if (show_progress) std::cerr << "\r\x1b[K" << std::flush;
    const auto took = std::chrono::duration_cast<Milliseconds>(SystemClock{}.monotonic() - began);

    const auto colour = isatty(STDOUT_FILENO) != 0 ? Colour::yes : Colour::no;
    const auto verdicts = judge(settings, day, control);
    const auto lost = missing(day.stories(), settings.destinations);
    std::cout << table(day.stories(), settings.destinations, took, colour) << summary(day.stories(), verdicts, colour)
              << std::endl;
    for (const auto& sentence : lost) std::cerr << "missing: " << sentence << '\n';
    const bool all_well = std::all_of(verdicts.begin(), verdicts.end(), [](const Verdict& v) {
        return v.differences.empty() && v.violations == 0;
    });
    return lost.empty() && all_well ? 0 : 1;
}

}  // namespace hirewire::sandbox
