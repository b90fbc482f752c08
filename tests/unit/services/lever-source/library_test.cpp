#include "services/lever-source/library.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "tests/support/fake_lever.hpp"
#include "tests/support/lever_builders.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"

using namespace hirewire;
using namespace hirewire::source;
using testing::finish;

namespace {

struct Bench {
    testing::ManualClock clock;
    testing::FakeLever lever{clock};
    Library library{lever, clock, {}, "anticipated_start_date"};
    long calls(const std::string& call) { return std::count(lever.calls.begin(), lever.calls.end(), call); }
};

}  // namespace

TEST_CASE(
    "library: the vocabulary is read every ten minutes, and anew for an id that it lacks, but not at each look") {
    Bench b;
    b.lever.words = testing::vocabulary();
    finish(b.library.vocabulary(lever::Priority::webhook));
    finish(b.library.vocabulary(lever::Priority::webhook));
    CHECK(b.calls("vocabulary") == 1);
    lever::Opportunity known;
    known.stage_id = "screen";
    lever::Opportunity strange;
    strange.stage_id = "made a moment ago";
    b.clock.advance(std::chrono::seconds{6});
    finish(b.library.vocabulary(known, lever::Priority::webhook));
    CHECK(b.calls("vocabulary") == 1);
    finish(b.library.vocabulary(strange, lever::Priority::webhook));
    finish(b.library.vocabulary(strange, lever::Priority::webhook));
    CHECK(b.calls("vocabulary") == 2);
    b.clock.advance(std::chrono::seconds{6});
    finish(b.library.vocabulary(strange, lever::Priority::webhook));
    CHECK(b.calls("vocabulary") == 3);
    b.clock.advance(std::chrono::seconds{6});
    b.lever.trouble["vocabulary"] = lever::Errc::unavailable;
    CHECK(finish(b.library.vocabulary(known, lever::Priority::webhook)).has_value());
    CHECK_FALSE(finish(b.library.vocabulary(strange, lever::Priority::webhook)).has_value());
    b.lever.trouble.clear();
    b.clock.advance(std::chrono::minutes{10});
    finish(b.library.vocabulary(known, lever::Priority::webhook));
    CHECK(b.calls("vocabulary") == 5);
}

TEST_CASE("library: all who want the same at once share one call") {
    Bench b;
    b.lever.words = testing::vocabulary();
    b.lever.shown_postings["p"] = lever::Posting{.id = "p"};
    boost::asio::io_context context{1};
    b.lever.pause = Milliseconds{1};
    int answered = 0;
    const auto ask = [&]() -> boost::asio::awaitable<void> {
        const auto words = co_await b.library.vocabulary(lever::Priority::webhook);
        const auto posting = co_await b.library.posting("p", lever::Priority::webhook);
        if (words && posting && *posting) ++answered;
    };
    for (int i = 0; i < 100; ++i) boost::asio::co_spawn(context, ask(), boost::asio::detached);
    context.run();
    CHECK(answered == 100);
    CHECK(b.calls("vocabulary") == 1);
    CHECK(b.calls("posting") == 1);
}

TEST_CASE("library: a posting is remembered for five minutes, also that it is hidden, but no failure is") {
    Bench b;
    b.lever.trouble["posting"] = lever::Errc::unavailable;
    CHECK_FALSE(finish(b.library.posting("p", lever::Priority::webhook)).has_value());
    b.lever.trouble.clear();
    CHECK_FALSE(finish(b.library.posting("p", lever::Priority::webhook)).value().has_value());
    b.lever.shown_postings["p"] = lever::Posting{.id = "p"};
    CHECK_FALSE(finish(b.library.posting("p", lever::Priority::webhook)).value().has_value());
    CHECK(b.calls("posting") == 2);
    b.clock.advance(std::chrono::minutes{5});
    CHECK(finish(b.library.posting("p", lever::Priority::webhook)).value().has_value());
}

TEST_CASE("library: a person is forgotten after a minute, and at once when told to") {
    Bench b;
    KnownPerson ann;
    ann.person.name = "Ann";
    b.library.remember("o", ann);
    CHECK(b.library.person("o"));
    b.clock.advance(Milliseconds{59'999});
    CHECK(b.library.person("o"));
    b.clock.advance(Milliseconds{1});
    CHECK_FALSE(b.library.person("o"));
    b.library.remember("o", ann);
    b.library.forget("o");
    CHECK_FALSE(b.library.person("o"));
}
