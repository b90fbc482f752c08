#include "tools/hirewire/webhooks.hpp"

#include <signal.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "common/config/schema.hpp"
#include "common/http/client.hpp"
#include "common/json/writer.hpp"
#include "common/lever/subscription.hpp"
#include "common/lever/subscription_api.hpp"
#include "tools/hirewire/registration.hpp"
#include "tools/hirewire/token_file.hpp"
#include "tools/hirewire/webhook_config.hpp"
#include "tools/hirewire/webhook_table.hpp"

namespace hirewire::cli {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds reload_takes{1};

std::unique_ptr<http::Client> client_of(asio::io_context& context, const std::string& base_url) {
    http::ClientSettings settings;
    settings.base_url = base_url;
    return http::make_client(context.get_executor(), std::move(settings));
}

// Lever, as the installation's configuration names it, and a loop to wait on.
class Account {
public:
    explicit Account(const WebhooksCommand& command)
        : place_{read_webhook_config(command.config_file, command.key_variable)},
          client_{client_of(context_, place_.base_url)},
          api_{*client_, place_.key} {}

    [[nodiscard]] const WebhookConfig& place() const { return place_; }
    lever::SubscriptionApi& api() { return api_; }

    template <typename T>
    T wait(asio::awaitable<T> work) {
        std::exception_ptr failure;
        std::optional<T> answer;
        asio::co_spawn(context_, std::move(work), [&](std::exception_ptr f, T result) {
            failure = f;
            answer.emplace(std::move(result));
            context_.stop();
        });
        context_.restart();
        context_.run();
        if (failure) std::rethrow_exception(failure);
        return std::move(*answer);
    }

    std::vector<lever::Subscription> list() {
        auto found = wait(api_.list());
        if (!found) throw std::runtime_error{"no list of subscriptions: " + explained(found.error(), api_)};
        return std::move(*found);
    }

    // Why Lever's connection test did not come through; empty when it did.
    std::string test(const lever::Subscription& subscription) {
        std::vector<lever::Subscription> one(1, subscription);
        const auto result = wait(api_.verify(std::move(one)));
        if (!result) return explained(result.error(), api_);
        if (*result == lever::ConnectionTest::passed) return {};
        return "Lever's connection test failed (" + api_.trouble() + ")";
    }

private:
    WebhookConfig place_;
    asio::io_context context_{1};
    std::unique_ptr<http::Client> client_;
    lever::SubscriptionApi api_;
};

lever::Expected narrowed(const lever::Expected& expected, const std::vector<std::string>& events) {
    if (expected.url.empty()) {
        throw config::Error{"lever.webhooks.url is empty: set it to the receiver's address as Lever sees it."};
    }
    lever::Expected wanted = expected;
    if (events.empty()) return wanted;
    for (const auto& event : events) {
        if (std::find(expected.events.begin(), expected.events.end(), event) == expected.events.end()) {
            throw config::Error{"--events: " + event + " is not among lever.webhooks.events."};
        }
    }
    wanted.events = events;
    return wanted;
}

// Somebody else's webhook with another address leaves ours to be made.
bool is_wanting(const lever::Finding& finding) {
    return finding.standing == lever::Standing::missing || finding.standing == lever::Standing::elsewhere;
}

void need_tokens_file(const WebhookConfig& place) {
    if (!place.tokens_file.empty()) return;
    throw config::Error{
        "nothing was registered: the receiver's signature tokens are in the environment variable " +
        place.tokens_variable +
        ", to which no new one can be added. Put them into a file and name it in receiver.signature_tokens_file."};
}

// A signal to a process that is none of ours could end it.
void check_receivers(const std::vector<int>& pids) {
    constexpr std::string_view as_the_kernel_keeps_it = std::string_view{"hirewire-receiver"}.substr(0, 15);
    for (const int pid : pids) {
        std::ifstream in{"/proc/" + std::to_string(pid) + "/comm"};
        std::string name;
        std::getline(in, name);
        const std::string who = "--receiver-pid: process " + std::to_string(pid);
        if (name != as_the_kernel_keeps_it) throw config::Error{who + " is not a hirewire-receiver."};
        if (::kill(pid, 0) != 0) {
            throw config::Error{who + " cannot be signalled: " + std::generic_category().message(errno) + "."};
        }
    }
}

// What went wrong, in a sentence; empty when nothing did.
std::string reload(const std::vector<int>& pids) {
    for (const int pid : pids) {
        if (::kill(pid, SIGHUP) == 0) continue;
        const auto reason = std::generic_category().message(errno);
        return "the receiver " + std::to_string(pid) + " could not be told of its new tokens: " + reason + ".";
    }
    std::this_thread::sleep_for(reload_takes);
    return {};
}

struct Tested {
    std::string event{};
    std::string id{};
    std::string fault{};  // empty: it came through
};

std::vector<Tested> test_all(Account& account, const lever::Expected& wanted) {
    const auto found = account.list();
    std::vector<Tested> all;
    for (const auto& finding : lever::audit(wanted, found)) {
        if (is_wanting(finding)) {
            Tested missing;
            missing.event = finding.event;
            missing.fault = "Lever has no subscription with our address";
            all.push_back(std::move(missing));
            continue;
        }
        for (const auto& subscription : found) {
            const auto& ids = finding.ids;
            if (std::find(ids.begin(), ids.end(), subscription.id) == ids.end()) continue;
            Tested tested;
            tested.event = finding.event;
            tested.id = subscription.id;
            tested.fault = account.test(subscription);
            all.push_back(std::move(tested));
        }
    }
    return all;
}

bool all_passed(const std::vector<Tested>& tests) {
    return std::all_of(tests.begin(), tests.end(), [](const auto& t) { return t.fault.empty(); });
}

void write_texts(json::Writer& out, const std::vector<std::string>& texts) {
    out.begin_array();
    for (const auto& text : texts) out.string(text);
    out.end_array();
}

void write_tests(json::Writer& out, const std::vector<Tested>& tests) {
    out.begin_array();
    for (const auto& test : tests) {
        out.begin_object().member("event", test.event).member("id", test.id);
        out.member("result", test.fault.empty() ? "ok" : "failed");
        if (!test.fault.empty()) out.member("reason", test.fault);
        out.end_object();
    }
    out.end_array();
}

void print_tests(const std::vector<Tested>& tests) {
    for (const auto& test : tests) {
        const std::string result = test.fault.empty() ? "ok" : "failed: " + test.fault;
        std::printf("%-22s  %s\n", test.event.c_str(), result.c_str());
    }
    if (all_passed(tests)) return;
    std::printf(
        "A test fails when Lever does not reach the address, or when no receiver knows the token of that\n"
        "subscription: it reads its tokens at its start and on SIGHUP. A lost token cannot be had again: remove\n"
        "the subscription in Lever and register it anew.\n");
}

void print_rows(const lever::Expected& expected, const std::vector<WebhookRow>& rows) {
    if (expected.url.empty()) std::printf("Nothing is expected: lever.webhooks.url is empty.\n");
    if (rows.empty()) return;
    std::size_t events = 5;
    std::size_t urls = 3;
    for (const auto& row : rows) {
        events = std::max(events, row.event.size());
        urls = std::max(urls, short_url(row.url).size());
    }
    const int left = static_cast<int>(events);
    const int mid = static_cast<int>(urls);
    std::printf("%-*s  %-*s  %-9s  %s\n", left, "EVENT", mid, "URL", "STATE", "IDS");
    for (const auto& row : rows) {
        const std::string url = row.url.empty() ? "-" : short_url(row.url);
        const std::string ids = row.ids.empty() ? "-" : joined(row.ids);
        std::printf(
            "%-*s  %-*s  %-9s  %s\n", left, row.event.c_str(), mid, url.c_str(), row.state.c_str(), ids.c_str());
    }
}

void print_rows_as_json(const lever::Expected& expected, const std::vector<WebhookRow>& rows) {
    json::Writer out;
    out.begin_object().member("url", expected.url).key("webhooks").begin_array();
    for (const auto& row : rows) {
        out.begin_object().member("event", row.event).member("url", row.url).member("state", row.state).key("ids");
        write_texts(out, row.ids);
        out.end_object();
    }
    out.end_array().end_object();
    std::printf("%s\n", out.text().c_str());
}

// What became, or would become, of one event.
struct Step {
    std::string event{};
    std::string state{};
    std::vector<std::string> ids{};
};

std::vector<Step> steps_of(
    const std::vector<lever::Finding>& findings, const Registration& registration, bool dry_run) {
    std::vector<Step> steps;
    for (const auto& finding : findings) {
        Step step;
        step.event = finding.event;
        if (is_wanting(finding)) {
            step.state = dry_run ? "would be registered" : "not registered";
            for (const auto& subscription : registration.made) {
                if (subscription.event != finding.event) continue;
                step.state = "registered";
                step.ids.push_back(subscription.id);
            }
        } else {
            step.state = finding.standing == lever::Standing::ok ? "there already" : "there more than once";
            step.ids = finding.ids;
        }
        steps.push_back(std::move(step));
    }
    return steps;
}

void print_steps(const std::vector<Step>& steps) {
    for (const auto& step : steps) {
        const std::string ids = step.ids.empty() ? "" : "  " + joined(step.ids);
        std::printf("%-22s  %s%s\n", step.event.c_str(), step.state.c_str(), ids.c_str());
    }
}

void print_steps_as_json(
    const std::vector<Step>& steps, const std::string& problem, const std::vector<Tested>& tests) {
    json::Writer out;
    out.begin_object().key("webhooks").begin_array();
    for (const auto& step : steps) {
        out.begin_object().member("event", step.event).member("state", step.state).key("ids");
        write_texts(out, step.ids);
        out.end_object();
    }
    out.end_array().key("tests");
    write_tests(out, tests);
    if (!problem.empty()) out.member("problem", problem);
    std::printf("%s\n", out.end_object().text().c_str());
}

}  // namespace

int list_webhooks(const WebhooksCommand& command) {
    Account account{command};
    const auto& expected = account.place().expected;
    const auto found = account.list();
    const auto rows = rows_of(expected, found);
    command.as_json ? print_rows_as_json(expected, rows) : print_rows(expected, rows);
    const auto findings = lever::audit(expected, found);
    const bool all_ok = std::all_of(
        findings.begin(), findings.end(), [](const auto& f) { return f.standing == lever::Standing::ok; });
    return all_ok ? 0 : 1;
}

int register_webhooks(const WebhooksCommand& command) {
    check_receivers(command.receiver_pids);
    Account account{command};
    const auto wanted = narrowed(account.place().expected, command.events);
    const std::string& file = account.place().tokens_file;
    std::optional<TokenFileLock> alone;
    if (!file.empty() && !command.dry_run) alone.emplace(file);
    const auto findings = lever::audit(wanted, account.list());
    std::vector<std::string> to_make;
    for (const auto& finding : findings) {
        if (is_wanting(finding)) to_make.push_back(finding.event);
    }
    if (!to_make.empty()) need_tokens_file(account.place());
    const bool new_file = !file.empty() && !std::filesystem::exists(file);

    Registration registration;
    std::vector<Tested> tests;
    if (!command.dry_run) {
        const KeepToken keep = [&file](const std::string& token) { append_token(file, token); };
        registration = account.wait(register_events(account.api(), wanted.url, to_make, keep));
    }
    std::string problem = registration.problem;
    const bool verifies = !command.dry_run && !command.receiver_pids.empty();
    if (verifies) {
        // Also after a problem: what was made before it sends already.
        const std::string trouble = reload(command.receiver_pids);
        if (!trouble.empty()) problem += (problem.empty() ? "" : " And ") + trouble;
        try {
            tests = test_all(account, wanted);
        } catch (const std::runtime_error& e) {
            problem += (problem.empty() ? "" : " And ") + std::string{e.what()} + ".";
        }
    }

    const auto steps = steps_of(findings, registration, command.dry_run);
    if (command.as_json) {
        print_steps_as_json(steps, problem, tests);
    } else {
        print_steps(steps);
        if (!registration.made.empty()) std::printf("The tokens are in %s.\n", file.c_str());
        if (!registration.made.empty() && new_file) {
            std::printf("That file is new, and for your eyes alone: see that the receiver may read it.\n");
        }
        if (!registration.made.empty() && !verifies) {
            std::printf("Next: have each receiver read them (kill -HUP PID), then: hirewire webhooks verify\n");
        }
        print_tests(tests);
    }
    if (!problem.empty()) std::fprintf(stderr, "hirewire: %s\n", problem.c_str());
    return problem.empty() && all_passed(tests) ? 0 : 1;
}

int verify_webhooks(const WebhooksCommand& command) {
    Account account{command};
    const auto wanted = narrowed(account.place().expected, {});
    const auto tests = test_all(account, wanted);
    if (command.as_json) {
        json::Writer out;
        out.begin_object().member("url", wanted.url).key("tests");
        write_tests(out, tests);
        std::printf("%s\n", out.end_object().text().c_str());
    } else {
        print_tests(tests);
    }
    return all_passed(tests) ? 0 : 1;
}

}  // namespace hirewire::cli
