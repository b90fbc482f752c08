// What a newcomer sees first: the hiring day's tables and its rows of destinations.
#include "tools/sandbox/day_report.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace hirewire;
using namespace hirewire::sandbox;

namespace {

Transition transition(const std::string& kind, const std::string& status, std::map<std::string, Arrival> arrivals) {
    Transition made;
    made.step.kind = kind;
    made.step.status = status;
    made.at = 1;
    made.change_id = "c";
    made.arrivals = std::move(arrivals);
    return made;
}

Arrival arrival(const std::string& outcome, std::int64_t ms) {
    Arrival made;
    made.outcome = outcome;
    made.ms = ms;
    return made;
}

Act candidates() {
    Act act;
    act.subject = "candidate";
    act.destinations = {"clara", "clinch"};
    Story story;
    story.label = "Tamsin";
    story.transitions.push_back(transition(
        "applied", "New applicant", {{"clara", arrival("applied", 80)}, {"clinch", arrival("skipped", 7)}}));
    story.transitions.push_back(transition(
        "hired", "from 2026-12-27", {{"clara", arrival("applied", 120)}, {"clinch", arrival("applied", 1'000)}}));
    act.stories.push_back(story);
    return act;
}

Act postings() {
    Act act;
    act.subject = "posting";
    act.destinations = {"theorg", "clinch"};
    Story story;
    story.label = "Gardener";
    story.transitions.push_back(transition(
        "opened", "in Lisbon", {{"theorg", arrival("applied", 900)}, {"clinch", arrival("applied", 650)}}));
    act.stories.push_back(story);
    return act;
}

}  // namespace

TEST_CASE("day report: a row a transition, the columns in line, each act with the destinations that hear of it") {
    CHECK(
        table(candidates(), Colour::no) ==
        "\n"
        "  candidate  transition                clara         clinch\n"
        "  ─────────  ────────────────────────  ────────────  ─────────────\n"
        "  Tamsin     applied  New applicant    applied   80  skipped     7\n"
        "             hired    from 2026-12-27  applied  120  applied  1000\n");
    CHECK(
        table(postings(), Colour::no) ==
        "\n"
        "  posting   transition         theorg        clinch\n"
        "  ────────  ─────────────────  ────────────  ────────────\n"
        "  Gardener  opened  in Lisbon  applied  900  applied  650\n");
}

TEST_CASE("day report: a row a destination counts all that it heard, of candidates and of postings") {
    Verdict wrong{.destination = "theorg"};
    wrong.differences = {"the posting 'Gardener' is not shown there"};
    wrong.violations = 2;
    const std::vector<Verdict> verdicts{{.destination = "clara"}, {.destination = "clinch"}, wrong};
    CHECK(
        summary({candidates(), postings()}, verdicts, Colour::no) ==
        "\n"
        "  clara   2 applied             median  120 ms, slowest  120 ms  state equals Lever's, 0 violations\n"
        "  clinch  2 applied, 1 skipped  median 1000 ms, slowest 1000 ms  state equals Lever's, 0 violations\n"
        "  theorg  1 applied             median  900 ms, slowest  900 ms  state differs from Lever's, 2 violations\n"
        "      the posting 'Gardener' is not shown there\n");
}

TEST_CASE("day report: the headline counts who played, and what did not arrive is named with its destination") {
    const auto text = headline({candidates(), postings()}, Milliseconds{12'340}, Colour::no);
    CHECK(text.find("1 candidate, 1 posting, 3 transitions, 12.3 s") != std::string::npos);

    CHECK(missing(candidates()).empty());
    auto act = postings();
    act.stories[0].transitions[0].arrivals.erase("clinch");
    CHECK(missing(act) == std::vector<std::string>{"Gardener, opened (in Lisbon): no outcome at clinch"});
    // What was never tried is no loss of its own.
    act.stories[0].transitions[0].at = 0;
    CHECK(missing(act).empty());
}
