// Lever's Data API as lever-source asks it, over a socket, against the sandbox's Lever in this process: pages,
// grants, the request budget, and what Lever does on a bad day.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "common/lever/api.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <set>
#include <string>

#include "common/http/routes.hpp"
#include "common/http/server.hpp"
#include "common/json/value.hpp"
#include "tools/sandbox/lever_api.hpp"

using namespace hirewire;

namespace {

namespace asio = boost::asio;

constexpr const char* key = "the-api-key";

struct Lever {
    explicit Lever(
        sandbox::LeverGateSettings gate_settings = {.api_key = key, .rate_limit = false},
        lever::ApiSettings settings = {})
        : gate{std::move(gate_settings), dice} {
        std::vector<http::Route> routes;
        answers.add_routes(routes);
        server =
            std::make_unique<http::Server>(context, http::ServerSettings{}, http::make_handler(std::move(routes)));
        settings.base_url = "http://127.0.0.1:" + std::to_string(server->port()) + "/v1";
        settings.key = key;
        settings.first_backoff = Milliseconds{10};
        api = lever::make_api(context.get_executor(), settings, clock, metrics);
    }
    ~Lever() {
        server->stop();
        context.run_for(std::chrono::milliseconds{50});
    }
    std::string add(bool confidential = false) {
        sandbox::NewOpportunity what;
        what.stage = "applicant-new";
        what.posting = model.postings().front().id;
        what.confidential = confidential;
        sandbox::Events events;
        return model.create(what, sandbox::wall_clock(), events).id;
    }
    template <typename T>
    std::future<T> begin(asio::awaitable<T> work) {
        return asio::co_spawn(context, std::move(work), asio::use_future);
    }
    template <typename T>
    T wait(std::future<T> result) {
        context.restart();
        while (result.wait_for(std::chrono::seconds{0}) != std::future_status::ready) {
            REQUIRE(context.run_one_for(std::chrono::seconds{20}) != 0);
        }
        return result.get();
    }
    template <typename T>
    T ask(asio::awaitable<T> work) {
        return wait(begin(std::move(work)));
    }
    // Every opportunity of a list of all, page after page.
    std::set<std::string> listed() {
        std::set<std::string> ids;
        lever::Window window;
        do {
            const auto page = ask(api->page(window, lever::Priority::walk));
            REQUIRE(page.has_value());
            for (const auto& read : page->reads) ids.insert(read.opportunity.id);
            window.offset = page->next;
        } while (!window.offset.empty());
        return ids;
    }
    // How often a path was asked for.
    std::ptrdiff_t calls(const std::string& path) const {
        const auto log = json::Document::parse(gate.log());
        const auto requests = (*log)["requests"].items();
        return std::count_if(requests.begin(), requests.end(), [&](const json::Value& request) {
            return http::path_of(request["path"].string()) == "/v1" + path;
        });
    }

    SystemClock clock;
    metrics::Registry metrics;
    asio::io_context context{1};
    sandbox::Dice dice{1};
    sandbox::LeverModel model{sandbox::wall_clock()};
    sandbox::LeverSight sight{model};
    sandbox::LeverGate gate;
    sandbox::LeverApi answers{model, sight, gate};
    std::unique_ptr<http::Server> server;
    std::unique_ptr<lever::Api> api;
};

}  // namespace

TEST_CASE("lever api: pages hold everybody once, confidential ones where the key may see them") {
    Lever lever;
    std::set<std::string> all;
    for (int i = 0; i < 230; ++i) all.insert(lever.add());
    const auto secret = lever.add(true);
    all.insert(secret);
    CHECK(lever.listed() == all);
    CHECK(lever.calls("/opportunities") == 3);
    lever.gate.set_grants({.confidential = false});
    all.erase(secret);
    CHECK(lever.listed() == all);
    // Once refused, it is not asked for with every page.
    CHECK(lever.calls("/opportunities") == 3 + 4);
    CHECK(lever.ask(lever.api->opportunity(secret, lever::Priority::webhook)).error() == lever::Errc::forbidden);
}

TEST_CASE("lever api: a key that may not see a list at all is told so, and keeps what it may see of others") {
    Lever lever;
    const auto secret = lever.add(true);
    lever.gate.set_grants({.postings = false});
    lever::Window all;
    CHECK(lever.ask(lever.api->postings(all, lever::Priority::walk)).error() == lever::Errc::forbidden);
    CHECK(lever.listed() == std::set<std::string>{secret});
    lever.gate.set_grants({.offers = false, .deleted = false});
    CHECK(lever.ask(lever.api->offers(secret, lever::Priority::webhook)).error() == lever::Errc::forbidden);
    CHECK(
        lever.ask(lever.api->deleted_since(lever.clock.now(), lever::Priority::sweep)).error() ==
        lever::Errc::forbidden);
}

TEST_CASE("lever api: an offset that Lever has forgotten is told apart from an answer that is not understood") {
    Lever lever;
    lever::Window window;
    window.offset = "of another list";
    CHECK(lever.ask(lever.api->page(window, lever::Priority::walk)).error() == lever::Errc::bad_offset);
    lever.gate.faults().set(R"({"status":400,"ratio":1,"until_requests":1})");
    lever::Window all;
    CHECK(lever.ask(lever.api->page(all, lever::Priority::walk)).error() == lever::Errc::bad_answer);
    CHECK(lever.ask(lever.api->page(all, lever::Priority::walk)).has_value());
}

TEST_CASE("lever api: 429, 500, 503, broken connections and silence are weather, several times over") {
    lever::ApiSettings settings;
    settings.requests_per_second = 1'000;
    settings.burst = 1'000;
    settings.timeout = Milliseconds{300};
    Lever lever{{.api_key = key, .rate_limit = false}, settings};
    const auto id = lever.add();
    const auto read = [&] { return lever.ask(lever.api->opportunity(id, lever::Priority::webhook)); };
    for (const char* trouble :
         {R"({"status":429,"ratio":1,"until_requests":2})",
          R"({"status":500,"ratio":1,"until_requests":2})",
          R"({"status":503,"ratio":1,"until_requests":2})",
          R"({"reset_ratio":1,"until_requests":2})",
          R"({"lose_response_ratio":1,"until_requests":2})",
          R"({"latency_ms":600,"until_requests":2})"}) {
        CAPTURE(trouble);
        REQUIRE(lever.gate.faults().set(trouble).empty());
        CHECK(read().has_value());
    }
    REQUIRE(lever.gate.faults().set(R"({"status":503,"ratio":1,"until_requests":5})").empty());
    CHECK(read().error() == lever::Errc::unavailable);
    CHECK(read().has_value());
}

TEST_CASE(
    "lever api: the budget is kept, the urgent go first, and who waits for a person is told when nothing is left") {
    lever::ApiSettings settings;
    settings.person_patience = Milliseconds{300};
    Lever lever{{.api_key = key}, settings};
    const auto id = lever.add();
    std::vector<std::string> order;
    const auto look = [&](std::string who, lever::Priority priority) -> asio::awaitable<bool> {
        const auto read = co_await lever.api->opportunity(id, priority);
        order.push_back(who);
        co_return read.has_value();
    };
    std::vector<std::future<bool>> walks;
    for (int i = 0; i < 35; ++i) walks.push_back(lever.begin(look("walk", lever::Priority::walk)));
    auto webhook = lever.begin(look("webhook", lever::Priority::webhook));
    for (auto& walk : walks) CHECK(lever.wait(std::move(walk)));
    CHECK(lever.wait(std::move(webhook)));
    const auto place = std::find(order.begin(), order.end(), "webhook") - order.begin();
    CHECK(place <= 25);
    CHECK(lever.metrics.text().find("code=\"429\"") == std::string::npos);

    std::vector<std::future<bool>> flood;
    for (int i = 0; i < 12; ++i) flood.push_back(lever.begin(look("flood", lever::Priority::webhook)));
    auto replayed = lever.begin(look("replayed", lever::Priority::backfill));
    CHECK_FALSE(lever.ask(look("person", lever::Priority::person)));
    CHECK_FALSE(lever.wait(std::move(replayed)));
    for (auto& one : flood) CHECK(lever.wait(std::move(one)));
    CHECK(lever.ask(look("person", lever::Priority::person)));
}

TEST_CASE("lever api: stages, where they stand, and archive reasons by their type") {
    Lever lever;
    const auto words = lever.ask(lever.api->vocabulary(lever::Priority::webhook));
    REQUIRE(words.has_value());
    CHECK(words->stages.at("offer").name == "Offer");
    CHECK(std::count_if(words->archive_reasons.begin(), words->archive_reasons.end(), [](const auto& reason) {
              return reason.second.hired;
          }) == 1);
    const auto places = lever.ask(lever.api->stage_places(lever::Priority::person));
    REQUIRE(places.has_value());
    CHECK(places->at("offer").pipeline == "offer");
    CHECK(places->at("offer").rank > places->at("lead-new").rank);
}

TEST_CASE("lever api: people are found by their addresses, many at a time") {
    Lever lever;
    sandbox::NewOpportunity what;
    what.stage = "applicant-new";
    what.person.email = "ann@example.net";
    sandbox::Events events;
    const auto ann = lever.model.create(what, sandbox::wall_clock(), events).id;
    lever.add();
    const std::vector<std::string> emails{"bob@example.net", "ann@example.net"};
    const auto found = lever.ask(lever.api->with_emails(emails, lever::Priority::person));
    REQUIRE(found.has_value());
    REQUIRE(found->size() == 1);
    CHECK(found->front().opportunity.id == ann);
    CHECK(lever.calls("/opportunities") == 1);
}
