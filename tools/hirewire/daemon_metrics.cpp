#include "tools/hirewire/daemon_metrics.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>

#include "common/config/as_json.hpp"
#include "common/config/schema.hpp"
#include "common/core/time.hpp"
#include "common/http/client.hpp"
#include "common/json/value.hpp"
#include "common/runtime/service.hpp"
#include "tools/hirewire/config_declared.hpp"

namespace hirewire::cli {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds patience{1'000};

// The sections that have an admin port worth asking, with the port's default.
struct Known {
    const char* section;
    int port;
};
constexpr std::array<Known, 6> known{
    {{"lever-source", 9101},
     {"clara", 9111},
     {"cluster", 9112},
     {"cleary", 9113},
     {"theorg", 9114},
     {"clinch", 9115}}};

bool is_known(std::string_view section) {
    return std::any_of(known.begin(), known.end(), [section](const Known& one) { return section == one.section; });
}

struct Endpoint {
    std::string address = "127.0.0.1";
    int port = 0;
};

AdminPort port_at(std::string_view service, const Endpoint& at) {
    const bool everywhere = at.address == "0.0.0.0" || at.address == "::";
    AdminPort port;
    port.service = service;
    port.base_url = "http://" + (everywhere ? std::string{"127.0.0.1"} : at.address) + ":" + std::to_string(at.port);
    return port;
}

// A section of no program that is known here is another destination's. What it does not say has a default that only
// its daemon knows, so the port has to be in the file; the receiver tells nothing that is shown.
std::vector<AdminPort> others_in(const std::string& config_file) {
    const auto document = json::Document::parse(config::read_as_json(config_file));
    if (!document) throw config::Error{config_file + ": cannot be read."};
    std::vector<AdminPort> ports;
    for (const auto& [name, section] : document->root().members()) {
        const auto number = section["admin_port"].integer();
        const bool can_be_asked = number > 0 && number <= 65'535;
        if (name == "receiver" || is_known(name) || !can_be_asked) continue;
        Endpoint at;
        at.port = static_cast<int>(number);
        if (section["address"].is_string()) at.address = section["address"].string();
        ports.push_back(port_at(name, at));
    }
    return ports;
}

}  // namespace

std::vector<AdminPort> admin_ports_of(const std::string& config_file) {
    const auto there = sections_of(config_file);
    std::array<Endpoint, known.size()> endpoints{};
    runtime::Common common;
    config::Schema schema;
    runtime::declare_common(schema, common);
    // Who reads the file for the brokers says which sections there may be.
    schema.accept(there);
    for (std::size_t i = 0; i < known.size(); ++i) {
        endpoints[i].port = known[i].port;
        schema.section(known[i].section, "")
            .open()
            .text("address", endpoints[i].address, "")
            .integer("admin_port", endpoints[i].port, "", 0, 65'535);
    }
    schema.load(config_file, config::Secrets::left_alone);
    std::vector<AdminPort> ports;
    for (std::size_t i = 0; i < known.size(); ++i) {
        // A port of 0 is any free one, which only the service's log tells.
        const bool can_be_asked = endpoints[i].port != 0;
        if (!can_be_asked || std::find(there.begin(), there.end(), known[i].section) == there.end()) continue;
        ports.push_back(port_at(known[i].section, endpoints[i]));
    }
    for (auto& other : others_in(config_file)) ports.push_back(std::move(other));
    return ports;
}

std::map<std::string, std::string> ask_for_metrics(const std::vector<AdminPort>& ports) {
    std::map<std::string, std::string> texts;
    if (ports.empty()) return texts;
    asio::io_context context{1};
    std::vector<std::unique_ptr<http::Client>> clients;
    std::size_t open = ports.size();
    for (const auto& port : ports) {
        http::ClientSettings settings;
        settings.base_url = port.base_url;
        clients.push_back(http::make_client(context.get_executor(), settings));
        http::Request request;
        request.target = "/metrics";
        asio::co_spawn(
            context,
            clients.back()->send(std::move(request), patience),
            [&, service = port.service](std::exception_ptr failure, Result<http::Reply> reply) {
                if (!failure && reply && reply->status == 200) texts[service] = reply->body;
                if (--open == 0) context.stop();
            });
    }
    context.run();
    return texts;
}

}  // namespace hirewire::cli
