#pragma once
// Hirewire before a CLARA that can be told to misbehave: what the tests of trouble tell it, and what they ask.
#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hirewire/v1/outcome.pb.h"
#include "tests/support/eventually.hpp"
#include "tests/support/metrics.hpp"
#include "tests/support/oracle.hpp"
#include "tests/support/stack.hpp"
#include "tests/support/topic_log.hpp"

namespace hirewire::testing {

// Of calls to Lever: as many as we like, or its own limit, which we keep by default.
enum class Budget { boundless, of_lever };

struct Installation {
    static constexpr std::size_t slots = 8;  // of each sync daemon

    Stack stack;
    Oracle oracle{stack};

    Installation(std::vector<Service> services, std::vector<Setting> settings, Budget budget = Budget::boundless)
        : stack{StackOptions{
              .services = std::move(services),
              .sandbox = true,
              .sandbox_arguments = sandbox_arguments(budget),
              .settings = with_common(std::move(settings), budget)}} {}

    // In Lever.
    std::string add(const std::string& what = "{}") {
        const auto made = stack.control(http::Method::post, "/_sandbox/opportunities", what);
        return std::string{made["id"].string()};
    }
    std::vector<std::string> add(int count) {
        std::vector<std::string> added;
        for (int i = 0; i < count; ++i) added.push_back(add());
        return added;
    }
    // Answers when that was, in epoch milliseconds: what the webhook says, too.
    std::int64_t move(const std::string& opportunity, const std::string& stage) {
        const auto moved = stack.control(
            http::Method::post, "/_sandbox/opportunities/" + opportunity + "/stage", R"({"stage":")" + stage + "\"}");
        return moved["at"].integer();
    }
    void move(const std::vector<std::string>& opportunities, const std::string& stage) {
        for (const auto& opportunity : opportunities) move(opportunity, stage);
    }
    // How webhooks come, and how soon a move is to be seen.
    void delivery(const std::string& how) { stack.control(http::Method::post, "/_sandbox/delivery", how); }

    // `hirewire run {what}`, to its end.
    Ended run_of(const std::string& what) {
        Command command;
        command.program = program("");
        command.arguments = {
            "run", what, "--brokers", stack.kafka().brokers, "--topic-prefix", stack.kafka().topic_prefix};
        command.log_file = stack.path("run-" + what + "-" + std::to_string(++runs_) + ".log");
        return run(command, Milliseconds{120'000});
    }

    // CLARA answers everything so, until it recovers.
    void fail_with(int status) { control("faults", R"({"status":)" + std::to_string(status) + "}"); }
    void recover() { stack.control(http::Method::del, "/_sandbox/clara/faults"); }
    // CLARA does not know this one ("unknown"), or refuses what is said of it ("refused"), until told otherwise.
    void set(const std::string& what, const std::string& opportunity) { mark(what, opportunity, "true"); }
    void unset(const std::string& what, const std::string& opportunity) { mark(what, opportunity, "false"); }

    // `behind`: these may be behind at CLARA.
    void all_become_right(const std::set<std::string>& behind = {}) {
        eventually(
            "everybody is right everywhere",
            [&] { return oracle.difference(behind); },
            Milliseconds{60'000},
            Milliseconds{100});
    }
    // How often CLARA was called so far.
    [[nodiscard]] std::size_t calls() const { return oracle.requests("clara"); }

    // A metric of CLARA's daemon.
    double clara(std::string_view name) { return metric(stack[Service::sync_clara].admin_port, name); }
    void await(std::string_view name, double value) {
        const auto wrong = [&]() -> std::string {
            const auto now = clara(name);
            return now == value ? "" : std::to_string(now);
        };
        eventually(std::string{name} + " is " + std::to_string(value), wrong);
    }

    [[nodiscard]] std::vector<kafka::Record> records(const std::string& topic) const {
        TopicLog log{stack.kafka(), {topic}};
        return log.all();
    }
    // How many records were ever written for CLARA's daemon to try later, or never.
    [[nodiscard]] std::size_t set_aside() const {
        TopicLog log{
            stack.kafka(), {"sync.clara.dlq", "sync.clara.retry.1m", "sync.clara.retry.10m", "sync.clara.retry.1h"}};
        return log.all().size();
    }
    // What CLARA's daemon has reported so far, by opportunity, in order.
    [[nodiscard]] std::map<std::string, std::vector<v1::Outcome>> outcomes() const {
        std::map<std::string, std::vector<v1::Outcome>> found;
        for (const auto& record : records("sync.outcomes")) {
            v1::Outcome outcome;
            if (!outcome.ParseFromString(record.value.value_or(""))) throw std::runtime_error("not an Outcome");
            if (outcome.destination() == "clara") found[outcome.opportunity_id()].push_back(outcome);
        }
        return found;
    }

private:
    static std::vector<std::string> sandbox_arguments(Budget budget) {
        if (budget == Budget::of_lever) return {};
        return {"--no-rate-limit"};
    }
    static std::vector<Setting> with_common(std::vector<Setting> settings, Budget budget) {
        if (budget == Budget::boundless) {
            settings.push_back({"lever", "requests_per_second", "1000"});
            settings.push_back({"lever", "burst", "1000"});
        }
        const std::vector<Setting> common{
            {"sync", "slots", std::to_string(slots)},
            {"sync", "request_timeout", in_quotes("3s")},
            {"sync", "lease", in_quotes("6s")},
        };
        settings.insert(settings.end(), common.begin(), common.end());
        return settings;
    }
    void control(const std::string& what, const std::string& body) {
        stack.control(http::Method::post, "/_sandbox/clara/" + what, body);
    }
    void mark(const std::string& what, const std::string& opportunity, const std::string& value) {
        control(what, R"({"opportunity":")" + opportunity + R"(",")" + what + R"(":)" + value + "}");
    }

    int runs_ = 0;
};

}  // namespace hirewire::testing
