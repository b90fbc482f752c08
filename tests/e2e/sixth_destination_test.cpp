// A sixth destination, which no installation has: its daemon is a rules file over the same library as the five, and
// its topics are one word in the list. It is told of a hire and of nobody else.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/http/routes.hpp"
#include "common/http/server.hpp"
#include "common/json/value.hpp"
#include "common/kafka/reader.hpp"
#include "hirewire/v1/outcome.pb.h"
#include "tests/support/eventually.hpp"
#include "tests/support/http_call.hpp"
#include "tests/support/stack.hpp"

using namespace hirewire;
using namespace hirewire::testing;

namespace {

const std::string token = "toy-token";

// What the destination was put.
struct Put {
    std::string opportunity{};
    std::string body{};
    std::string authorization{};
    std::string key{};
    std::string version{};
};

// The destination: a plain HTTP server that takes everything.
class Toy {
public:
    Toy()
        : server_{context_, http::ServerSettings{}, http::make_handler(routes())}, thread_{[this] {
              context_.run();
          }} {}
    Toy(const Toy&) = delete;
    Toy& operator=(const Toy&) = delete;
    ~Toy() {
        context_.stop();
        thread_.join();
    }

    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
    [[nodiscard]] std::vector<Put> puts() const {
        const std::lock_guard lock{mutex_};
        return puts_;
    }

private:
    std::vector<http::Route> routes() {
        http::Route put;
        put.method = http::Method::put;
        put.path = "/status/{opportunity}";
        put.handle = http::answer(
            [this](const http::Incoming& request, const http::PathValues& values) { return take(request, values); });
        std::vector<http::Route> all;
        all.push_back(std::move(put));
        return all;
    }
    http::Reply take(const http::Incoming& request, const http::PathValues& values) {
        Put put;
        put.opportunity = values.front();
        put.body = request.body;
        put.authorization = request.header("Authorization");
        put.key = request.header("Idempotency-Key");
        put.version = request.header("Source-Version");
        const std::lock_guard lock{mutex_};
        puts_.push_back(std::move(put));
        return http::json_reply(200, R"({"outcome":"updated"})");
    }

    boost::asio::io_context context_{1};
    mutable std::mutex mutex_;
    std::vector<Put> puts_;
    http::Server server_;
    std::thread thread_;
};

// The usual list with one destination more.
std::string topics_with_toy() {
    auto list = read_file(std::string{HIREWIRE_SOURCE_DIR} + "/proto/topics.toml");
    const std::string last = "\"clinch\"]";
    const auto at = list.find(last);
    REQUIRE(at != std::string::npos);
    return list.replace(at, last.size(), R"("clinch", "toy"])");
}

std::string act(const Stack& stack, const std::string& path, const std::string& body = "{}") {
    const auto made = stack.control(http::Method::post, "/_sandbox/opportunities" + path, body);
    return std::string{made["id"].string()};
}

// What the daemon has reported of this opportunity last.
v1::Outcome last_outcome(const Stack& stack, const std::string& opportunity) {
    v1::Outcome last;
    kafka::read_all(stack.kafka(), "sync.outcomes", [&](const kafka::Record& record) {
        v1::Outcome outcome;
        const bool read = outcome.ParseFromString(record.value.value_or(""));
        if (read && outcome.destination() == "toy" && outcome.opportunity_id() == opportunity) last = outcome;
    });
    return last;
}

}  // namespace

TEST_CASE("a sixth destination's daemon runs beside the others and tells it of a hire, and of nobody else") {
    Toy toy;
    const Stack stack{StackOptions{
        .services = {Service::receiver, Service::lever_source},
        .sandbox = true,
        .sandbox_arguments = {"--no-rate-limit"},
        .topics = topics_with_toy()}};
    auto environment = stack.secrets();
    environment["TOY_TOKEN"] = token;
    const std::vector<Setting> settings{
        {"toy", "base_url", in_quotes(toy.url())},
        {"toy", "admin_port", "0"},
        {"toy", "hires_only", "true"},
    };
    const auto file = stack.write("sync-toy.toml", toml_text(stack.configuration(settings)));
    Process daemon{Command{
        .program = program("sync-toy"),
        .arguments = {"--config", file},
        .environment = environment,
        .log_file = stack.path("sync-toy.log")}};
    const auto started = daemon.await_event("service.started", Milliseconds{60'000});
    const auto admin_port = static_cast<int>(started["admin_port"].integer());
    const auto ready = [&]() -> std::string {
        const auto reply = get(admin_port, "/readyz");
        return reply.status == 200 ? "" : reply.body;
    };
    eventually("the daemon is ready", ready, Milliseconds{90'000});

    const auto reported = [&](const std::string& opportunity, v1::OutcomeKind kind) {
        const auto wrong = [&]() -> std::string {
            const auto last = last_outcome(stack, opportunity).outcome();
            return last == kind ? "" : v1::OutcomeKind_Name(last);
        };
        const auto what = "the daemon reports " + v1::OutcomeKind_Name(kind);
        eventually(what, wrong, Milliseconds{60'000}, Milliseconds{250});
    };
    const auto applicant = act(stack, "");
    const auto hire = act(stack, "");
    reported(applicant, v1::OUTCOME_KIND_SKIPPED);
    reported(hire, v1::OUTCOME_KIND_SKIPPED);
    act(stack, "/" + hire + "/hire", R"({"start_date":null})");
    reported(hire, v1::OUTCOME_KIND_APPLIED);

    const auto puts = toy.puts();
    REQUIRE(puts.size() == 1);
    CHECK(puts.front().opportunity == hire);
    CHECK(puts.front().body == R"({"status":"Hired","hired":true,"backfill":false})");
    CHECK(puts.front().authorization == "Bearer " + token);
    CHECK(puts.front().key.size() == 38);  // a UUID in quotes
    CHECK(std::stoll(puts.front().version) > 0);
    daemon.send(SIGTERM);
    CHECK(daemon.wait(Milliseconds{15'000}) == 0);
}
