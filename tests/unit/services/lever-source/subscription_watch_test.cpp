// The lines are caught through a file in place of standard error, as in log_test.cpp.
#include "services/lever-source/subscription_watch.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <stdexcept>

#include "common/json/value.hpp"
#include "common/lever/api.hpp"
#include "common/log/log.hpp"
#include "tests/support/caught.hpp"

using namespace hirewire;
using testing::caught;
using namespace hirewire::source;

namespace {

namespace asio = boost::asio;

const std::string ours = "https://hooks.example.com/webhooks/lever";

using Found = std::vector<lever::Subscription>;

lever::Subscription subscription(const std::string& id, const std::string& event, const std::string& url = ours) {
    lever::Subscription s;
    s.id = id;
    s.event = event;
    s.url = url;
    return s;
}

struct Bench {
    Bench() {
        expected.url = ours;
        expected.events = {"candidateHired", "candidateDeleted"};
        settings.interval = Milliseconds{1};
        settings.after_failure = Milliseconds{1};
    }
    void will_find(Found found) { answers.emplace_back(std::move(found)); }
    void will_fail(lever::Errc why) { answers.emplace_back(lever::make_error_code(why)); }

    asio::awaitable<SubscriptionWatch::Answer> look() {
        ++looks;
        if (answers.empty()) throw std::runtime_error{"nothing left to answer"};
        SubscriptionWatch::Answer answer = answers.front();
        answers.pop_front();
        co_return answer;
    }

    // So many looks, one for each answer; what was logged, as "level event subscription state".
    std::vector<std::string> run() {
        const auto wanted = looks + static_cast<int>(answers.size());
        log::set_up("test", log::Level::info, log::Format::json);
        const std::string text = caught([&] {
            asio::io_context context{1};
            const SubscriptionWatch::Look ask = [this] { return look(); };
            SubscriptionWatch watch{context.get_executor(), expected, ask, metrics, settings};
            asio::co_spawn(context, watch.run(), asio::detached);
            for (int i = 0; i < 2'000 && looks < wanted; ++i) context.run_one_for(Milliseconds{20});
            watch.stop();
            while (context.run_one_for(Milliseconds{20}) != 0) {
            }
        });
        std::vector<std::string> lines;
        std::istringstream in{text};
        for (std::string line; std::getline(in, line);) {
            const auto document = json::Document::parse(line);
            if (!document) continue;
            std::string words{(*document)["level"].string()};
            for (const char* member : {"event", "subscription", "state"}) {
                const auto word = (*document)[member].string();
                if (!word.empty()) words += " " + std::string{word};
            }
            lines.push_back(std::move(words));
        }
        return lines;
    }

    [[nodiscard]] bool shows(const std::string& event, const std::string& state, int value = 1) const {
        const std::string labels = "{event=\"" + event + "\",state=\"" + state + "\"} ";
        const std::string line = "hirewire_webhook_subscriptions" + labels + std::to_string(value) + "\n";
        return metrics.text().find(line) != std::string::npos;
    }

    lever::Expected expected;
    WatchSettings settings;
    metrics::Registry metrics;
    std::deque<SubscriptionWatch::Answer> answers;
    int looks = 0;
};

const Found both{subscription("1", "candidateHired"), subscription("2", "candidateDeleted")};
const Found hires_only{subscription("1", "candidateHired")};

using Lines = std::vector<std::string>;

}  // namespace

// Protects the silence of a healthy installation, and the gauge that an alert looks at.
TEST_CASE("subscription watch: when all is as expected it says nothing and shows ok") {
    Bench b;
    b.will_find(both);
    b.will_find(both);
    CHECK(b.run().empty());
    for (const char* event : {"candidateHired", "candidateDeleted"}) {
        CHECK(b.shows(event, "ok"));
        for (const char* state : {"missing", "doubled", "elsewhere", "unknown"}) CHECK(b.shows(event, state, 0));
    }
}

// Protects the log from a line an hour, and the operator from missing a change in between.
TEST_CASE("subscription watch: a change is told once, and so is the return to what is expected") {
    Bench b;
    b.will_find(both);
    b.will_find(hires_only);
    b.will_find(hires_only);
    b.will_find(
        {subscription("1", "candidateHired"), subscription("2", "candidateDeleted", "https://b.example.com")});
    b.will_find(both);
    b.will_find(both);
    const Lines told{
        "warning webhooks.unexpected candidateDeleted missing",
        "warning webhooks.unexpected candidateDeleted elsewhere",
        "info webhooks.as_expected"};
    CHECK(b.run() == told);
    CHECK(b.shows("candidateDeleted", "ok"));
}

// Protects against a first start on an account where nothing was ever registered.
TEST_CASE("subscription watch: the first look tells of each event that is not as expected") {
    Bench b;
    b.will_find({subscription("1", "candidateHired"), subscription("2", "candidateHired")});
    Lines told{"warning webhooks.unexpected candidateHired doubled"};
    told.emplace_back("warning webhooks.unexpected candidateDeleted missing");
    CHECK(b.run() == told);
    CHECK(b.shows("candidateHired", "doubled"));
    CHECK(b.shows("candidateHired", "ok", 0));
    CHECK(b.shows("candidateDeleted", "missing"));
}

// Protects keys that only read what they must: not being shown webhooks is no alarm, and a state from before is no
// knowledge.
TEST_CASE("subscription watch: a key that may not read webhooks is told of once, and the state is unknown") {
    Bench b;
    b.will_find(both);
    b.will_fail(lever::Errc::forbidden);
    b.will_fail(lever::Errc::forbidden);
    const Lines told{"info webhooks.not_shown"};
    CHECK(b.run() == told);
    CHECK(b.shows("candidateHired", "unknown"));
    CHECK(b.shows("candidateHired", "ok", 0));
}

// Protects against a warning a minute while Lever is down, and against taking that for a lost subscription.
TEST_CASE("subscription watch: a failure is told once, changes no finding, and is told anew after a good look") {
    Bench b;
    b.will_find(both);
    b.will_fail(lever::Errc::unavailable);
    b.will_fail(lever::Errc::unavailable);
    b.will_find(both);
    b.will_fail(lever::Errc::bad_answer);
    const Lines told{"warning webhooks.not_read", "warning webhooks.not_read"};
    CHECK(b.run() == told);
    CHECK(b.shows("candidateHired", "ok"));
}

// Protects against a loop that runs, or a gauge that alarms, where nothing was configured.
TEST_CASE("subscription watch: without an address it looks at nothing and shows nothing") {
    Bench b;
    b.expected.url.clear();
    log::set_up("test", log::Level::info, log::Format::json);
    asio::io_context context{1};
    const SubscriptionWatch::Look ask = [&b] { return b.look(); };
    SubscriptionWatch watch{context.get_executor(), b.expected, ask, b.metrics, b.settings};
    asio::co_spawn(context, watch.run(), asio::detached);
    context.run();
    CHECK(b.looks == 0);
    CHECK(b.metrics.text().find("hirewire_webhook_subscriptions") == std::string::npos);
}
