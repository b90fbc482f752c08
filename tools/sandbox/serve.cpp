#include "tools/sandbox/serve.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "common/http/client.hpp"
#include "common/http/server.hpp"
#include "common/json/writer.hpp"
#include "tools/sandbox/clara.hpp"
#include "tools/sandbox/cleary.hpp"
#include "tools/sandbox/clinch.hpp"
#include "tools/sandbox/cluster.hpp"
#include "tools/sandbox/lever_api.hpp"
#include "tools/sandbox/lever_conditions.hpp"
#include "tools/sandbox/lever_control.hpp"
#include "tools/sandbox/posting_control.hpp"
#include "tools/sandbox/theorg.hpp"
#include "tools/sandbox/webhooks_api.hpp"

namespace hirewire::sandbox {
namespace {

std::string secret(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') {
        throw std::runtime_error(
            "The environment variable " + std::string{name} +
            " is not set. Hint: give it the same value as the services have.");
    }
    return value;
}

// Several may be configured while they rotate; the first one signs.
std::string first_of(const std::string& list) {
    return list.substr(0, list.find(','));
}

void log_started(std::uint16_t lever_port, std::uint16_t destinations_port, std::uint64_t seed) {
    json::Writer out;
    out.begin_object()
        .member("time", iso_time(SystemClock{}.now()))
        .member("level", "info")
        .member("event", "service.started")
        .member("service", "sandbox")
        .member("lever_port", lever_port)
        .member("destinations_port", destinations_port)
        .member("seed", std::to_string(seed))
        .end_object();
    std::cerr << out.text() << std::endl;
}

}  // namespace

void serve(const ServeSettings& settings) {
    boost::asio::io_context context{1};
    Dice dice{settings.seed};
    LeverModel model{wall_clock()};
    LeverSight sight{model};
    auto subscriptions =
        everything_to(settings.receiver_url, first_of(secret("LEVER_SIGNATURE_TOKENS")), wall_clock());
    const auto make_client = [&context](const std::string& base_url) {
        return http::make_client(context.get_executor(), {.base_url = base_url});
    };
    Webhooks webhooks{context, {.retry_first = settings.retry_first}, subscriptions, make_client, dice};
    if (!webhooks.is_address(settings.receiver_url)) {
        throw std::runtime_error("--receiver-url must be of the form http://host[:port][/path] or https://…");
    }
    LeverGate gate{{.api_key = secret("LEVER_API_KEY"), .rate_limit = settings.rate_limit}, dice};
    LeverApi api{model, sight, gate};
    WebhooksApi webhooks_api{subscriptions, webhooks, gate};
    LeverControl control{model, sight, webhooks};
    PostingControl postings{model};
    LeverConditions conditions{model, sight, webhooks, gate};

    std::vector<std::unique_ptr<Destination>> destinations;
    destinations.push_back(std::make_unique<Clara>(secret("CLARA_TOKEN"), dice));
    destinations.push_back(std::make_unique<Cluster>(secret("CLUSTER_TOKEN"), dice));
    destinations.push_back(std::make_unique<Cleary>(secret("CLEARY_TOKEN"), dice));
    destinations.push_back(std::make_unique<Theorg>(secret("THEORG_API_KEY"), dice));
    Clinch::Key clinch_key{.access_id = secret("CLINCH_ACCESS_ID"), .secret = secret("CLINCH_SECRET_KEY")};
    destinations.push_back(std::make_unique<Clinch>(std::move(clinch_key), dice));

    std::vector<http::Route> lever_routes;
    std::vector<http::Route> destination_routes;
    webhooks_api.add_routes(lever_routes);
    api.add_routes(lever_routes);
    control.add_routes(lever_routes);
    postings.add_routes(lever_routes);
    conditions.add_routes(lever_routes);
    for (auto& destination : destinations) {
        destination->add_control(lever_routes);
        destination->add_control(destination_routes);
        destination->add_contract(destination_routes);
    }

    http::Server lever{
        context,
        {.address = settings.address, .port = settings.lever_port},
        http::make_handler(std::move(lever_routes))};
    http::Server destination_side{
        context,
        {.address = settings.address, .port = settings.destinations_port},
        http::make_handler(std::move(destination_routes))};

    boost::asio::signal_set signals{context, SIGTERM, SIGINT};
    signals.async_wait([&](const boost::system::error_code&, int) { context.stop(); });
    log_started(lever.port(), destination_side.port(), settings.seed);
    context.run();
}

}  // namespace hirewire::sandbox
