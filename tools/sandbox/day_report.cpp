#include "tools/sandbox/day_report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace hirewire::sandbox {
namespace {

std::string left(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
}

std::string right(std::string text, std::size_t width) {
    if (text.size() < width) text.insert(0, width - text.size(), ' ');
    return text;
}

std::string painted(const std::string& text, std::string_view code, Colour colour) {
    if (colour == Colour::no || code.empty()) return text;
    return "\x1b[" + std::string{code} + "m" + text + "\x1b[0m";
}

constexpr std::string_view dim = "2";
constexpr std::string_view bold = "1";
constexpr std::string_view green = "32";
constexpr std::string_view yellow = "33";
constexpr std::string_view red = "31";

std::string_view colour_of(std::string_view outcome) {
    if (outcome == "applied") return green;
    if (outcome == "unchanged" || outcome == "skipped" || outcome == "superseded" || outcome == "shadow") return dim;
    return outcome == "dead" || outcome == "missing" ? red : yellow;
}

std::string in_ms(std::int64_t ms) {
    return std::to_string(ms) + " ms";
}

std::string rule(std::size_t width) {
    std::string line;
    for (std::size_t i = 0; i < width; ++i) line += "─";
    return line;
}

struct Cell {
    std::string outcome{};
    std::string time{};
};

Cell cell_of(const Transition& transition, const std::string& destination) {
    const auto found = transition.arrivals.find(destination);
    if (found != transition.arrivals.end())
        return {.outcome = found->second.outcome, .time = std::to_string(found->second.ms)};
    return {.outcome = transition.at == 0 ? "-" : "missing"};
}

struct Widths {
    std::size_t label = 0;
    std::size_t kind = 0;
    std::size_t status = 0;
    std::map<std::string, std::size_t> outcome{};
    std::map<std::string, std::size_t> time{};

    [[nodiscard]] std::size_t cell(const std::string& destination) const {
        return std::max(destination.size(), outcome.at(destination) + 2 + time.at(destination));
    }
    [[nodiscard]] std::size_t transition() const {
        return std::max(std::string_view{"transition"}.size(), kind + 2 + status);
    }
};

Widths measure(const Act& act) {
    const auto& [subject, destinations, stories] = act;
    Widths widths;
    widths.label = subject.size();
    for (const auto& destination : destinations) widths.outcome[destination] = widths.time[destination] = 0;
    for (const auto& story : stories) {
        widths.label = std::max(widths.label, story.label.size());
        for (const auto& transition : story.transitions) {
            widths.kind = std::max(widths.kind, transition.step.kind.size());
            widths.status = std::max(widths.status, transition.step.status.size());
            for (const auto& destination : destinations) {
                const auto cell = cell_of(transition, destination);
                widths.outcome[destination] = std::max(widths.outcome[destination], cell.outcome.size());
                widths.time[destination] = std::max(widths.time[destination], cell.time.size());
            }
        }
    }
    return widths;
}

struct Tally {
    std::map<std::string, int> outcomes{};
    std::vector<std::int64_t> times{};
};

std::vector<const Transition*> told_to(const std::vector<Act>& acts, const std::string& destination) {
    std::vector<const Transition*> all;
    for (const auto& act : acts) {
        const auto& told = act.destinations;
        if (std::find(told.begin(), told.end(), destination) == told.end()) continue;
        for (const auto& story : act.stories) {
            for (const auto& transition : story.transitions) all.push_back(&transition);
        }
    }
    return all;
}

// Times of what the destination was told; of everything where it was told nothing.
Tally tally_of(const std::vector<Act>& acts, const std::string& destination) {
    Tally tally;
    std::vector<std::int64_t> all;
    for (const auto* transition : told_to(acts, destination)) {
        const auto found = transition->arrivals.find(destination);
        if (found == transition->arrivals.end()) {
            if (transition->at != 0) ++tally.outcomes["missing"];
            continue;
        }
        const auto& arrival = found->second;
        ++tally.outcomes[arrival.outcome];
        all.push_back(arrival.ms);
        if (arrival.outcome == "applied" || arrival.outcome == "unchanged") tally.times.push_back(arrival.ms);
    }
    if (tally.times.empty()) tally.times = std::move(all);
    std::sort(tally.times.begin(), tally.times.end());
    return tally;
}

// In the order in which a reader asks for them.
std::string counts(const Tally& tally) {
    std::string text;
    const auto add = [&](const std::string& outcome, int count) {
        text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + outcome;
    };
    constexpr std::array<const char*, 3> first{"applied", "unchanged", "skipped"};
    for (const auto* outcome : first) {
        const auto found = tally.outcomes.find(outcome);
        if (found != tally.outcomes.end()) add(outcome, found->second);
    }
    for (const auto& entry : tally.outcomes) {
        if (std::find(first.begin(), first.end(), entry.first) == first.end()) add(entry.first, entry.second);
    }
    return text.empty() ? "nothing" : text;
}

std::string seconds(Milliseconds time) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(time.count()) / 1000);
    return text.data();
}

}  // namespace

std::string headline(const std::vector<Act>& acts, Milliseconds took, Colour colour) {
    std::size_t transitions = 0;
    std::string cast;
    for (const auto& act : acts) {
        const auto count = act.stories.size();
        cast += std::to_string(count) + " " + act.subject + (count == 1 ? "" : "s") + ", ";
        for (const auto& story : act.stories) transitions += story.transitions.size();
    }
    return "\n  " + painted("A hiring day", bold, colour) + ": " + cast + std::to_string(transitions) +
           " transitions, " + seconds(took) + "; below, milliseconds from each to its outcome\n";
}

std::string table(const Act& act, Colour colour) {
    const auto& [subject, destinations, stories] = act;
    const auto widths = measure(act);
    std::string out = "\n";
    std::string head = "  " + left(subject, widths.label) + "  " + left("transition", widths.transition());
    std::string line = "  " + rule(widths.label) + "  " + rule(widths.transition());
    for (const auto& destination : destinations) {
        const bool last = &destination == &destinations.back();
        head += "  " + (last ? destination : left(destination, widths.cell(destination)));
        line += "  " + rule(widths.cell(destination));
    }
    out += painted(head, bold, colour) + "\n" + painted(line, dim, colour) + "\n";
    for (const auto& story : stories) {
        std::string label = story.label;
        for (const auto& transition : story.transitions) {
            const auto what = left(transition.step.kind, widths.kind) + "  " + transition.step.status;
            out += "  " + left(label, widths.label) + "  " + left(what, widths.transition());
            label.clear();
            for (const auto& destination : destinations) {
                const auto cell = cell_of(transition, destination);
                const auto outcome = left(cell.outcome, widths.outcome.at(destination));
                const auto time_width = widths.cell(destination) - widths.outcome.at(destination) - 2;
                out += "  " + painted(outcome, colour_of(cell.outcome), colour) + "  " + right(cell.time, time_width);
            }
            while (out.ends_with(' ')) out.pop_back();
            out += "\n";
        }
    }
    return out;
}

std::string summary(const std::vector<Act>& acts, const std::vector<Verdict>& verdicts, Colour colour) {
    std::size_t name_width = 0;
    std::size_t count_width = 0;
    std::size_t median_width = 0;
    std::size_t slowest_width = 0;
    struct Row {
        std::string counts{};
        std::string median = "-";
        std::string slowest = "-";
    };
    std::vector<Row> rows;
    for (const auto& verdict : verdicts) {
        const auto tally = tally_of(acts, verdict.destination);
        Row row{.counts = counts(tally)};
        if (!tally.times.empty()) {
            row.median = in_ms(tally.times[tally.times.size() / 2]);
            row.slowest = in_ms(tally.times.back());
        }
        name_width = std::max(name_width, verdict.destination.size());
        count_width = std::max(count_width, row.counts.size());
        median_width = std::max(median_width, row.median.size());
        slowest_width = std::max(slowest_width, row.slowest.size());
        rows.push_back(std::move(row));
    }
    std::string out = "\n";
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        const auto& verdict = verdicts[i];
        const bool equal = verdict.differences.empty();
        out += "  " + painted(left(verdict.destination, name_width), bold, colour) + "  " +
               left(rows[i].counts, count_width) + "  median " + right(rows[i].median, median_width) + ", slowest " +
               right(rows[i].slowest, slowest_width) + "  " +
               painted(equal ? "state equals Lever's" : "state differs from Lever's", equal ? green : red, colour) +
               ", " +
               (verdict.violations == 0 ? "0 violations"
                                        : painted(std::to_string(verdict.violations) + " violations", red, colour)) +
               "\n";
        for (const auto& difference : verdict.differences) out += "      " + difference + "\n";
    }
    return out;
}

std::vector<std::string> missing(const Act& act) {
    std::vector<std::string> sentences;
    for (const auto& story : act.stories) {
        for (const auto& transition : story.transitions) {
            if (transition.at == 0) continue;
            std::string where;
            for (const auto& destination : act.destinations) {
                if (!transition.arrivals.contains(destination)) where += (where.empty() ? "" : ", ") + destination;
            }
            if (where.empty()) continue;
            const auto& step = transition.step;
            const auto what = story.label + ", " + step.kind + (step.status.empty() ? "" : " (" + step.status + ")");
            sentences.push_back(
                transition.change_id.empty() ? what + ": no change came out of lever-source"
                                             : what + ": no outcome at " + where);
        }
    }
    return sentences;
}

}  // namespace hirewire::sandbox
