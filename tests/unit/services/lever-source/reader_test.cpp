#include "services/lever-source/reader.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <utility>

#include "tests/support/fake_lever.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"

using namespace hirewire;
using namespace hirewire::source;

namespace {

namespace asio = boost::asio;

struct Bench {
    // Opportunities that were updated a moment ago.
    explicit Bench(int count, std::function<std::size_t()> backlog = {})
        : reader{context.get_executor(), lever, clock, {.workers = 2, .backlog = std::move(backlog)}} {
        for (int i = 0; i < count; ++i) {
            auto& o = lever.opportunities[id(i)];
            o.id = id(i);
            o.updated_at_ms = now;
        }
    }
    static std::string id(int i) { return "o" + std::to_string(100'000 + i); }

    asio::awaitable<void> ask(std::string who, lever::Priority priority, std::int64_t since) {
        const auto read = co_await reader.read(who, priority, since, since);
        if (read && read->opportunity.id == who) ++answered;
        order.push_back(who);
    }
    void want(int i, lever::Priority priority = lever::Priority::webhook, std::int64_t since = 1) {
        asio::co_spawn(context, ask(id(i), priority, since == 1 ? now : since), asio::detached);
    }
    void run() {
        context.restart();
        context.run();
    }
    auto calls(const std::string& name) const { return std::count(lever.calls.begin(), lever.calls.end(), name); }

    testing::ManualClock clock;
    std::int64_t now = to_ms(clock.now());
    testing::FakeLever lever{clock};
    asio::io_context context{1};
    Reader reader;
    std::size_t to_come = 0;
    int answered = 0;
    std::vector<std::string> order{};
};

}  // namespace

TEST_CASE("reader: a few are read one by one, the urgent ones first") {
    Bench b{20};
    for (int i = 0; i < 10; ++i) b.want(i, lever::Priority::sweep);
    for (int i = 10; i < 20; ++i) b.want(i, lever::Priority::webhook);
    b.run();
    CHECK(b.answered == 20);
    CHECK(b.calls("opportunity") == 20);
    CHECK(b.calls("page") == 0);
    CHECK(b.order.front() == Bench::id(10));
    CHECK(b.order.back() == Bench::id(9));
}

TEST_CASE("reader: a flood costs pages, what they do not hold is read singly") {
    Bench b{5'000};
    // Hidden from lists by their missing updatedAt.
    for (int i = 0; i < 5; ++i) b.lever.opportunities[Bench::id(i)].updated_at_ms = 0;
    for (int i = 0; i < 5'000; ++i) b.want(i);
    b.run();
    CHECK(b.answered == 5'000);
    CHECK(b.calls("page") <= 52);
    CHECK(b.calls("opportunity") <= 10);
    CHECK(b.calls("opportunity") >= 5);
}

TEST_CASE("reader: pages serve those too who have not asked yet, in whatever order they come") {
    constexpr int all = 5'000;
    constexpr int at_once = 256;
    constexpr unsigned seed = 7;
    INFO("seed ", seed);
    Bench b{all, [&b] { return b.to_come; }};
    std::vector<int> order(all);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), std::mt19937{seed});
    b.to_come = all;
    const auto told = b.now;
    b.clock.advance(Milliseconds{1'000});
    std::size_t next = 0;
    const auto lane = [&]() -> asio::awaitable<void> {
        while (next < order.size()) {
            const auto who = Bench::id(order[next++]);
            --b.to_come;
            const auto read = co_await b.reader.read(who, lever::Priority::webhook, told, told);
            if (read && read->opportunity.id == who) ++b.answered;
        }
    };
    for (int i = 0; i < at_once; ++i) asio::co_spawn(b.context, lane(), asio::detached);
    b.run();
    CHECK(b.answered == all);
    CHECK(b.calls("page") <= 52);
    CHECK(b.calls("opportunity") <= 10);
}

TEST_CASE("reader: a page answers nobody who came after it was asked for") {
    Bench b{200};
    b.lever.page_size = 200;
    for (int i = 0; i < 150; ++i) b.want(i);
    bool late = false;
    b.lever.watch = [&](const std::string& call) {
        if (call == "page" && !std::exchange(late, true)) b.want(170);
    };
    b.run();
    CHECK(b.answered == 151);
    CHECK(b.calls("opportunity") >= 1);
}

TEST_CASE("reader: a webhook does not wait for those who wait for the budget behind it") {
    Bench b{20};
    std::vector<std::shared_ptr<asio::steady_timer>> stuck;
    b.lever.hold = [&](lever::Priority priority) -> asio::awaitable<void> {
        if (priority == lever::Priority::webhook) co_return;
        auto timer = std::make_shared<asio::steady_timer>(b.context, Instant::max());
        stuck.push_back(timer);
        boost::system::error_code ignored;
        co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    };
    for (int i = 0; i < 10; ++i) b.want(i, lever::Priority::sweep);
    b.context.poll();
    CHECK(stuck.size() == 2);
    b.want(15, lever::Priority::webhook);
    b.context.poll();
    CHECK(b.order == std::vector<std::string>{Bench::id(15)});
    b.lever.hold = {};
    for (const auto& timer : stuck) timer->cancel();
    b.run();
    CHECK(b.answered == 11);
}

TEST_CASE("reader: what is deleted while it is read is not kept") {
    Bench b{1};
    lever::Read read;
    read.opportunity = b.lever.opportunities[Bench::id(0)];
    read.read_at = b.clock.now();
    b.clock.advance(Milliseconds{10});
    b.reader.forget(Bench::id(0));
    b.reader.offer(read);
    b.want(0, lever::Priority::sweep, 0);
    b.run();
    CHECK(b.calls("opportunity") == 1);
}

TEST_CASE("reader: pages full of others are given up for single reads") {
    Bench b{10'000};
    for (int i = 0; i < 10'000; i += 50) b.want(i);
    b.run();
    CHECK(b.answered == 200);
    CHECK(b.calls("page") == 3);
    CHECK(b.calls("opportunity") >= 190);
}

TEST_CASE("reader: a page that cannot be had leaves nobody waiting") {
    Bench b{300};
    b.lever.trouble["page"] = lever::Errc::unavailable;
    for (int i = 0; i < 300; ++i) b.want(i);
    b.run();
    CHECK(b.answered == 300);
}

TEST_CASE("reader: what a sweep has read is not read again, unless something made us look since, or much later") {
    Bench b{3};
    const auto offer = [&](int i) {
        lever::Read read;
        read.opportunity = b.lever.opportunities[Bench::id(i)];
        read.read_at = b.clock.now();
        b.reader.offer(read);
    };
    offer(0);
    b.want(0, lever::Priority::sweep, 0);
    b.run();
    CHECK(b.calls("opportunity") == 0);
    b.want(0, lever::Priority::sweep, 0);
    b.run();
    CHECK(b.calls("opportunity") == 0);
    b.reader.forget(Bench::id(0));
    b.want(0, lever::Priority::sweep, 0);
    b.run();
    CHECK(b.calls("opportunity") == 1);
    offer(1);
    b.clock.advance(Milliseconds{1'000});
    b.want(1, lever::Priority::webhook, to_ms(b.clock.now()));
    b.run();
    CHECK(b.calls("opportunity") == 2);
    offer(2);
    b.clock.advance(std::chrono::minutes{2});
    b.want(2, lever::Priority::sweep, 0);
    b.run();
    CHECK(b.calls("opportunity") == 3);
    CHECK(b.answered == 5);
}
