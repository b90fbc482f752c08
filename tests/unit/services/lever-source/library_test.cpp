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
        if (words && posting && posting->posting) ++answered;
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
    CHECK_FALSE(finish(b.library.posting("p", lever::Priority::webhook)).value().posting.has_value());
    b.lever.shown_postings["p"] = lever::Posting{.id = "p"};
    CHECK_FALSE(finish(b.library.posting("p", lever::Priority::webhook)).value().posting.has_value());
    CHECK(b.calls("posting") == 2);
    b.clock.advance(std::chrono::minutes{5});
    CHECK(finish(b.library.posting("p", lever::Priority::webhook)).value().posting.has_value());
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

TEST_CASE("library: thousands of deletions cost one list, and what was told of later another page") {
    Bench b;
    b.clock.advance(std::chrono::hours{24 * 400});
    const auto now = to_ms(b.clock.now());
    for (int i = 0; i < 5'000; ++i) b.lever.deleted["gone " + std::to_string(i)] = from_ms(now - 1'000);
    const auto look = [&](const std::string& id, std::int64_t told) {
        return finish(b.library.deleted_at(id, told, lever::Priority::webhook));
    };
    for (int i = 0; i < 5'000; ++i) CHECK(look("gone " + std::to_string(i), now - 500).value().has_value());
    CHECK(b.calls("deleted_since") == 1);
    CHECK_FALSE(look("not gone", now - 500).value().has_value());
    CHECK(b.calls("deleted_since") == 1);
    b.clock.advance(std::chrono::seconds{10});
    CHECK_FALSE(look("not gone", to_ms(b.clock.now()) - 1).value().has_value());
    CHECK(b.calls("deleted_since") == 2);
    CHECK(look("gone 7", to_ms(b.clock.now())).value().has_value());
    CHECK(b.calls("deleted_since") == 2);
}

TEST_CASE("library: a key that may not see what was deleted is not asked again for each one") {
    Bench b;
    b.lever.trouble["deleted_since"] = lever::Errc::forbidden;
    for (int i = 0; i < 10; ++i) {
        b.clock.advance(std::chrono::seconds{1});
        const auto told = to_ms(b.clock.now());
        CHECK_FALSE(finish(b.library.deleted_at("o", told, lever::Priority::webhook)).value().has_value());
    }
    CHECK(b.calls("deleted_since") == 1);
}

TEST_CASE(
    "library: who is more urgent does not wait for a fetch that waits for the budget, and a failure is shared") {
    Bench b;
    b.lever.words = testing::vocabulary();
    b.lever.pause = Milliseconds{20};
    boost::asio::io_context context{1};
    std::vector<lever::Priority> done;
    int failed = 0;
    const auto ask = [&](lever::Priority priority) -> boost::asio::awaitable<void> {
        const auto words = co_await b.library.vocabulary(priority);
        done.push_back(priority);
        if (!words) ++failed;
    };
    boost::asio::co_spawn(context, ask(lever::Priority::walk), boost::asio::detached);
    context.poll();
    boost::asio::co_spawn(context, ask(lever::Priority::webhook), boost::asio::detached);
    context.poll();
    CHECK(b.calls("vocabulary") == 2);
    context.run();
    CHECK(done.size() == 2);
    b.clock.advance(std::chrono::minutes{11});
    b.lever.trouble["vocabulary"] = lever::Errc::unavailable;
    b.lever.calls.clear();
    for (int i = 0; i < 50; ++i) {
        boost::asio::co_spawn(context, ask(lever::Priority::webhook), boost::asio::detached);
    }
    context.restart();
    context.run();
    CHECK(failed == 50);
    CHECK(b.calls("vocabulary") == 1);
}

TEST_CASE("library: somebody deleted while being looked up is not remembered") {
    Bench b;
    KnownPerson ann;
    ann.person.name = "Ann";
    ann.read_at = b.clock.now();
    b.clock.advance(Milliseconds{5});
    b.library.forget("o");
    b.library.remember("o", ann);
    CHECK_FALSE(b.library.person("o"));
    b.clock.advance(Milliseconds{5});
    ann.read_at = b.clock.now();
    b.library.remember("o", ann);
    CHECK(b.library.person("o"));
}
