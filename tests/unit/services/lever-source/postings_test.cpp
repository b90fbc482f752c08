#include "services/lever-source/postings.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <memory>

#include "hirewire/v1/posting.pb.h"
#include "tests/support/fake_lever.hpp"
#include "tests/support/fake_producer.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"
#include "tests/support/runs.hpp"

using namespace hirewire;
using namespace hirewire::source;

namespace {

namespace asio = boost::asio;

struct Bench {
    Bench() {
        settings.interval = Milliseconds{2};
        clock.advance(std::chrono::hours{24 * 20'000});
        now = to_ms(clock.now());
    }
    lever::Advert& add(const std::string& id) {
        auto& advert = lever.adverts[id];
        advert.posting.id = id;
        advert.posting.title = "Title of " + id;
        advert.posting.state = "published";
        advert.updated_at_ms = to_ms(clock.now());
        return advert;
    }
    void start() {
        postings = std::make_unique<Postings>(
            context.get_executor(),
            settings,
            [this] { return so_far; },
            lever,
            library,
            book,
            producer,
            clock,
            metrics);
        asio::co_spawn(context, postings->run(), asio::detached);
        context.restart();
    }
    void run_until(const std::function<bool()>& done) {
        if (!postings) start();
        for (int i = 0; i < 2'000 && !done(); ++i) context.run_one_for(Milliseconds{20});
        REQUIRE(done());
    }
    // What hiring.postings says after compaction.
    std::map<std::string, v1::Posting> kept() const {
        std::map<std::string, v1::Posting> all;
        for (const auto& message : producer.of("hiring.postings")) {
            if (message.value) {
                REQUIRE(all[message.key].ParseFromString(*message.value));
            } else {
                all.erase(message.key);
            }
        }
        return all;
    }
    // Of the posting's tombstone.
    std::string why_gone(const std::string& id) const {
        for (const auto& message : producer.of("hiring.postings")) {
            if (message.key != id || message.value) continue;
            CHECK(kafka::header(message.headers, "ce_type") == "hirewire.posting.gone");
            return std::string{kafka::header(message.headers, "hirewire-gone")};
        }
        return "not gone";
    }
    std::vector<v1::Run> runs(v1::RunState state) const { return testing::runs_of(producer, state); }
    bool finished(std::size_t count) const { return runs(v1::RUN_STATE_FINISHED).size() >= count; }
    auto calls(const std::string& name) const { return std::count(lever.calls.begin(), lever.calls.end(), name); }
    // Until the postings have been looked for updates so often.
    void follow(long rounds) {
        const auto before = calls("deleted_postings_since");
        run_until([&] { return calls("deleted_postings_since") >= before + rounds; });
    }
    void end() {
        postings->stop();
        while (context.run_one_for(Milliseconds{20}) != 0) {
        }
        postings.reset();
        context.restart();
    }
    ~Bench() {
        if (postings) end();
    }

    testing::ManualClock clock;
    std::int64_t now = 0;
    testing::FakeLever lever{clock};
    Library library{lever, clock, {}, "anticipated_start_date"};
    testing::FakeProducer producer;
    metrics::Registry metrics;
    asio::io_context context{1};
    RunBook book{"main", producer, clock};
    PostingsSettings settings;
    PostingsSoFar so_far{};
    std::unique_ptr<Postings> postings;
};

}  // namespace

TEST_CASE("postings: the first start lists all of them, and writes what is not confidential") {
    Bench b;
    b.lever.page_size = 2;
    for (const char* id : {"a", "b", "c", "d", "e"}) b.add(id);
    b.add("secret").posting.confidential = true;
    b.lever.adverts["a"].description_html = "<p>What you will do.</p>";
    b.run_until([&] { return b.finished(1); });
    const auto kept = b.kept();
    CHECK(kept.size() == 5);
    CHECK_FALSE(kept.contains("secret"));
    CHECK(kept.at("a").title() == "Title of a");
    CHECK(kept.at("a").description_html() == "<p>What you will do.</p>");
    CHECK(kept.at("a").account() == "main");
    const auto run = b.runs(v1::RUN_STATE_FINISHED).at(0);
    CHECK(run.kind() == "postings");
    CHECK(run.counts().at("listed") == 6);
    CHECK(run.counts().at("changed") == 5);
}

TEST_CASE("postings: what is known so already is not written again, also after a restart") {
    Bench b;
    b.add("a");
    b.run_until([&] { return b.finished(1); });
    b.so_far.known["a"] = crypto::sha256(*b.producer.of("hiring.postings").at(0).value);
    b.end();
    b.run_until([&] { return b.finished(2); });
    CHECK(b.producer.of("hiring.postings").size() == 1);
    CHECK(b.runs(v1::RUN_STATE_FINISHED).at(1).counts().at("unchanged") == 1);
}

TEST_CASE("postings: what one listing lacks stays, what the next lacks six hours later is buried, across a restart") {
    Bench b;
    for (const char* id : {"a", "b", "c"}) b.add(id);
    b.run_until([&] { return b.finished(1); });
    b.lever.adverts.erase("c");
    b.follow(3);
    CHECK(b.kept().contains("c"));
    CHECK_FALSE(b.finished(2));
    b.clock.advance(std::chrono::hours{6});
    b.run_until([&] { return b.finished(2); });
    CHECK(b.kept().contains("c"));
    b.follow(3);
    CHECK(b.kept().contains("c"));
    // The next process reads what this one has told.
    for (const auto& run : b.runs(v1::RUN_STATE_FINISHED)) add_run(b.so_far.runs, run);
    CHECK(b.so_far.runs.missed == std::set<std::string>{"c"});
    for (const auto& message : b.producer.of("hiring.postings")) {
        b.so_far.known[message.key] = crypto::sha256(*message.value);
    }
    b.end();
    b.follow(2);
    CHECK(b.kept().contains("c"));
    b.clock.advance(std::chrono::hours{6});
    b.run_until([&] { return b.finished(3); });
    CHECK_FALSE(b.kept().contains("c"));
    CHECK(b.kept().size() == 2);
    CHECK(b.why_gone("c").empty());
}

TEST_CASE("postings: between listings, what was updated, deleted or became confidential is seen within one round") {
    Bench b;
    for (const char* id : {"a", "b", "c", "d"}) b.add(id);
    b.run_until([&] { return b.finished(1); });
    b.clock.advance(std::chrono::minutes{30});
    b.add("a").posting.title = "Another title";
    b.add("new");
    b.add("b").posting.confidential = true;
    b.lever.adverts.erase("c");
    b.lever.deleted_postings["c"] = b.clock.now();
    b.follow(2);
    const auto kept = b.kept();
    CHECK(kept.size() == 3);
    CHECK(kept.at("a").title() == "Another title");
    CHECK(kept.contains("new"));
    CHECK(kept.contains("d"));
    CHECK(b.runs(v1::RUN_STATE_FINISHED).size() == 1);
    CHECK(b.lever.priorities.back() == lever::Priority::sweep);
    // Nobody need doubt what Lever itself says.
    CHECK(b.why_gone("b") == "confidential");
    CHECK(b.why_gone("c") == "deleted");
}

TEST_CASE("postings: a listing of 5,000 that breaks off at its thirtieth page deletes nothing, and is made again") {
    Bench b;
    for (int i = 0; i < 5'000; ++i) b.add("p" + std::to_string(10'000 + i));
    b.run_until([&] { return b.finished(1); });
    REQUIRE(b.kept().size() == 5'000);
    b.lever.adverts.erase("p10000");
    b.clock.advance(std::chrono::hours{6});
    long pages = 0;
    bool broken = false;
    b.lever.watch = [&](const std::string& call) {
        if (call != "postings") return;
        const bool now_broken = ++pages == 30 && !broken;
        broken = broken || now_broken;
        b.lever.trouble.clear();
        if (now_broken) b.lever.trouble["postings"] = lever::Errc::unavailable;
    };
    b.run_until([&] { return b.runs(v1::RUN_STATE_FAILED).size() == 1; });
    CHECK(b.kept().size() == 5'000);
    b.clock.advance(std::chrono::minutes{5});
    b.run_until([&] { return b.finished(2); });
    // The broken one did not count: this is the first that lacks it.
    CHECK(b.kept().size() == 5'000);
    CHECK(b.runs(v1::RUN_STATE_FINISHED).back().counts().at("missed") == 1);
}

TEST_CASE("postings: more than half gone stops the listing with an alert; an operator may insist") {
    Bench b;
    for (const char* id : {"a", "b", "c", "d", "e"}) b.add(id);
    b.run_until([&] { return b.finished(1); });
    for (const char* id : {"a", "b", "c"}) b.lever.adverts.erase(id);
    const auto alert = [&](int value) {
        return b.metrics.text().find("\nhirewire_postings_implausible " + std::to_string(value)) != std::string::npos;
    };
    for (std::size_t round = 1; round <= 3; ++round) {
        b.clock.advance(std::chrono::hours{6});
        b.run_until([&] { return b.runs(v1::RUN_STATE_FAILED).size() >= round; });
    }
    CHECK(b.kept().size() == 5);
    CHECK(alert(1));
    v1::Run asked;
    asked.set_run_id("the asked one");
    asked.set_force(true);
    b.postings->ask(asked);
    b.run_until([&] { return b.finished(2); });
    CHECK(b.runs(v1::RUN_STATE_FINISHED).back().run_id() == "the asked one");
    CHECK(b.kept().size() == 2);
    CHECK(alert(0));
}

TEST_CASE("postings: a forgotten page begins the listing anew, and what was seen before does not count") {
    Bench b;
    b.lever.page_size = 2;
    for (const char* id : {"a", "b", "c", "d"}) b.add(id);
    long pages = 0;
    b.lever.watch = [&](const std::string& call) {
        if (call != "postings") return;
        b.lever.trouble.clear();
        if (++pages == 2) b.lever.trouble["postings"] = lever::Errc::bad_offset;
    };
    b.run_until([&] { return b.finished(1); });
    CHECK(pages >= 4);
    CHECK(b.kept().size() == 4);
    CHECK(b.runs(v1::RUN_STATE_FINISHED).at(0).counts().at("listed") == 4);
}

TEST_CASE("postings: a listing that fails is not made again at once, and what changes is followed meanwhile") {
    Bench b;
    b.add("a");
    b.run_until([&] { return b.finished(1); });
    b.clock.advance(std::chrono::hours{6});
    bool broken = true;
    b.lever.watch = [&](const std::string& call) {
        b.lever.trouble.clear();
        const bool whole = b.lever.priorities.back() == lever::Priority::walk;
        if (call == "postings" && broken && whole) b.lever.trouble["postings"] = lever::Errc::unavailable;
    };
    b.add("new");
    b.follow(5);
    CHECK(b.kept().contains("new"));
    CHECK(b.runs(v1::RUN_STATE_FAILED).size() == 1);
    broken = false;
    b.clock.advance(std::chrono::minutes{5});
    b.run_until([&] { return b.finished(2); });
    // One run, however often it was tried: hiring.runs keeps one record of it.
    CHECK(b.runs(v1::RUN_STATE_FINISHED).back().run_id() == b.runs(v1::RUN_STATE_FAILED).back().run_id());
}

TEST_CASE("postings: a key that may not see what was deleted still has the listings tell") {
    Bench b;
    for (const char* id : {"a", "b", "c"}) b.add(id);
    b.lever.trouble["deleted_postings_since"] = lever::Errc::forbidden;
    b.run_until([&] { return b.finished(1); });
    b.lever.adverts.erase("c");
    for (std::size_t run = 2; run <= 3; ++run) {
        b.clock.advance(std::chrono::hours{6});
        b.run_until([&] { return b.finished(run); });
    }
    CHECK(b.kept().size() == 2);
}

TEST_CASE("postings: what a listing has shown costs no look-up, and is forgotten when it is gone") {
    Bench b;
    b.add("a");
    b.run_until([&] { return b.finished(1); });
    const auto look = [&] { return testing::finish(b.library.posting("a", lever::Priority::webhook)); };
    CHECK(look().value().posting->title == "Title of a");
    CHECK(b.calls("posting") == 0);
    b.lever.adverts.erase("a");
    b.lever.deleted_postings["a"] = b.clock.now();
    b.follow(2);
    CHECK_FALSE(look().value().posting.has_value());
    CHECK(b.calls("posting") == 1);
}
