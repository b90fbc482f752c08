// Three daemons of one group, killed again and again, before a destination that fails every fifth time: every change
// comes through, once in effect, in order. HIREWIRE_CHAOS_CHANGES plays a shorter or longer game.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <map>
#include <random>

#include "common/kafka/producer.hpp"
#include "tests/support/change_builders.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/stack.hpp"
#include "tests/support/topic_log.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

constexpr int opportunities = 500;
constexpr int daemons = 3;
constexpr int slots = 32;  // of each
constexpr Milliseconds tick{50};

int changes_to_send() {
    const char* text = std::getenv("HIREWIRE_CHAOS_CHANGES");
    return text != nullptr ? std::atoi(text) : 20'000;
}

bool on_real_kafka() {
    const char* brokers = std::getenv("HIREWIRE_TEST_BROKERS");
    return brokers != nullptr && *brokers != '\0';
}

unsigned seed() {
    const char* text = std::getenv("HIREWIRE_TEST_SEED");
    return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : 2026;
}

// What the stand-in was asked, read piece by piece: its whole log would be too much at once.
class Watch {
public:
    explicit Watch(const Stack& stack) : stack_{stack} {}

    void look() {
        while (true) {
            const auto news = stack_.control("/_sandbox/clara/requests?from=" + std::to_string(seen_));
            const auto all = news.root().items();
            if (all.empty()) return;
            for (const auto& request : all) take(request);
            seen_ += all.size();
        }
    }
    [[nodiscard]] std::size_t requests() const { return seen_; }
    [[nodiscard]] int failures() const { return failures_; }
    [[nodiscard]] int decreases() const { return decreases_; }

private:
    void take(json::Value request) {
        const std::string path{request["path"].string()};
        const auto version = std::stoll(std::string{request["headers"]["source-version"].string()});
        const auto status = request["status"].integer();
        if (status != 200) ++failures_;
        // What failed may be overtaken from below: by what a successor reads again. What was answered may not, unless
        // its daemon died before it had written that down.
        auto& answered = answered_[path];
        if (version < answered) ++decreases_;
        if (status == 200) answered = std::max<std::int64_t>(answered, version);
    }
    const Stack& stack_;
    std::size_t seen_ = 0;
    int failures_ = 0;
    int decreases_ = 0;
    std::map<std::string, std::int64_t> answered_;
};

struct Expected {
    std::int64_t version = 0;
    std::string status{};
    int changes = 0;
};

class Game {
public:
    void play() {
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < daemons; ++i) team_.push_back(stack_.launch(Service::sync_clara));
        weather(503);
        int sent = 0;
        auto next_kill = std::chrono::steady_clock::now() + kill_every();
        auto next_weather = std::chrono::steady_clock::now() + std::chrono::seconds{5};
        int status = 503;
        while (sent < total_) {
            const auto now = std::chrono::steady_clock::now();
            for (int i = 0; i < 17 && sent < total_; ++i, ++sent) send();
            if (now >= next_kill) {
                kill_one();
                next_kill = now + kill_every();
            }
            if (now >= next_weather) {
                status = status == 503 ? 429 : 503;
                weather(status);
                next_weather = now + std::chrono::seconds{5};
            }
            watch_.look();
            std::this_thread::sleep_until(now + tick);
        }
        // A rolling restart while the rest is worked off.
        for (auto& instance : team_) {
            instance.process->send(SIGTERM);
            CHECK(instance.process->wait(Milliseconds{20'000}) == 0);
            instance = stack_.launch(Service::sync_clara);
            watch_.look();
        }
        eventually(
            "everybody is right", [this] { return difference(); }, Milliseconds{180'000}, Milliseconds{500});
        watch_.look();
        const auto took = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begin);
        MESSAGE(
            sent << " changes, " << watch_.requests() << " requests (" << watch_.failures() << " failed, "
                 << watch_.decreases() << " older than one answered before), " << kills_ << " kills, " << took.count()
                 << " s");
    }

    void judge() {
        CHECK(difference() == "");
        CHECK(watch_.decreases() <= kills_ * slots);
        const auto state = stack_.control("/_sandbox/clara/state");
        for (const auto& [id, belief] : state.root().members()) {
            const auto& expected = expected_.at(std::string{id});
            CHECK(belief["effects"].integer() <= expected.changes);
        }
        const auto violations = stack_.control("/_sandbox/clara/violations");
        CHECK(violations.root().items().empty());
        TopicLog dead{stack_.kafka(), {"sync.clara.dlq"}};
        CHECK(dead.all().empty());
        CHECK(kills_ > 0);
    }

private:
    [[nodiscard]] static std::chrono::seconds kill_every() {
        // The embedded broker takes long to give a dead member's partitions to another one.
        return on_real_kafka() ? std::chrono::seconds{2} : std::chrono::seconds{20};
    }

    void weather(int status) {
        stack_.control(
            http::Method::post,
            "/_sandbox/clara/faults",
            R"({"status":)" + std::to_string(status) +
                R"(,"ratio":0.12,"retry_after":"1","reset_ratio":0.04,"lose_response_ratio":0.04,"latency_ms":3})");
    }

    void send() {
        const auto number = std::uniform_int_distribution<int>{0, opportunities - 1}(random_);
        const auto id = "opportunity-" + std::to_string(number);
        auto& expected = expected_[id];
        auto change = stage_change(first_ms_ + ++clock_, id);
        change.set_live(false);
        change.mutable_status()->set_id("stage-" + std::to_string(random_() % 7));
        change.mutable_status()->set_name(change.status().id());
        expected.version = change.version();
        expected.status = change.status().id();
        ++expected.changes;
        kafka::Message message;
        message.topic = "hiring.changes";
        message.key = id;
        message.value = change.SerializeAsString();
        loop_.wait(producer_->write(std::move(message))).value();
    }

    void kill_one() {
        auto& victim = team_[static_cast<std::size_t>(kills_) % team_.size()];
        victim.process->kill();
        ++kills_;
        victim = stack_.launch(Service::sync_clara);
    }

    std::string difference() {
        const auto state = stack_.control("/_sandbox/clara/state");
        int wrong = 0;
        std::string first;
        for (const auto& [id, expected] : expected_) {
            if (state[id]["version"].integer() == expected.version &&
                state[id]["status"]["id"].string() == expected.status) {
                continue;
            }
            if (++wrong == 1) first = id;
        }
        return wrong == 0 ? "" : std::to_string(wrong) + " of " + std::to_string(expected_.size()) + ", as " + first;
    }

    Stack stack_{StackOptions{
        .services = {},
        .sandbox = true,
        .sandbox_arguments = {"--no-rate-limit", "--seed", std::to_string(seed())},
        .settings = {
            {"sync", "slots", std::to_string(slots)},
            {"sync", "lease", "\"6s\""},
            {"sync", "request_timeout", "\"2s\""},
            {"sync", "circuit_last_probe", "\"2s\""},
        }}};
    Loop loop_;
    std::unique_ptr<kafka::Producer> producer_ = kafka::make_producer(loop_.context.get_executor(), stack_.kafka());
    std::mt19937 random_{seed()};
    Watch watch_{stack_};
    std::map<std::string, Expected> expected_;
    std::vector<Instance> team_;
    const int total_ = changes_to_send();
    const std::int64_t first_ms_ = to_ms(SystemClock{}.now());
    std::int64_t clock_ = 0;
    int kills_ = 0;
};

}  // namespace

TEST_CASE("chaos: twenty thousand changes through daemons that are killed, to a destination that fails") {
    Game game;
    game.play();
    game.judge();
}
