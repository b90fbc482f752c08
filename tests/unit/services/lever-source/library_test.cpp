#include "services/lever-source/library.hpp"

#include <doctest/doctest.h>

#include <algorithm>

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

TEST_CASE("library: the vocabulary is read once, and anew when asked for") {
    Bench b;
    b.lever.words = testing::vocabulary();
    finish(b.library.vocabulary(lever::Priority::webhook));
    finish(b.library.vocabulary(lever::Priority::webhook));
    CHECK(b.calls("vocabulary") == 1);
    finish(b.library.vocabulary(lever::Priority::webhook, Library::Freshness::fetched_anew));
    CHECK(b.calls("vocabulary") == 2);
    b.lever.trouble["vocabulary"] = lever::Errc::unavailable;
    CHECK(finish(b.library.vocabulary(lever::Priority::webhook)).has_value());
    CHECK_FALSE(finish(b.library.vocabulary(lever::Priority::webhook, Library::Freshness::fetched_anew)).has_value());
}

TEST_CASE("library: a posting is remembered for five minutes, also that it is hidden, but no failure is") {
    Bench b;
    b.lever.trouble["posting"] = lever::Errc::unavailable;
    CHECK_FALSE(finish(b.library.posting("p", lever::Priority::webhook)).has_value());
    b.lever.trouble.clear();
    CHECK_FALSE(finish(b.library.posting("p", lever::Priority::webhook)).value().has_value());
    b.lever.postings["p"] = lever::Posting{.id = "p"};
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
