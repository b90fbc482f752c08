#pragma once
// The sandbox's Lever without a socket: all its calls, and in memory the servers that its webhooks are posted to.
#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/crypto/hash.hpp"
#include "common/http/routes.hpp"
#include "common/json/value.hpp"
#include "tests/support/fake_client.hpp"
#include "tests/support/run.hpp"
#include "tools/sandbox/lever_api.hpp"
#include "tools/sandbox/lever_conditions.hpp"
#include "tools/sandbox/lever_control.hpp"
#include "tools/sandbox/posting_control.hpp"
#include "tools/sandbox/webhooks_api.hpp"

namespace hirewire::sandbox {

class SandboxLever {
public:
    static constexpr const char* receiver = "http://receiver.example";
    static constexpr const char* first_token = "a-signature-token";

    SandboxLever() {
        std::vector<http::Route> routes;
        webhooks_api_.add_routes(routes);
        api_.add_routes(routes);
        control_.add_routes(routes);
        postings_.add_routes(routes);
        conditions_.add_routes(routes);
        handler_ = http::make_handler(std::move(routes));
    }

    // With the API key. Afterwards all webhooks have been posted.
    http::Reply call(http::Method method, const std::string& target, const std::string& body = {}) {
        const Headers headers{};
        const http::Incoming request{.method = method, .target = target, .body = body, .headers = &headers};
        return testing::finish(context_, handler_(request));
    }
    json::Document told(http::Method method, const std::string& target, const std::string& body = {}) {
        const auto reply = call(method, target, body);
        CAPTURE(target);
        CAPTURE(reply.body);
        REQUIRE(reply.status / 100 == 2);
        auto document = json::Document::parse(reply.body);
        REQUIRE(document.has_value());
        return std::move(*document);
    }
    json::Document get(const std::string& target) { return told(http::Method::get, target); }
    json::Document post(const std::string& target, const std::string& body = {}) {
        return told(http::Method::post, target, body);
    }
    // A new opportunity's id.
    std::string create(const std::string& body = {}) {
        return std::string{post("/_sandbox/opportunities", body)["id"].string()};
    }

    // The server at a base URL.
    testing::FakeClient& server(const std::string& base_url) { return servers_[base_url]; }

private:
    class Headers final : public http::HeaderSource {
    public:
        [[nodiscard]] std::string_view find(std::string_view name) const override {
            return name == "Authorization" ? std::string_view{authorization_} : std::string_view{};
        }

    private:
        std::string authorization_ = "Basic " + crypto::base64("k:");
    };
    class Connection final : public http::Client {
    public:
        explicit Connection(testing::FakeClient& server) : server_{server} {}
        boost::asio::awaitable<Result<http::Reply>> send(http::Request request, Milliseconds deadline) override {
            return server_.send(std::move(request), deadline);
        }

    private:
        testing::FakeClient& server_;
    };

    std::unique_ptr<http::Client> connect(const std::string& base_url) {
        if (!base_url.starts_with("http")) throw std::invalid_argument(base_url);
        return std::make_unique<Connection>(servers_[base_url]);
    }

    boost::asio::io_context context_{1};
    Dice dice_{1};
    LeverModel model_{wall_clock()};
    LeverSight sight_{model_};
    std::map<std::string, testing::FakeClient> servers_;
    Subscriptions subscriptions_ = everything_to(std::string{receiver} + "/hook", first_token, wall_clock());
    Webhooks webhooks_{
        context_, {}, subscriptions_, [this](const std::string& base_url) { return connect(base_url); }, dice_};
    LeverGate gate_{{.api_key = "k", .rate_limit = false}, dice_};
    LeverApi api_{model_, sight_, gate_};
    WebhooksApi webhooks_api_{subscriptions_, webhooks_, gate_};
    LeverControl control_{model_, sight_, webhooks_};
    PostingControl postings_{model_};
    LeverConditions conditions_{model_, sight_, webhooks_, gate_};
    http::Handler handler_;
};

}  // namespace hirewire::sandbox
