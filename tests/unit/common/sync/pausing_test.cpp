#include "common/sync/pausing.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "common/sync/standstill.hpp"
#include "tests/support/caught.hpp"

using namespace hirewire;
using namespace hirewire::sync;

namespace {

constexpr std::int64_t noon = 1'772'463'905'123;  // 2026-03-02T15:05:05.123Z
using Calls = std::vector<std::string>;

// A process of the daemon of clara, and what its engine is told.
struct Process {
    void hear(const v1::Run& run) { pausing.hear(run); }
    [[nodiscard]] bool shows(const std::string& line) const {
        return metrics.text().find("\n" + line + "\n") != std::string::npos;
    }

    Calls calls{};
    metrics::Registry metrics;
    Pausing pausing{
        "clara",
        Pausing::Actions{
            .suspend = [this] { calls.emplace_back("suspend"); },
            .resume = [this] { calls.emplace_back("resume"); },
            .release_hold = [this] { calls.emplace_back("release"); },
        },
        metrics};
};

v1::Run a_pause(const std::string& destination = "clara") {
    return word_of(Word::pause, destination, "ann@host", noon);
}

v1::Run a_resume(const std::string& destination = "clara") {
    return word_of(Word::resume, destination, "bob@host", noon + 60'000);
}

}  // namespace

TEST_CASE("pause: the newest word of a destination holds, and another's says nothing") {
    PauseBook book{"clara"};
    CHECK_FALSE(book.paused());
    CHECK(book.add(a_pause("cluster")) == PauseBook::News::nothing);
    CHECK_FALSE(book.paused());
    CHECK(book.add(a_pause()) == PauseBook::News::paused);
    CHECK(book.paused());
    CHECK(book.who() == "ann@host");
    CHECK(book.at_ms() == noon);
    CHECK(book.add(a_resume("cluster")) == PauseBook::News::nothing);
    CHECK(book.paused());
    CHECK(book.add(a_resume()) == PauseBook::News::goes_on);
    CHECK_FALSE(book.paused());
    CHECK(book.who() == "bob@host");
}

TEST_CASE("pause: other runs, and a word that is neither of the two, say nothing") {
    PauseBook book{"clara"};
    book.add(a_pause());
    v1::Run sweep;
    sweep.set_run_id("pause.clara");
    sweep.set_kind("sweep");
    sweep.set_state(v1::RUN_STATE_FINISHED);
    CHECK(book.add(sweep) == PauseBook::News::nothing);
    v1::Run odd = a_resume();
    odd.set_state(v1::RUN_STATE_ASKED);
    CHECK(book.add(odd) == PauseBook::News::nothing);
    CHECK(book.paused());
}

TEST_CASE("pause: one key for each destination, so that compaction keeps the newest word of each") {
    CHECK(a_pause().run_id() == "pause.clara");
    CHECK(a_pause().run_id() == a_resume().run_id());
    CHECK(a_pause("cluster").run_id() != a_pause().run_id());
}

TEST_CASE("pause: who said so is one readable line, whatever a name is made of") {
    CHECK(word_of(Word::pause, "clara", "ann\n\x1b[31m", noon).checkpoint() == "ann??[31m");
    const auto word = word_of(Word::pause, "clara", "J\xc3\xb6rg" + std::string(500, 'x'), noon);
    CHECK(word.checkpoint().substr(0, 6) == "J??rgx");
    CHECK(word.checkpoint().size() == 200);
    v1::Run read;
    CHECK(read.ParseFromString(word.SerializeAsString()));
}

TEST_CASE("pause: nothing is attempted before it is known what holds") {
    Process process;
    CHECK(process.calls == Calls{"suspend"});
    process.pausing.caught_up();
    CHECK(process.calls == Calls{"suspend", "resume"});
    CHECK_FALSE(process.pausing.paused());
}

TEST_CASE("pause: it holds across a restart, and what was said before the last word does nothing") {
    Process process;
    process.hear(a_resume());
    process.hear(a_pause());
    process.hear(a_resume());
    process.hear(a_pause());
    CHECK(process.calls == Calls{"suspend"});
    process.pausing.caught_up();
    CHECK(process.calls == Calls{"suspend"});
    CHECK(process.pausing.paused());
    CHECK(process.shows(R"(hirewire_paused{destination="clara"} 1)"));
    process.hear(a_resume());
    CHECK(process.calls == Calls{"suspend", "resume", "release"});
    CHECK(process.shows(R"(hirewire_paused{destination="clara"} 0)"));
}

TEST_CASE("pause: a running process obeys at once, and a word that is said twice counts once") {
    Process process;
    process.pausing.caught_up();
    process.hear(a_pause());
    process.hear(a_pause());
    process.hear(a_pause("cluster"));
    CHECK(process.calls == Calls{"suspend", "resume", "suspend"});
    process.hear(a_resume());
    CHECK(process.calls == Calls{"suspend", "resume", "suspend", "resume", "release"});
}

TEST_CASE("pause: resume ends a hold also where nothing is paused") {
    Process process;
    process.pausing.caught_up();
    process.hear(a_resume());
    CHECK(process.calls == Calls{"suspend", "resume", "release"});
}

TEST_CASE("pause: the log says who paused it and since when, and how it goes on") {
    const auto text = testing::caught([] {
        Process process;
        process.hear(a_pause());
        process.pausing.caught_up();
        process.hear(a_resume());
    });
    CHECK(text.find("destination.paused") != std::string::npos);
    CHECK(text.find("ann@host") != std::string::npos);
    CHECK(text.find("2026-03-02T15:05:05.123Z") != std::string::npos);
    CHECK(text.find("hirewire resume --dest clara") != std::string::npos);
    CHECK(text.find("destination.goes_on") != std::string::npos);
    CHECK(text.find("bob@host") != std::string::npos);
}

TEST_CASE("standstill: it lasts from the first reason to the last, in whatever order they end") {
    Calls calls;
    Standstill standstill{Standstill::Engine{
        .suspend = [&calls] { calls.emplace_back("suspend"); },
        .resume = [&calls] { calls.emplace_back("resume"); },
    }};
    CHECK_FALSE(standstill.holds());
    standstill.begin("a pause");
    standstill.begin("missed changes");
    standstill.begin("a pause");
    CHECK(calls == Calls{"suspend"});
    standstill.end("a pause");
    CHECK(standstill.holds());
    CHECK(calls == Calls{"suspend"});
    standstill.end("missed changes");
    CHECK(calls == Calls{"suspend", "resume"});
    CHECK_FALSE(standstill.holds());
    standstill.end("missed changes");
    standstill.end("the mode");
    CHECK(calls == Calls{"suspend", "resume"});
}
